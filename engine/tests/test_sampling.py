"""Samples: transformers' own probabilities, and a stream that depends on seed and sample index alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import VOCAB, policy
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from tagpr_engine import packed
from tagpr_engine.backbone import Backbone, load
from tagpr_engine.decoding import DecodePlan
from tagpr_engine.errors import EngineError
from tagpr_engine.picking import Params, Picker, _invert_wide, uniforms
from tagpr_engine.sample_wire import PromptWishes
from tagpr_engine.sampling import Limits, Request, _waves, check, sample
from tagpr_engine.wire import Datum


def request(prompt: list[int], samples: int = 3, **changes: object) -> Request:
    fields: dict[str, object] = {
        "max_tokens": 12,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": -1,
        "seed": 7,
        "stop_ids": (2,),
        "stop_strings": (),
    }
    return Request(np.array(prompt), samples, Params(**{**fields, **changes}), PromptWishes(logprobs=True))  # type: ignore[arg-type]


def text(ids: list[int]) -> str:
    return "".join(chr(ord("a") + i % 26) for i in ids)


PROMPTS = [list(range(5, 5 + n)) for n in (1, 4, 30, 31)] + [[9, 8, 7, 6, 5]]


@pytest.fixture(scope="module", params=["qwen", "llama", "qwen, packed", "llama, packed"])
def backbone(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Iterator[Backbone]:
    """Every guarantee holds for plain steps and for those over packed weights."""
    name, *how = request.param.split(", ")
    with pytest.MonkeyPatch.context() as patch:
        if how:
            for name_of_limit in ("BYTES", "STEPS", "TAKEN"):
                patch.setattr(packed, name_of_limit, 0)
        yield load(folders[name], torch.float32, "cpu")


def test_logprobs_are_transformers_own(backbone: Backbone) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(backbone.folder, attn_implementation="eager")
    requests = [request(p, seed=i, max_tokens=8 + i) for i, p in enumerate(PROMPTS)]
    for asked, answer in zip(requests, sample(backbone, requests, Limits(), text), strict=True):
        for got in answer.sequences:
            whole = np.concatenate([asked.prompt, got.tokens]).astype(np.int64)
            lp = torch.log_softmax(theirs(torch.from_numpy(whole)[None]).logits[0], -1).detach().numpy()
            own = lp[np.arange(whole.size - 1), whole[1:]]
            assert np.abs(own[asked.prompt.size - 1 :] - got.logprobs).max() < 1e-5
            assert answer.scores.logprobs is not None and np.isnan(answer.scores.logprobs[0])
            assert np.allclose(answer.scores.logprobs[1:], own[: asked.prompt.size - 1], atol=1e-5)
            assert got.stopped == (got.tokens[-1] == 2)
            assert 2 not in got.tokens[:-1]
            assert got.stopped or got.tokens.size == asked.params.max_tokens


def test_tokens_do_not_depend_on_the_rest_of_the_batch(backbone: Backbone) -> None:
    requests = [request(p, seed=i) for i, p in enumerate(PROMPTS)] + [request(PROMPTS[1], seed=1, temperature=0.7)]
    together = sample(backbone, requests, Limits(), text)
    few = sample(backbone, requests, Limits(rows=2, tokens=60, prefill=20), text)
    for i, asked in enumerate(requests):
        alone = sample(backbone, [asked], Limits(), text)[0]
        for other in (together[i], few[i]):
            for a, b in zip(alone.sequences, other.sequences, strict=True):
                assert a.tokens.tolist() == b.tokens.tolist()
                assert np.allclose(a.logprobs, b.logprobs, atol=1e-5)


def test_without_log_probs_of_the_prompt_only_its_last_token_is_computed_to_the_end(backbone: Backbone) -> None:
    asked = [request(p, seed=i) for i, p in enumerate(PROMPTS)]
    silent = [Request(r.prompt, r.num_samples, r.params) for r in asked]
    pairs = zip(sample(backbone, asked, Limits(), text), sample(backbone, silent, Limits(), text), strict=True)
    for a, b in pairs:
        assert b.scores.logprobs is None
        for one, other in zip(a.sequences, b.sequences, strict=True):
            assert one.tokens.tolist() == other.tokens.tolist()
            assert np.allclose(one.logprobs, other.logprobs, atol=1e-5)


def test_more_samples_begin_with_the_same_ones(backbone: Backbone) -> None:
    few = sample(backbone, [request(PROMPTS[2], 2)], Limits(), text)[0].sequences
    many = sample(backbone, [request(PROMPTS[2], 6)], Limits(), text)[0].sequences
    assert [s.tokens.tolist() for s in many[:2]] == [s.tokens.tolist() for s in few]
    assert len({tuple(s.tokens.tolist()) for s in many}) > 1


def test_temperature_zero_is_the_likeliest_token(backbone: Backbone) -> None:
    theirs = AutoModelForCausalLM.from_pretrained(backbone.folder, attn_implementation="eager")
    requests = [request(PROMPTS[2], 1, temperature=0.0), request(PROMPTS[2], 1)]
    got = sample(backbone, requests, Limits(), text)[0].sequences[0]
    whole = np.concatenate([PROMPTS[2], got.tokens]).astype(np.int64)
    best = theirs(torch.from_numpy(whole)[None]).logits[0].argmax(-1).numpy()
    assert got.tokens.tolist() == best[len(PROMPTS[2]) - 1 : -1].tolist()


def test_draws_follow_the_distribution() -> None:
    probs = np.array([0.5, 0.25, 0.15, 0.1])
    logits = torch.from_numpy(np.log(probs)).float().repeat(4000, 1)
    uniform = torch.from_numpy(np.random.default_rng(0).random(4000)).float()

    squared = probs**2 / (probs**2).sum()

    def shares(told: np.ndarray = probs, **changes: object) -> np.ndarray:
        params = request([1], **changes).params
        tokens, lp = Picker.of([params] * 4000, torch.device("cpu")).pick(logits, uniform)
        assert np.allclose(lp.numpy(), np.log(told)[tokens.numpy()], atol=1e-5)
        return np.bincount(tokens.numpy(), minlength=4) / 4000

    assert np.abs(shares() - probs).max() < 0.03
    assert np.abs(shares(top_k=2) - [2 / 3, 1 / 3, 0, 0]).max() < 0.03
    assert np.abs(shares(top_p=0.6) - [2 / 3, 1 / 3, 0, 0]).max() < 0.03
    assert shares(top_p=0.1).tolist() == [1, 0, 0, 0]
    assert np.abs(shares(squared, temperature=0.5) - squared).max() < 0.03
    assert np.array_equal(
        shares(squared, temperature=0.5), shares(probs, temperature=0.5, model_logprobs=True)
    )  # the same tokens, told at temperature 1
    shares(probs, temperature=0.0)


@pytest.mark.parametrize("vocab", [9000, 16384])
def test_a_large_vocabulary_gives_the_token_of_the_inverse_cdf(vocab: int) -> None:
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.full(vocab, 0.02), 400).astype(np.float32)
    probs[:, rng.integers(0, vocab, vocab // 2)] = 0
    probs[:, -300:] *= 20
    uniform = np.minimum(rng.random(400), 1 - 2.0**-23).astype(np.float32)
    uniform[:3] = (0, 1 - 2.0**-23, 0.5)
    cumulative = np.cumsum(probs.astype(np.float64), 1)
    target = uniform.astype(np.float64) * cumulative[:, -1]
    found = _invert_wide(torch.from_numpy(probs), torch.from_numpy(uniform)).squeeze(1).numpy()
    rows = np.arange(400)
    assert (probs[rows, found] > 0).all()
    before, after = cumulative[rows, found] - probs[rows, found], cumulative[rows, found]
    slack = 1e-5 * cumulative[:, -1]
    assert (before <= target + slack).all() and (target <= after + slack).all()


def test_stop_strings_and_no_stop(backbone: Backbone) -> None:
    free = sample(backbone, [request(PROMPTS[3], 1, stop_ids=(), max_tokens=20)], Limits(), text)[0].sequences[0]
    assert free.tokens.size == 20 and not free.stopped
    wanted = text(free.tokens[5:8].tolist())
    stop = request(PROMPTS[3], 1, stop_ids=(), max_tokens=20, stop_strings=(wanted,))
    got = sample(backbone, [stop], Limits(), text)[0].sequences[0]
    end = text(free.tokens.tolist()).index(wanted) + 3
    assert got.stopped and got.tokens.tolist() == free.tokens[:end].tolist()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (request(list(range(3, 60)) * 5), "context"),
        (request([VOCAB]), "the vocabulary"),
        (request([]), "empty"),
    ],
)
def test_prompts_that_do_not_fit_are_refused(backbone: Backbone, asked: Request, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        check(backbone, asked)


def test_sampler_and_trainer_give_the_same_logprobs(backbone: Backbone) -> None:
    requests = [request(p, seed=i) for i, p in enumerate(PROMPTS)]
    trainer = policy(backbone.folder)
    for asked, answer in zip(requests, sample(backbone, requests, Limits(), text), strict=True):
        whole = [np.concatenate([asked.prompt, s.tokens]).astype(np.int64) for s in answer.sequences]
        data = [Datum(w[:-1], {"target_tokens": w[1:]}) for w in whole]
        theirs = trainer.forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
        for got, values in zip(answer.sequences, theirs, strict=True):
            assert np.abs(values[asked.prompt.size - 1 :] - got.logprobs).max() < 1e-5


def test_in_bf16_the_same_batch_gives_the_same_tokens(backbone: Backbone) -> None:
    low = load(backbone.folder, torch.bfloat16, "cpu")
    requests = [request(p, seed=i) for i, p in enumerate(PROMPTS)]
    first, again = (sample(low, requests, Limits(), text) for _ in range(2))
    for a, b in zip(first, again, strict=True):
        for x, y in zip(a.sequences, b.sequences, strict=True):
            assert x.tokens.tolist() == y.tokens.tolist()
            assert np.array_equal(x.logprobs, y.logprobs)


def test_a_wave_is_charged_what_its_longest_prompt_makes_every_prompt_take() -> None:
    """Keys of all prompts of a wave lie in one tensor, as long as the longest."""
    asked = [request([5] * 800, 1, max_tokens=10), *(request([5, i], 1, max_tokens=10) for i in range(60))]
    limits = Limits(tokens=5000)
    for wave in _waves(asked, limits):
        prompts = {row.prompt for row in wave}
        longest = max(asked[p].prompt.size for p in prompts)
        assert len(prompts) * longest + 10 * len(wave) <= limits.tokens
    assert sum(len(wave) for wave in _waves(asked, limits)) == 61


def test_every_seed_has_a_stream_of_its_own() -> None:
    seeds = [0, 1, -1, -2, 2**63 - 1, 2**63, 2**64 - 1025]
    assert len({tuple(uniforms(seed, 0, 4)) for seed in seeds}) == len(seeds)
    assert np.array_equal(uniforms(7, 3, 5)[:2], uniforms(7, 3, 2))


def test_an_unlikely_token_has_its_log_prob() -> None:
    logits = torch.tensor([[150.0, 0.0, -20.0]])
    for own, told in ((True, -170.0), (False, torch.log_softmax(logits / 1000, -1)[0, 2].item())):
        params = request([5], temperature=1000.0, model_logprobs=own).params
        tokens, logprobs = Picker.of([params], torch.device("cpu")).pick(logits, torch.tensor([0.999]))
        assert tokens.tolist() == [2]
        assert logprobs.tolist() == pytest.approx([told])


def test_a_sequence_that_is_done_may_go_on_past_the_context(tmp_path: Path) -> None:
    """One that ends at the last position, beside others that go on, in a model with a table of positions."""
    config = GPT2Config(vocab_size=96, n_positions=64, n_embd=16, n_layer=1, n_head=2, eos_token_id=2)
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    backbone = load(tmp_path, torch.float32, "cpu")
    long = request([5] * 60, 1, max_tokens=4, stop_ids=())
    asked = [long, *(request([5] * 5, 1, seed=i, max_tokens=40, stop_ids=()) for i in range(9))]
    together = sample(backbone, asked, Limits(), text)
    alone = sample(backbone, [long], Limits(), text)[0]
    assert together[0].sequences[0].tokens.tolist() == alone.sequences[0].tokens.tolist()
    assert {answer.sequences[0].tokens.size for answer in together[1:]} == {40}


def test_own_keys_take_room_by_rows_not_by_the_largest_group() -> None:
    keys, values = [torch.zeros(9, 1, 4, 3)], [torch.zeros(9, 1, 3, 4)]
    group = torch.tensor([0] * 40 + list(range(1, 9)))
    plan = DecodePlan(keys, values, torch.full((9,), 3), group, 16)
    plan.keep(torch.arange(30, 48))
    assert plan.own_keys[0].shape[0] == plan.own_values[0].shape[0] == 18
