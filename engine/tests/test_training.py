"""Log-probs, gradients and steps are those of the plain computation in transformers and PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import VOCAB, group_tokens, policy
from torch import Tensor
from transformers import AutoModelForCausalLM, Qwen3Config, Qwen3ForCausalLM

from tagpr_engine.errors import EngineError
from tagpr_engine.heads import target_logprobs
from tagpr_engine.lora import LoraLinear, attach
from tagpr_engine.optimizer import Adam, read_adam
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum

Plain = Callable[[Tensor, dict[str, Tensor]], Tensor]


def make_data(seed: int = 0, spread: float = 0.05, model: TrainedModel | None = None) -> list[Datum]:
    """Datums with every input of every token loss; old log-probs lie near the model's own."""
    rng = np.random.default_rng(seed)
    out: list[Datum] = []
    for tokens in group_tokens(seed):
        n = tokens.size
        mask = np.zeros(n, dtype=np.float32)
        mask[n // 2 :] = 1
        inputs = {
            "target_tokens": np.concatenate([tokens[1:], [5]]).astype(np.int64),
            "weights": mask * rng.uniform(0.2, 1, n).astype(np.float32),
            "advantages": mask * rng.normal(size=n).astype(np.float32),
            "logprobs": np.zeros(n, dtype=np.float32),
            "sequence_ratio_mask": mask,
        }
        out.append(Datum(tokens, inputs))
    if model is not None:
        only = [pick(d, "target_tokens") for d in out]
        current = model.forward_backward(only, "cross_entropy", {}, True)[0]["logprobs"]
        for datum, values in zip(out, current, strict=True):
            datum.inputs["logprobs"] = (values + rng.normal(size=values.size) * spread).astype(np.float32)
    return out


def pick(datum: Datum, *names: str) -> Datum:
    return Datum(datum.tokens, {name: datum.inputs[name] for name in names})


def reference(folder: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")


def reference_logprobs(model: torch.nn.Module, datum: Datum) -> Tensor:
    logits = model(torch.from_numpy(datum.tokens)[None]).logits[0]
    targets = torch.from_numpy(datum.inputs["target_tokens"])
    return torch.log_softmax(logits, -1).gather(1, targets[:, None]).squeeze(1)


def relative(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).norm() / theirs.norm().clamp(min=1e-12))


IS_INPUTS = ("target_tokens", "logprobs", "advantages", "weights")


def plain_ratio(lp: Tensor, x: dict[str, Tensor]) -> Tensor:
    return (lp - x["logprobs"]).exp()


def plain_ppo(lp: Tensor, x: dict[str, Tensor]) -> Tensor:
    ratio = plain_ratio(lp, x)
    return -(torch.minimum(ratio * x["advantages"], ratio.clamp(0.95, 1.02) * x["advantages"]) * x["weights"]).sum()


def plain_cispo(lp: Tensor, x: dict[str, Tensor]) -> Tensor:
    ratio = plain_ratio(lp, x).detach().clamp(0.95, 1.02)
    return -(ratio * x["advantages"] * lp * x["weights"]).sum()


def plain_gspo(lp: Tensor, x: dict[str, Tensor]) -> Tensor:
    mask = x["sequence_ratio_mask"]
    mean = ((lp - x["logprobs"]) * mask).sum() / mask.sum()
    token = (mean.detach() + lp - lp.detach()).exp()
    return -torch.minimum(token * x["advantages"], token.clamp(0.99, 1.01) * x["advantages"]).sum()


CASES: list[tuple[str, tuple[str, ...], dict[str, float], Plain]] = [
    ("cross_entropy", ("target_tokens", "weights"), {}, lambda lp, x: -(lp * x["weights"]).sum()),
    (
        "importance_sampling",
        IS_INPUTS,
        {},
        lambda lp, x: -(plain_ratio(lp, x) * x["advantages"] * x["weights"]).sum(),
    ),
    ("ppo", IS_INPUTS, {"clip_low_threshold": 0.95, "clip_high_threshold": 1.02}, plain_ppo),
    ("cispo", IS_INPUTS, {"clip_low_threshold": 0.95, "clip_high_threshold": 1.02}, plain_cispo),
    (
        "gspo",
        ("target_tokens", "logprobs", "advantages", "sequence_ratio_mask"),
        {"clip_low_threshold": 0.99, "clip_high_threshold": 1.01},
        plain_gspo,
    ),
]


SHAPES = ["qwen", "llama", "qwen-untied", "llama-tied"]


@pytest.mark.parametrize("name", SHAPES)
def test_logprobs_are_transformers_own(folders: dict[str, Path], name: str) -> None:
    data = make_data()
    ours = policy(folders[name]).forward_backward([pick(d, "target_tokens") for d in data], "cross_entropy", {}, True)
    theirs = reference(folders[name])
    for datum, values in zip(data, ours[0]["logprobs"], strict=True):
        assert np.abs(values - reference_logprobs(theirs, datum).detach().numpy()).max() < 1e-5


@pytest.mark.parametrize(
    ("name", "budget"), [("qwen", 70), ("qwen", 8192), ("llama", 70), ("qwen-untied", 8192), ("llama-tied", 8192)]
)
@pytest.mark.parametrize("loss", CASES, ids=lambda c: c[0])
def test_gradients_are_those_of_the_plain_computation(
    folders: dict[str, Path], name: str, loss: tuple[str, tuple[str, ...], dict[str, float], Plain], budget: int
) -> None:
    loss_fn, names, config, plain = loss
    model = policy(folders[name], budget=budget)
    data = make_data(1, model=model)
    outputs, metrics = model.forward_backward([pick(d, *names) for d in data], loss_fn, config, False)
    assert {key.count(":") for key in metrics} == {1}
    assert {key.split(":")[1] for key in metrics} <= {"sum", "min", "max", "mean"}  # the SDK merges parts by them
    theirs = reference(folders[name])
    total = torch.zeros(())
    for datum in data:
        inputs = {k: torch.from_numpy(v) for k, v in datum.inputs.items()}
        total = total + plain(reference_logprobs(theirs, datum), inputs)
    total.backward()
    assert metrics["loss:sum"] == pytest.approx(float(total.detach()), rel=1e-4)
    assert sum(float(e.sum()) for e in outputs["elementwise_loss"]) == pytest.approx(metrics["loss:sum"], rel=1e-4)
    grads = {n: p.grad for n, p in theirs.named_parameters()}
    for key, parameter in model.named.items():
        assert parameter.grad is not None
        assert relative(parameter.grad, grads[key]) < 1e-5, key


def test_gradients_are_the_same_bits_every_time_on_two_threads(tmp_path: Path) -> None:
    """Roll-outs of one prompt all read its last hidden state: their gradients there are added in one order."""
    sizes = {"vocab_size": 64, "hidden_size": 256, "intermediate_size": 64, "num_hidden_layers": 1}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16}
    torch.manual_seed(0)
    Qwen3ForCausalLM(Qwen3Config(**sizes, **heads, tie_word_embeddings=True)).save_pretrained(tmp_path)
    rng = np.random.default_rng(0)
    prompt = rng.integers(3, 64, 40)
    data: list[Datum] = []
    for _ in range(24):
        tokens = np.concatenate([prompt, rng.integers(3, 64, 12)]).astype(np.int64)
        weights = np.concatenate([np.zeros(39), rng.normal(size=13)]).astype(np.float32)
        data.append(Datum(tokens, {"target_tokens": np.roll(tokens, -1), "weights": weights}))
    model = policy(tmp_path)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found: set[bytes] = set()
        for _ in range(12):
            model.poison("start again")
            model.forward_backward(data, "cross_entropy", {}, False)
            found.add(b"".join(m.grad.numpy().tobytes() for m in model.masters.values()))
    finally:
        torch.set_num_threads(before)
    assert len(found) == 1


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_activations_computed_again_give_the_same_bits(folders: dict[str, Path], name: str) -> None:
    kept, again = policy(folders[name]), policy(folders[name])
    again.backbone.recompute = True
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    for model in (kept, again):
        model.forward_backward(data, "cross_entropy", {}, False)
    for key in kept.named:
        assert torch.equal(kept.named[key].grad, again.named[key].grad), key


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_what_is_skipped_in_the_last_layer_changes_no_gradient(folders: dict[str, Path], name: str) -> None:
    """Against transformers' own layers over all rows, with one token looked at, and with none in some sequences."""
    skipping, plain = policy(folders[name]), policy(folders[name])
    assert skipping.backbone.narrows
    plain.backbone.narrows = False
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    for i, datum in enumerate(data):
        datum.inputs["weights"][: -1 if i % 2 else None] = 0
    results = [model.forward_backward(data, "cross_entropy", {}, False) for model in (skipping, plain)]
    assert results[0][1]["loss:sum"] == pytest.approx(results[1][1]["loss:sum"], rel=1e-5)
    for key in plain.named:
        assert relative(skipping.named[key].grad, plain.named[key].grad) < 1e-5, key


def test_only_weighted_changes_nothing_where_it_looks(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"])
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    everywhere = model.forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
    some = model.forward_backward(data, "cross_entropy", {"only_weighted": 1}, True)[0]["logprobs"]
    for datum, a, b in zip(data, everywhere, some, strict=True):
        looked = datum.inputs["weights"] != 0
        assert np.abs(a[looked] - b[looked]).max() < 1e-5
        assert not b[~looked].any()


@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_steps_are_adamw(folders: dict[str, Path], clip: float) -> None:
    model, theirs = policy(folders["qwen"]), reference(folders["qwen"])
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=3e-3, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1)
    adam = Adam(3e-3, 0.8, 0.9, 1e-6, 0.1, clip)
    for step in range(4):
        data = [pick(d, "target_tokens", "weights") for d in make_data(step)]
        model.forward_backward(data, "cross_entropy", {}, False)
        optimizer.zero_grad()
        sum(-(reference_logprobs(theirs, d) * torch.from_numpy(d.inputs["weights"])).sum() for d in data).backward()
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), clip or float("inf"))
        optimizer.step()
        assert model.optim_step(adam)["grad_norm:mean"] == pytest.approx(float(norm), rel=1e-4)
        for key, parameter in theirs.named_parameters():
            assert relative(model.named[key].detach(), parameter.detach()) < 1e-4, (step, key)


def test_equal_gradients_give_adamws_own_weights(folders: dict[str, Path]) -> None:
    model = policy(folders["llama"])
    theirs = {n: torch.nn.Parameter(m.detach().clone()) for n, m in model.masters.items()}
    optimizer = torch.optim.AdamW(theirs.values(), lr=1e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.01)
    generator = torch.Generator().manual_seed(0)
    for step in range(20):
        for name, master in model.masters.items():
            master.grad = torch.randn(master.shape, generator=generator)
            theirs[name].grad = master.grad.clone()
        model.accumulated = True
        optimizer.step()
        model.optim_step(Adam(1e-3, 0.9, 0.95, 1e-8, 0.01))
        for name, master in model.masters.items():
            assert relative(master.detach(), theirs[name].detach()) < 1e-6, (step, name)


def test_an_update_of_a_millionth_is_not_lost_over_1000_steps_in_bf16(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"], compute=torch.bfloat16)
    name = "model.layers.0.mlp.up_proj.weight"
    with torch.no_grad():
        model.masters[name].fill_(1.0034)  # half a thousandth below the middle of two bf16 numbers
        model.publish()
    alone = model.named[name].detach().clone()  # what a bf16 weight without a master does
    for _ in range(1000):
        # a gradient of constant sign moves Adam by the learning rate: 1e-6 of the weight a step
        model.masters[name].grad = torch.full_like(model.masters[name], -1.0)
        model.accumulated = True
        model.optim_step(Adam(learning_rate=1e-6))
        alone += 1e-6
    assert bool((alone == 1).all())
    assert torch.allclose(model.masters[name] - 1.0034, torch.tensor(1e-3), rtol=0.1, atol=0)
    assert bool((model.named[name] == 1 + 2**-7).all())
    # and the road of a real call: gradients are summed in fp32, the masters move, the weights that compute are bf16
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    other = "model.layers.1.mlp.up_proj.weight"
    before = model.masters[other].clone()
    for _ in range(5):
        model.forward_backward(data, "cross_entropy", {}, False)
        model.optim_step(Adam(learning_rate=1e-6))
    assert model.named[other].dtype == torch.bfloat16
    assert 1e-6 < float((model.masters[other] - before).abs().mean()) < 6e-6


def test_a_bad_gradient_changes_nothing(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"])
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    model.forward_backward(data, "cross_entropy", {}, False)
    model.optim_step(Adam())
    before = {n: p.detach().clone() for n, p in model.named.items()}
    moments = {n: model.optimizer.state[m]["exp_avg"].clone() for n, m in model.masters.items()}
    model.forward_backward(data, "cross_entropy", {}, False)
    next(iter(model.masters.values())).grad[0, 0] = float("nan")
    with pytest.raises(EngineError, match="norm is nan"):
        model.optim_step(Adam())
    with pytest.raises(EngineError, match="no gradient"):
        model.optim_step(Adam())
    for name, parameter in model.named.items():
        assert torch.equal(parameter, before[name])
        assert torch.equal(model.optimizer.state[model.masters[name]]["exp_avg"], moments[name])


def test_a_failed_call_discards_what_was_accumulated(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"])
    good = [pick(d, "target_tokens", "weights") for d in make_data()]
    huge = [Datum(d.tokens, {**d.inputs, "weights": np.full(d.tokens.size, 3e38, np.float32)}) for d in good]
    model.forward_backward(good, "cross_entropy", {}, False)
    with pytest.raises(EngineError, match="the loss is"):
        model.forward_backward(huge, "cross_entropy", {}, False)
    model.forward_backward(good, "cross_entropy", {}, False)  # another part of the same accumulation
    with pytest.raises(EngineError, match="discarded"):
        model.optim_step(Adam())
    with pytest.raises(EngineError, match="no gradient"):
        model.optim_step(Adam())
    model.forward_backward(good, "cross_entropy", {}, False)
    model.optim_step(Adam())


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_lora_trains_adapters_only_and_merges(folders: dict[str, Path], name: str) -> None:
    from tagpr_engine.backbone import bind, load, shell

    backbone = load(folders[name], torch.float32, "cpu")
    runner = shell(backbone)
    base = {n: p.detach().clone() for n, p in backbone.model.named_parameters()}
    model = TrainedModel(backbone, name, 8192, adapter=attach(backbone.model, 4, 1, train_unembed=True))
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    first = model.forward_backward(data, "cross_entropy", {}, False)[1]["loss:sum"]
    for _ in range(8):
        model.optim_step(Adam(learning_rate=3e-3))
        last = model.forward_backward(data, "cross_entropy", {}, False)[1]["loss:sum"]
    assert last < 0.95 * first
    for key, before in base.items():
        kept = dict(backbone.model.named_parameters())
        found = kept[key] if key in kept else kept[key.replace(".weight", ".base.weight")]
        assert torch.equal(found, before)
    ours = model.forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
    bind(runner.model, model.snapshot().whole())
    merged = TrainedModel(runner, name, 8192).forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
    assert max(np.abs(a - b).max() for a, b in zip(ours, merged, strict=True)) < 1e-4


def test_an_adapted_unembedding_keeps_no_logits_for_the_backward_pass() -> None:
    generator = torch.Generator().manual_seed(0)
    head = LoraLinear(torch.nn.Linear(16, VOCAB, bias=False), 4, generator)
    torch.nn.init.normal_(head.b, generator=generator)
    hidden = torch.randn(200, 16, generator=generator, requires_grad=True)
    targets = torch.randint(VOCAB, (200,), generator=generator)
    leaves = [hidden, head.a, head.b]
    kept: list[torch.Size] = []

    def note(x: Tensor) -> Tensor:
        kept.append(x.shape)
        return x

    with torch.autograd.graph.saved_tensors_hooks(note, lambda x: x):
        found = target_logprobs(head, hidden, targets)
    assert (200, VOCAB) not in kept
    plain = torch.log_softmax(head(hidden), -1).gather(1, targets[:, None]).squeeze(1)
    assert torch.allclose(found, plain, atol=1e-6)
    for ours, theirs in zip(*(torch.autograd.grad(x.sum(), leaves) for x in (found, plain)), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)


REFUSED: list[tuple[str, str, Callable[[Datum], Datum], dict[str, float]]] = [
    ("dro", "not served", lambda d: d, {}),
    ("cross_entropy", "does not take loss input 'values'", lambda d: add(d, values=d.inputs["weights"]), {}),
    ("cross_entropy", "needs loss input 'target_tokens'", lambda d: pick(d, "weights"), {}),
    ("cross_entropy", "has 3 values", lambda d: add(d, weights=np.ones(3, np.float32)), {}),
    ("cross_entropy", "does not know 'beta'", lambda d: d, {"beta": 1.0}),
    ("cross_entropy", "target_tokens holds 96", lambda d: add(d, target_tokens=np.full(d.tokens.size, VOCAB)), {}),
    ("cross_entropy", "model_input holds token 99", lambda d: Datum(d.tokens * 0 + 99, d.inputs), {}),
    ("cross_entropy", "must be int64", lambda d: add(d, target_tokens=d.inputs["weights"]), {}),
    ("cross_entropy", "the model's context is 256", lambda d: long(d), {}),
    ("bradley_terry", "needs loss input 'pair_id'", lambda d: d, {}),
]


def add(datum: Datum, **inputs: np.ndarray) -> Datum:
    return Datum(datum.tokens, {**datum.inputs, **inputs})


def long(datum: Datum) -> Datum:
    return Datum(np.full(300, 5), {k: np.resize(v, 300) for k, v in datum.inputs.items()})


@pytest.mark.parametrize(("loss", "says", "spoil", "config"), REFUSED, ids=lambda v: v if isinstance(v, str) else "")
def test_what_does_not_fit_is_refused_by_name(
    folders: dict[str, Path], loss: str, says: str, spoil: Callable[[Datum], Datum], config: dict[str, float]
) -> None:
    model = policy(folders["qwen"])
    data = [pick(d, "target_tokens", "weights") for d in make_data()[:2]]
    with pytest.raises(EngineError, match=says) as caught:
        model.forward_backward([data[0], spoil(data[1])], loss, config, False)
    assert "datum 1" in caught.value.message or loss in ("dro", "bradley_terry") or config


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"momentum": 1}, "unknown key 'momentum'"),
        ({"learning_rate": float("nan")}, "finite"),
        ({"beta1": 1.0}, "beta1"),
        ({"eps": -1}, "eps"),
    ],
)
def test_adam_parameters_are_checked(given: dict[str, float], says: str) -> None:
    with pytest.raises(EngineError, match=says):
        read_adam(given)


@pytest.mark.parametrize("loss", ["importance_sampling", "ppo", "cispo", "gspo"])
def test_policy_losses_tell_all_log_probs_and_the_gradient_is_the_same_without(
    folders: dict[str, Path], loss: str
) -> None:
    """A client compares them with its sampler's, also of groups that all got one reward."""
    rng = np.random.default_rng(3)
    data: list[Datum] = []
    for n, tokens in enumerate(group_tokens()):
        inputs = {"target_tokens": rng.integers(3, VOCAB, tokens.size)}
        inputs["advantages"] = np.where(np.arange(tokens.size) < tokens.size // 2, 0, n % 3).astype(np.float32)
        inputs["logprobs"] = np.full(tokens.size, -3.0, dtype=np.float32)
        if loss == "gspo":
            inputs["sequence_ratio_mask"] = (inputs["advantages"] != 0).astype(np.float32)
        data.append(Datum(tokens, inputs))
    told: list[dict[str, list[np.ndarray]]] = []
    grads: list[list[torch.Tensor]] = []
    for config in ({}, {"only_weighted": 1.0}):
        model = policy(folders["qwen"], budget=60)
        told.append(model.forward_backward(data, loss, config, False)[0])
        grads.append([m.grad for m in model.masters.values() if m.grad is not None])
    assert len(grads[0]) > 0 and all(torch.equal(a, b) for a, b in zip(*grads, strict=True))
    plain = [Datum(d.tokens, {"target_tokens": d.inputs["target_tokens"]}) for d in data]
    every = policy(folders["qwen"]).forward_backward(plain, "cross_entropy", {}, True)[0]["logprobs"]
    for d, all_of, some, want in zip(data, told[0]["logprobs"], told[1]["logprobs"], every, strict=True):
        looked = d.inputs["advantages"] != 0
        assert np.allclose(all_of, want, atol=1e-4) and np.array_equal(all_of[looked], some[looked])
        assert not some[~looked].any()
