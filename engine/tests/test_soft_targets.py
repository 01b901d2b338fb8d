"""Soft targets and tables of log-probs: transformers' own numbers and autograd's, in float64 where it matters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import VOCAB, policy
from in_process import message
from transformers import AutoModelForCausalLM
from wire_client import Client, Refused, datum

from tagpr_engine import heads
from tagpr_engine.backbone import load
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.picking import Params
from tagpr_engine.sample_wire import NOTHING, PromptWishes, Targets
from tagpr_engine.sampling import Limits, Request, sample
from tagpr_engine.wire import Datum

RNG = np.random.default_rng(0)
SHARED = RNG.integers(3, VOCAB, 30)
PROMPTS = [np.concatenate([SHARED, RNG.integers(3, VOCAB, n)]).astype(np.int64) for n in (5, 9)]


def soft(tokens: np.ndarray, k: int | None) -> Datum:
    shape = (tokens.size,) if k is None else (tokens.size, k)
    weights = RNG.random(shape).astype(np.float32)
    weights[: tokens.size // 2] = 0
    targets = RNG.integers(0, VOCAB, shape)
    if k is not None and k > 2:
        targets[:, 1] = targets[:, 0]  # a token that is named twice counts twice
    return Datum(tokens, {"target_tokens": targets, "weights": weights})


def reference(folder: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float64)


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_gradients_are_autograds_own(folders: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "room", lambda device: (4 * VOCAB * 7, 1 << 20))  # seven rows at a time
    data = [soft(PROMPTS[0], 5), soft(PROMPTS[1], 3), soft(PROMPTS[0][:20], None), soft(PROMPTS[1][:11], 1)]
    theirs = reference(folders[name])
    total = torch.zeros((), dtype=torch.float64)
    expected: list[np.ndarray] = []
    for d in data:
        lp = torch.log_softmax(theirs(torch.from_numpy(d.tokens)[None]).logits[0], -1)
        targets = torch.from_numpy(d.inputs["target_tokens"]).reshape(d.tokens.size, -1)
        found = lp.gather(1, targets)
        total = total - (found * torch.from_numpy(d.inputs["weights"]).reshape(found.shape)).sum()
        expected.append(found.detach().numpy().reshape(d.inputs["target_tokens"].shape))
    total.backward()
    model = policy(folders[name])
    outputs, metrics = model.forward_backward(data, "cross_entropy", {}, False)
    assert metrics["loss:sum"] == pytest.approx(total.item(), rel=1e-5)
    assert metrics["computed_tokens:sum"] < sum(d.tokens.size for d in data)  # what they begin with was computed once
    for d, got, want in zip(data, outputs["logprobs"], expected, strict=True):
        looked = d.inputs["weights"] != 0
        assert got.shape == want.shape
        assert np.abs(got[looked] - want[looked]).max() < 1e-5 * np.abs(want).max()
    for (key, mine), other in zip(model.named.items(), theirs.parameters(), strict=True):
        assert mine.grad is not None and other.grad is not None, key
        assert (mine.grad - other.grad).norm() <= 1e-5 * other.grad.norm(), key
    every = model.forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
    assert max(np.abs(a - b).max() for a, b in zip(every, expected, strict=True)) < 1e-4


def test_one_target_by_soft_targets_is_the_hard_loss_bit_for_bit(folders: dict[str, Path]) -> None:
    hard = soft(PROMPTS[0], None)
    column = Datum(hard.tokens, {key: value[:, None] for key, value in hard.inputs.items()})
    grads: list[list[torch.Tensor]] = []
    for d in (hard, column):
        model = policy(folders["qwen"])
        model.forward_backward([d], "cross_entropy", {}, False)
        grads.append([m.grad for m in model.masters.values() if m.grad is not None])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_they_travel_dense_and_sparse_and_come_back_in_their_shape(client: Client) -> None:
    model = client.model("qwen")
    targets, weights = np.array([[6, 7], [7, 8], [8, 9]]), np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 0.0]])
    sent = pb.ForwardBackwardRequest(model_id=model, loss_fn="cross_entropy", forward_only=True)
    datum(sent, [5, 6, 7], target_tokens=targets, weights=weights)
    datum(sent, [5, 6], target_tokens=np.array([6, 7]))
    found = pb.ForwardBackwardOutput()
    found.ParseFromString(client.wait(client.send(sent)))
    shapes = [(r.num_datums, list(r.fields["logprobs"].trailing_shape)) for r in found.loss_fn_outputs]
    assert shapes == [(1, [2]), (1, [])]
    sparse = sent.data[0].loss_fn_inputs["weights"]
    sparse.sparse_csr.values = np.array([0.5, 0.5, 1.0], "<f4").tobytes()
    sparse.sparse_csr.crow_indices = np.array([0, 2, 3, 3], "<i8").tobytes()
    sparse.sparse_csr.col_indices = np.array([0, 1, 0], "<i8").tobytes()
    again = pb.ForwardBackwardOutput()
    again.ParseFromString(client.wait(client.send(sent)))
    assert again == found


@pytest.mark.parametrize(
    ("loss", "targets", "weights", "says"),
    [
        ("cross_entropy", (3, 2), (3, 3), r"target_tokens has shape \(3, 2\), weights has \(3, 3\)"),
        ("cross_entropy", (3, 2), (3,), r"weights has \(3,\)"),
        ("cross_entropy", (2, 2), (2, 2), "takes one value a position"),
        ("ppo", (3, 2), (3, 2), "ppo takes one value a position"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    client: Client, loss: str, targets: tuple[int, ...], weights: tuple[int, ...], says: str
) -> None:
    model = client.model("qwen")
    sent = pb.ForwardBackwardRequest(model_id=model, loss_fn=loss, forward_only=True)
    more = {} if loss == "cross_entropy" else {"logprobs": np.zeros(3), "advantages": np.zeros(3)}
    datum(sent, [5, 6, 7], target_tokens=np.full(targets, 6), weights=np.ones(weights), **more)
    with pytest.raises(Refused, match=says):
        client.forward_backward(sent)


def test_a_loss_that_is_not_served_says_so_whatever_its_config(client: Client) -> None:
    sent = message(client.model("qwen"))
    sent.loss_fn = "dro"
    sent.loss_fn_config["beta"] = 0.1
    with pytest.raises(Refused, match="user: loss_fn 'dro' is not served"):
        client.forward_backward(sent)


def asked(prompt: np.ndarray, seed: int, temperature: float, wishes: PromptWishes, topk: int) -> Request:
    return Request(prompt, 2, Params(6, temperature, 1.0, -1, seed, (), ()), wishes, topk)


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_tables_of_log_probs_are_transformers_own(folders: dict[str, Path], name: str) -> None:
    theirs, backbone = reference(folders[name]), load(folders[name], torch.float32, "cpu")
    ids = RNG.integers(-1, VOCAB, (PROMPTS[0].size - 1, 4))
    ids[3:20] = -1
    wishes = [PromptWishes(True, 5, None, Targets(ids, None)), PromptWishes(True, 2, 4), PromptWishes()]
    requests = [
        asked(PROMPTS[i % 2], i, t, w, k)
        for i, (t, w, k) in enumerate(zip((1, 0.5, 0), wishes, (3, 4, 0), strict=True))
    ]
    answers = sample(backbone, requests, Limits(prefill=40), lambda _: "")

    def logprobs(tokens: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        return torch.log_softmax(theirs(torch.from_numpy(tokens)[None]).logits[0] / temperature, -1).detach().numpy()

    for request, answer in zip(requests, answers, strict=True):
        prompt, wish, scores = request.prompt, request.wishes, answer.scores
        lp, first = logprobs(prompt), 1 if request.wishes.last is None else prompt.size - 4
        if wish.logprobs:
            own = lp[np.arange(prompt.size - 1), prompt[1:]]
            assert scores.logprobs is not None and np.isnan(scores.logprobs[:first]).all()
            assert np.allclose(scores.logprobs[first:], own[first - 1 :], rtol=1e-5)
            best = np.sort(lp, 1)[:, ::-1][:, : wish.topk]
            found = scores.likeliest
            assert found is not None and (found.logprobs[:first] == NOTHING).all() and not found.tokens[:first].any()
            assert np.allclose(found.logprobs[first:], best[first - 1 : -1], rtol=1e-5)
            named = np.take_along_axis(lp[:-1], found.tokens[1:], 1)
            assert np.allclose(named[first - 1 :], found.logprobs[first:], rtol=1e-5)
        if wish.targets is not None:
            expected = np.where(ids >= 0, np.take_along_axis(lp[:-1], ids.clip(min=0), 1), 0)
            assert scores.targets is not None and np.allclose(scores.targets, expected, rtol=1e-5)
        for sequence in answer.sequences:
            whole = np.concatenate([prompt, sequence.tokens]).astype(np.int64)
            told = logprobs(whole, request.params.temperature or 1.0)[prompt.size - 1 : -1]
            own = told[np.arange(sequence.tokens.size), sequence.tokens]
            assert np.allclose(sequence.logprobs, own, rtol=1e-5, atol=1e-6)
            if request.topk:
                assert sequence.likeliest is not None and sequence.likeliest.tokens.shape == (6, request.topk)
                best = np.sort(told, 1)[:, ::-1][:, : request.topk]
                assert np.allclose(sequence.likeliest.logprobs, best, rtol=1e-5, atol=1e-6)
            else:
                assert sequence.likeliest is None


def test_a_prompt_of_several_is_scored_once(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from tagpr_engine import prompt_scores

    calls: list[int] = []
    real = prompt_scores.likeliest
    monkeypatch.setattr(prompt_scores, "likeliest", lambda head, h, k: calls.append(k) or real(head, h, k))
    backbone = load(folders["qwen"], torch.float32, "cpu")
    sample(backbone, [asked(PROMPTS[0], i, 1, PromptWishes(topk=i + 1), 0) for i in range(3)], Limits(), lambda _: "")
    assert calls == [3]


def tensor(shape: list[int], data: list[int], **more: object) -> dict[str, object]:
    return {"dtype": "int64", "shape": shape, "data": data, **more}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"target_prompt_logprobs": tensor([3, 1], [1, 2, 3])}, r"takes \[2, K\]"),
        ({"target_prompt_logprobs": tensor([2, 2], [1, 2, 3])}, "but 3 values"),
        ({"target_prompt_logprobs": tensor([2, 1], [-1, -1])}, "must name one at least"),
        ({"target_prompt_logprobs": tensor([2, 1], [-2, 1])}, "-1 where none is meant"),
        ({"target_prompt_logprobs": tensor([2, 1 << 30], [])}, "at most 16777216"),
        (
            {"target_prompt_logprobs": tensor([2, 2], [1], sparse_crow_indices=[0, 1], sparse_col_indices=[0])},
            "no sparse CSR",
        ),
        ({"target_prompt_logprobs": [1]}, "int64 tensor"),
        ({"target_prompt_logprobs": tensor([2, 1], [1, 96])}, "vocabulary is 0..95"),
        ({"topk_prompt_logprobs": 97}, "the vocabulary has 96 tokens"),
        ({"topk_sample_logprobs": 1 << 30}, "at most 16777216"),
        ({"topk_prompt_logprobs": -1}, "whole number"),
        ({"prompt_logprobs_last_n": 1}, "goes with prompt_logprobs"),
        ({"prompt_logprobs_last_n": 3, "prompt_logprobs": True}, "from 1 to 2"),
        ({"sampled_logprobs": "some"}, "temperature or model"),
    ],
)
def test_tables_that_can_not_be_are_refused(client: Client, body: dict[str, object], says: str) -> None:
    with pytest.raises(Refused, match=says):
        client.wait(client.sample([5, 6, 7], base_model="qwen", sampling_params={"max_tokens": 2}, **body))


def test_named_tokens_come_back_as_they_were_asked_for(client: Client) -> None:
    dense = tensor([2, 2], [7, -1, -1, 8])
    sparse = tensor([2, 2], [7, 8], sparse_crow_indices=[0, 1, 2], sparse_col_indices=[0, 1])
    found: list[pb.Tensor] = []
    for asked_for in (dense, sparse):
        answer = pb.SampleResponse()
        params, wish = {"max_tokens": 1, "seed": 1}, {"target_prompt_logprobs": asked_for}
        queued = client.sample([5, 6, 7], base_model="qwen", sampling_params=params, **wish)
        answer.ParseFromString(client.wait(queued))
        found.append(answer.target_prompt_logprobs)
    full = np.frombuffer(found[0].dense, "<f4").reshape(2, 2)
    values = np.frombuffer(found[1].sparse_csr.values, "<f4")
    assert values.tolist() == [full[0, 0], full[1, 1]] and full[0, 1] == full[1, 0] == 0
    assert list(found[1].shape) == [2, 2]
