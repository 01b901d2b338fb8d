"""Attention's backward pass in bf16: the gradients of plain attention in float64, for every shape that a tree makes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tagpr_engine import products


def plain(q: Tensor, k: Tensor, v: Tensor, own: int, scale: float) -> Tensor:
    """Attention of q [n, H, S, D] to all keys; the last `own` of them are looked at causally, the others by all."""
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scores = q @ k.transpose(2, 3) * scale
    if own > 0:
        scores[..., -own:].masked_fill_(torch.ones(own, own, dtype=torch.bool).triu_(1), float("-inf"))
    return scores.softmax(-1) @ v


def gap(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.double() - theirs).norm() / theirs.norm())


@pytest.mark.parametrize(("rows", "length", "above"), [(1, 300, 0), (3, 37, 0), (1, 128, 0), (1, 200, 70), (2, 5, 130)])
def test_gradients_are_those_of_plain_attention(rows: int, length: int, above: int) -> None:
    gen, scale = torch.Generator().manual_seed(length), 0.2
    draw = lambda *shape: torch.randn(*shape, generator=gen).bfloat16()  # noqa: E731
    q, grad = draw(rows, 6, length, 16), draw(rows, 6, length, 16)
    keys, values = draw(rows, 2, above + length, 16), draw(rows, 2, above + length, 16)
    wide = [x.double().requires_grad_() for x in (q, keys, values)]
    out = plain(*wide, own=length, scale=scale)
    out.backward(grad.double())
    with torch.no_grad():
        scores = q.double() @ keys.double().repeat_interleave(3, 1).transpose(2, 3) * scale
        scores[..., above:].masked_fill_(torch.ones(length, length, dtype=torch.bool).triu_(1), float("-inf"))
        first = scores.softmax(-1)[..., :above].sum(-1).float()
    parts = [(slice(above, None), True, 1 - first)] + ([(slice(0, above), False, first)] if above else [])
    dq, dk, dv = torch.zeros_like(wide[0]), torch.zeros_like(wide[1]), torch.zeros_like(wide[2])
    for part, causal, share in parts:
        low = out.detach().bfloat16()
        found = products.backward(
            grad, q, keys[:, :, part], values[:, :, part], low, share if above else None, causal, scale
        )
        dq += found[0]
        dk[:, :, part], dv[:, :, part] = found[1].double(), found[2].double()
    for ours, leaf in zip((dq, dk, dv), wide, strict=True):
        assert leaf.grad is not None
        assert gap(ours, leaf.grad) < 0.01
