"""Attention of sequences of unequal length in plain products over padded ones.

`segments` uses it where PyTorch has no fused kernel for them (fp32, older GPUs): a dozen kernels whatever the number of
sequences, instead of a dozen for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from .segments import Lengths

ROOM = 1 << 28  # scores held at once; with more, the sequences are taken in turns


class _Layout:
    """Where the rows [R] of sequences side by side lie in [n, longest]."""

    def __init__(self, lengths: Lengths, rows: int) -> None:
        ends = lengths.ends.long()
        flat = torch.arange(rows, device=ends.device)
        sequence = torch.searchsorted(ends[1:], flat, right=True)
        self.places = sequence * lengths.longest + flat - ends[sequence]
        self.count, self.longest = ends.numel() - 1, lengths.longest
        self.past = torch.arange(self.longest, device=ends.device) >= ends.diff().unsqueeze(1)  # [n, longest]

    def pad(self, x: Tensor, kv: int) -> Tensor:
        """[R, H, D] -> [n, kv, H / kv * longest, D], zeros after each end."""
        out = x.new_zeros(self.count * self.longest, *x.shape[1:]).index_copy_(0, self.places, x)
        out = out.view(self.count, self.longest, kv, -1, x.shape[2]).permute(0, 2, 3, 1, 4)
        return out.reshape(self.count, kv, -1, x.shape[2])

    def flat(self, x: Tensor) -> Tensor:
        """[n, kv, H / kv * longest, D] -> [R, H, D]."""
        n, kv, _, dim = x.shape
        x = x.view(n, kv, -1, self.longest, dim).permute(0, 3, 1, 2, 4)
        return x.reshape(n * self.longest, -1, dim)[self.places]


def _turns(queries: _Layout, keys: _Layout, heads: int) -> list[slice]:
    each = max(1, ROOM // (heads * queries.longest * keys.longest))
    return [slice(lo, lo + each) for lo in range(0, queries.count, each)]


def _scores(q: Tensor, k: Tensor, past: Tensor, longest: int, causal: bool, scale: float) -> Tensor:
    """Padded queries and keys of some sequences -> [n, kv, H / kv * Lq, Lk] in fp32."""
    scores = (q @ k.transpose(-1, -2)).float().mul_(scale)
    view = scores.view(*scores.shape[:2], -1, longest, scores.shape[-1])
    view.masked_fill_(past[:, None, None, None, :], float("-inf"))
    if causal:
        later = torch.ones(longest, scores.shape[-1], dtype=torch.bool, device=q.device).triu(1)
        view.masked_fill_(later, float("-inf"))
    return scores


def forward(
    q: Tensor, k: Tensor, v: Tensor, queries: Lengths, keys: Lengths, causal: bool, scale: float
) -> tuple[Tensor, Tensor]:
    """As `segments.forward`, without a state."""
    kv = k.shape[1]
    rows, columns = _Layout(queries, q.shape[0]), _Layout(keys, k.shape[0])
    qs, ks, vs = rows.pad(q, kv), columns.pad(k, kv), columns.pad(v, kv)
    out, lse = torch.empty_like(qs), qs.new_empty(*qs.shape[:3], 1, dtype=torch.float32)
    for turn in _turns(rows, columns, q.shape[1]):
        scores = _scores(qs[turn], ks[turn], columns.past[turn], rows.longest, causal, scale)
        lse[turn] = scores.logsumexp(-1, keepdim=True)
        out[turn] = scores.sub_(lse[turn]).exp_().to(v.dtype) @ vs[turn]
    return rows.flat(out), rows.flat(lse).squeeze(-1).T.contiguous()


def backward(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    queries: Lengths,
    keys: Lengths,
    causal: bool,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """As `segments.backward`."""
    kv = k.shape[1]
    rows, columns = _Layout(queries, q.shape[0]), _Layout(keys, k.shape[0])
    qs, ks, vs, gs = rows.pad(q, kv), columns.pad(k, kv), columns.pad(v, kv), rows.pad(grad, kv)
    delta = rows.pad((grad.float() * out.float()).sum(-1, keepdim=True), kv)
    lses = rows.pad(lse.T.unsqueeze(-1), kv)
    dq, dk, dv = torch.empty_like(qs), torch.empty_like(ks), torch.empty_like(vs)
    for turn in _turns(rows, columns, q.shape[1]):
        probs = _scores(qs[turn], ks[turn], columns.past[turn], rows.longest, causal, scale).sub_(lses[turn]).exp_()
        dv[turn] = probs.to(grad.dtype).transpose(-1, -2) @ gs[turn]
        dprobs = (gs[turn] @ vs[turn].transpose(-1, -2)).float()
        dscores = probs.mul_(dprobs.sub_(delta[turn])).mul_(scale).to(q.dtype)
        dq[turn] = dscores @ ks[turn]
        dk[turn] = dscores.transpose(-1, -2) @ qs[turn]
    return rows.flat(dq), columns.flat(dk), columns.flat(dv)
