"""The GPU's attention and decoding step, on the CPU: the kernel's definition in its place, the rest is real."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import group_tokens, policy
from test_sampling import PROMPTS, request, text
from torch import Tensor

from tagpr_engine import padded, sampling, segments
from tagpr_engine.backbone import load
from tagpr_engine.decoding import DecodePlan
from tagpr_engine.lengths import Lengths
from tagpr_engine.sampling import Limits, sample
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum


def one(q: Tensor, k: Tensor, v: Tensor, causal: bool, scale: float) -> tuple[Tensor, Tensor]:
    """A sequence: q [S, H, D], k and v [L, Hkv, D] -> output, log-sum-exp [H, S]; every key gets its mask."""
    k, v = (x.repeat_interleave(q.shape[1] // x.shape[1], 1) for x in (k, v))
    scores = torch.einsum("shd,lhd->hsl", q, k) * scale
    if causal:
        scores = scores.masked_fill(~torch.ones(scores.shape[-2:], dtype=torch.bool).tril(), float("-inf"))
    lse = scores.logsumexp(-1)
    return torch.einsum("hsl,lhd->shd", (scores - lse.unsqueeze(-1)).exp(), v), lse


def parts(queries: Lengths, keys: Lengths) -> list[tuple[slice, slice]]:
    ends = [x.ends.tolist() for x in (queries, keys)]
    return [(slice(*a), slice(*b)) for a, b in zip(*(itertools.pairwise(e) for e in ends), strict=True)]


def forward(
    q: Tensor, k: Tensor, v: Tensor, queries: Lengths, keys: Lengths, causal: bool, scale: float
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    found = [one(q[a], k[b], v[b], causal, scale) for a, b in parts(queries, keys)]
    return torch.cat([o for o, _ in found]), torch.cat([s for _, s in found], 1), (torch.empty(0), torch.empty(0))


def backward(*args: object) -> tuple[Tensor, Tensor, Tensor]:
    grad, q, k, v, out, lse, queries, keys, causal, scale, _ = args
    assert isinstance(q, Tensor) and isinstance(queries, Lengths) and isinstance(keys, Lengths)
    dq, dk, dv = (torch.zeros_like(x) for x in (q, k, v))
    repeats = q.shape[1] // k.shape[1]
    for a, b in parts(queries, keys):
        wide, values = (x[b].repeat_interleave(repeats, 1) for x in (k, v))
        scores = torch.einsum("shd,lhd->hsl", q[a], wide) * scale
        if causal:
            scores = scores.masked_fill(~torch.ones(scores.shape[-2:], dtype=torch.bool).tril(), float("-inf"))
        probs = (scores - lse[:, a].unsqueeze(-1)).exp()
        delta = (grad[a] * out[a]).sum(-1).T.unsqueeze(-1)
        dscores = probs * (torch.einsum("shd,lhd->hsl", grad[a], values) - delta) * scale
        dq[a] = torch.einsum("hsl,lhd->shd", dscores, wide)
        dk[b] = torch.einsum("hsl,shd->lhd", dscores, q[a]).unflatten(1, (-1, repeats)).sum(2)
        dv[b] = torch.einsum("hsl,shd->lhd", probs, grad[a]).unflatten(1, (-1, repeats)).sum(2)
    return dq, dk, dv


@pytest.fixture(params=["a kernel's definition", "padded", "padded, in turns", "padded, in few rows", "in buckets"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "a kernel's definition":
        monkeypatch.setattr(segments, "forward", forward)
        monkeypatch.setattr(segments, "backward", backward)
    if "padded, in" in request.param:
        monkeypatch.setattr(padded, "ROOM", 4000 if "turns" in request.param else 50)
    if request.param == "in buckets":
        monkeypatch.setattr(padded, "SMALL", 0)
    padded._buckets.cache_clear()
    monkeypatch.setattr("tagpr_engine.attention._by_segments", lambda q: True)


def step(model: TrainedModel, looked: int) -> tuple[list[np.ndarray], dict[str, Tensor]]:
    """Log-probs and gradients of the last `looked` targets of each sequence (0: of all)."""
    model.discard()
    data = [
        Datum(t[:-1], {"target_tokens": t[1:], "weights": np.r_[np.zeros(max(0, t.size - 1 - looked)), np.ones(t.size)]
                       [: t.size - 1].astype(np.float32) if looked else np.ones(t.size - 1, dtype=np.float32)})
        for t in group_tokens() if t.size > 1
    ]  # fmt: skip
    logprobs = model.forward_backward(data, "cross_entropy", {"only_weighted": 1.0}, False)[0]["logprobs"]
    return logprobs, {n: m.grad.clone() for n, m in model.masters.items() if m.grad is not None}


@pytest.mark.parametrize("name", ["qwen", "llama"])
@pytest.mark.parametrize("looked", [0, 1, 5])
def test_two_kernels_a_layer_give_the_tree_s_attention(
    folders: dict[str, Path], name: str, looked: int, kernel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as plain:
        plain.setattr("tagpr_engine.attention._by_segments", lambda q: False)
        expected = step(policy(folders[name]), looked)
    found = step(policy(folders[name]), looked)
    for a, b in zip(expected[0], found[0], strict=True):
        assert np.abs(a - b).max() < 1e-5
    for key, grad in expected[1].items():
        assert float((found[1][key] - grad).norm()) <= 1e-5 * float(grad.norm()), key


def test_a_step_of_fixed_shapes_gives_the_same_tokens(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = load(folders["qwen"], torch.float32, "cpu")
    asked = [request(p, seed=i, max_tokens=70 + i, stop_ids=(2, 5)) for i, p in enumerate(PROMPTS)]
    expected = sample(backbone, asked, Limits(), text)

    class Static(DecodePlan):
        def __init__(self, *args: object, static: bool, context: int) -> None:
            super().__init__(*args, static=True, context=context)  # type: ignore[arg-type]

    monkeypatch.setattr(sampling, "DecodePlan", Static)
    for a, b in zip(expected, sample(backbone, asked, Limits(), text), strict=True):
        for x, y in zip(a.sequences, b.sequences, strict=True):
            assert x.tokens.tolist() == y.tokens.tolist()
            assert np.abs(x.logprobs - y.logprobs).max() < 1e-5
