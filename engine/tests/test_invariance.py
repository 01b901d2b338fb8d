"""What comes out does not depend on how a batch was split, packed, ordered or parted; and LoRA's gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import policy
from test_training import CASES, Plain, make_data, pick, reference, relative
from torch import Tensor

from tagpr_engine.backbone import load
from tagpr_engine.lora import attach
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum

GSPO = next(c for c in CASES if c[0] == "gspo")
Case = tuple[str, tuple[str, ...], dict[str, float], Plain]


def run(model: TrainedModel, calls: list[list[Datum]]) -> tuple[list[np.ndarray], dict[str, Tensor]]:
    model.discard()
    out: list[np.ndarray] = []
    for data in calls:
        sent = [pick(d, *GSPO[1]) for d in data]
        out += model.forward_backward(sent, "gspo", GSPO[2], False)[0]["logprobs"]
    return out, {n: m.grad.clone() for n, m in model.masters.items() if m.grad is not None}


@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_splitting_packing_and_order_change_nothing(folders: dict[str, Path], name: str) -> None:
    model = policy(folders[name])
    data = make_data(3, model=model)
    logprobs, grads = run(model, [data])
    turned = np.random.default_rng(0).permutation(len(data)).tolist()
    ways: dict[str, tuple[int, list[list[int]]]] = {
        "pieces of 40 tokens": (40, [list(range(len(data)))]),
        "pieces of 100 tokens": (100, [list(range(len(data)))]),
        "another order": (8192, [turned]),
        "one call a datum": (8192, [[i] for i in range(len(data))]),
        "two calls, other order, small pieces": (60, [turned[:4], turned[4:]]),
    }
    for way, (budget, calls) in ways.items():
        model.token_budget = budget
        found, other = run(model, [[data[i] for i in call] for call in calls])
        for i, values in zip((i for call in calls for i in call), found, strict=True):
            assert np.abs(values - logprobs[i]).max() < 1e-5, way
        for key, grad in grads.items():
            assert relative(other[key], grad) < 1e-5, (way, key)


@pytest.mark.parametrize(
    ("name", "loss", "unembed"),
    [
        *[("qwen", loss, False) for loss in CASES],
        *[("llama", loss, True) for loss in CASES],
        ("qwen-untied", GSPO, True),
        ("llama-tied", GSPO, False),
    ],
    ids=lambda v: v if isinstance(v, str) else v[0] if isinstance(v, tuple) else "",
)
def test_lora_gradients_are_those_of_the_plain_computation(
    folders: dict[str, Path], name: str, loss: Case, unembed: bool
) -> None:
    """The plain computation: transformers' model with weights W + 32/rank · B A, differentiated by A and B."""
    loss_fn, names, config, plain = loss
    backbone = load(folders[name], torch.float32, "cpu")
    adapter = attach(backbone.model, 4, 1, train_unembed=unembed)
    model = TrainedModel(backbone, name, 8192, adapter=adapter)
    generator = torch.Generator().manual_seed(5)
    for key, p in model.named.items():
        if key.endswith("lora_b"):  # it begins at zero, where A has no gradient
            p.data = torch.randn(p.shape, generator=generator) * 0.02
    data = make_data(1, model=model)
    model.forward_backward([pick(d, *names) for d in data], loss_fn, config, False)
    theirs = reference(folders[name])
    leaves = {key: p.detach().clone().requires_grad_(True) for key, p in model.named.items()}
    weights = {
        f"{layer}.weight": theirs.get_parameter(f"{layer}.weight").detach()
        + 8.0 * leaves[f"{layer}.lora_b"] @ leaves[f"{layer}.lora_a"]
        for layer in adapter.layers
    }
    total = torch.zeros(())
    for datum in data:
        args = (torch.from_numpy(datum.tokens)[None],)
        logits = torch.func.functional_call(theirs, weights, args, tie_weights=False).logits[0]
        targets = torch.from_numpy(datum.inputs["target_tokens"])
        lp = torch.log_softmax(logits, -1).gather(1, targets[:, None]).squeeze(1)
        total = total + plain(lp, {k: torch.from_numpy(v) for k, v in datum.inputs.items()})
    total.backward()
    assert any("lm_head" in key for key in leaves) == unembed
    for key, leaf in leaves.items():
        grad = model.named[key].grad
        assert grad is not None and leaf.grad is not None
        assert relative(grad, leaf.grad) < 1e-5, key
