"""GSPO: by its definition, as TRL has it, by another road, and its ratio of an unchanged policy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import policy
from test_training import add, make_data, pick, relative
from torch import Tensor

from tagpr_engine.losses import TOKEN_LOSSES, Positions
from tagpr_engine.wire import Datum


def sequence_gspo(lp: Tensor, x: dict[str, Tensor]) -> Tensor:
    """GSPO by its definition: one ratio a sequence, the gradient through its mean (advantages equal over tokens)."""
    mask = x["sequence_ratio_mask"]
    ratio = (((lp - x["logprobs"]) * mask).sum() / mask.sum()).exp()
    total = x["advantages"].sum()
    return -torch.minimum(ratio * total, ratio.clamp(0.99, 1.01) * total)


def test_gspo_equals_its_gradient_sent_as_importance_sampling(folders: dict[str, Path]) -> None:
    config = {"clip_low_threshold": 0.99, "clip_high_threshold": 1.01}
    native, road = policy(folders["qwen"]), policy(folders["qwen"])
    data = [
        add(d, advantages=d.inputs["sequence_ratio_mask"] * (-1) ** i / 7)
        for i, d in enumerate(make_data(2, model=native))
    ]
    current = native.forward_backward([pick(d, "target_tokens") for d in data], "cross_entropy", {}, True)[0][
        "logprobs"
    ]
    names = ("target_tokens", "logprobs", "advantages", "sequence_ratio_mask")
    metrics = native.forward_backward([pick(d, *names) for d in data], "gspo", config, False)[1]
    assert 0 < metrics["clipped:sum"] < len(data)
    sent: list[Datum] = []
    for datum, values in zip(data, current, strict=True):
        lp = torch.from_numpy(values).requires_grad_(True)
        sequence_gspo(lp, {k: torch.from_numpy(v) for k, v in datum.inputs.items()}).backward()
        assert lp.grad is not None
        inputs = {"target_tokens": datum.inputs["target_tokens"], "logprobs": values, "advantages": -lp.grad.numpy()}
        sent.append(Datum(datum.tokens, inputs))
    road.forward_backward(sent, "importance_sampling", {}, False)
    for key in native.named:
        assert relative(road.named[key].grad, native.named[key].grad) < 1e-5, key


def test_gspo_is_trls_sequence_level_importance_sampling() -> None:
    """Loss, gradient and clips of golden/trl_gspo.json, made by trl 1.16.0 in float64.

    The two differ in normalisation only: TRL takes the mean over a sequence's tokens, then over the N sequences (and
    divides by the steps of gradient accumulation, 1 here); ours is summed, as the protocol's losses are, so the client
    sends A_i / (|y_i| N). TRL's ratio is one value a sequence whose gradient runs through the mean of its log-ratios,
    ours GSPO-token's: with one advantage a sequence the gradients are the same.
    """
    golden = json.loads((Path(__file__).parent / "golden" / "trl_gspo.json").read_text())
    sizes = [len(row) for row in golden["logprobs"]]
    n = len(sizes)
    flat = {
        name: torch.tensor([v for row in golden[name] for v in row], dtype=torch.float64)
        for name in ("logprobs", "old", "grad")
    }
    segment = torch.repeat_interleave(torch.arange(n), torch.tensor(sizes))
    sent = [a / (size * n) for a, size in zip(golden["advantages"], sizes, strict=True)]
    inputs = {
        "logprobs": flat["old"],
        "advantages": torch.tensor(sent, dtype=torch.float64)[segment],
        "sequence_ratio_mask": torch.ones(len(segment), dtype=torch.float64),
    }
    lp = flat["logprobs"].requires_grad_(True)
    clip = {"clip_low_threshold": golden["clip_low"], "clip_high_threshold": golden["clip_high"]}
    result = TOKEN_LOSSES["gspo"].run(Positions(lp, inputs, segment, n), clip)
    result.elementwise.sum().backward()
    assert float(result.elementwise.detach().sum()) == pytest.approx(golden["loss"], abs=1e-12)
    assert lp.grad is not None and float((lp.grad - flat["grad"]).abs().max()) < 1e-12
    clipped = round(n * golden["clipped_low"]) + round(n * golden["clipped_high"])
    assert min(golden["clipped_low"], golden["clipped_high"]) > 0
    assert result.metrics["clipped:sum"] == clipped == sum(not any(row) for row in golden["grad"]) < n


@pytest.mark.parametrize("name", ["qwen", "llama"])
@pytest.mark.parametrize("budget", [70, 8192])
def test_an_unchanged_policy_has_ratio_one_in_bf16(folders: dict[str, Path], name: str, budget: int) -> None:
    """Whatever the loss, equal tokens are packed alike; log-probs of another packing would not do as old ones."""
    model = policy(folders[name], compute=torch.bfloat16, budget=budget)
    data = make_data()
    masks = [
        Datum(d.tokens, {"target_tokens": d.inputs["target_tokens"], "weights": d.inputs["sequence_ratio_mask"]})
        for d in data
    ]
    names = ("target_tokens", "advantages", "sequence_ratio_mask")

    def old(calls: list[list[Datum]]) -> list[np.ndarray]:
        only = {"only_weighted": 1.0}
        return [lp for call in calls for lp in model.forward_backward(call, "cross_entropy", only, True)[0]["logprobs"]]

    def ratios(logprobs: list[np.ndarray]) -> tuple[float, float]:
        sent = [
            Datum(d.tokens, {**pick(d, *names).inputs, "logprobs": lp}) for d, lp in zip(data, logprobs, strict=True)
        ]
        metrics = model.forward_backward(sent, "gspo", {}, False)[1]
        return metrics["ratio:min"], metrics["ratio:max"]

    assert ratios(old([masks])) == (1.0, 1.0)
    low, high = ratios(old([[mask] for mask in masks]))
    assert low < 1 < high and high - low > 0.0003
