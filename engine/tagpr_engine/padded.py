"""Attention of sequences of unequal length in plain products over padded ones.

`segments` uses it where PyTorch has no fused kernel for them (fp32, older GPUs): a dozen kernels for all sequences of
like length, instead of a dozen for each.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .lengths import Lengths

ROOM = 1 << 28  # scores held at once; with more, sequences, or the queries of one, are taken in turns
WASTE = 2  # padded scores for each real one
SMALL = 1 << 22  # so many scores of a head may be padding: they cost less than more kernels


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


@dataclass(frozen=True)
class _Turn:
    """Some sequences, and where one alone has too many scores, some of its queries."""

    sequences: slice
    queries: slice

    def of(self, x: Tensor, longest: int) -> Tensor:
        """[n, kv, H / kv * longest, D] -> the turn's part, [m, kv, H / kv * r, D]."""
        whole = self.queries.stop - self.queries.start == longest
        return x[self.sequences] if whole else self._within(x, longest).flatten(2, 3)

    def put(self, x: Tensor, longest: int, part: Tensor) -> None:
        """The inverse of `of`."""
        self._within(x, longest).copy_(
            part.view(*part.shape[:2], -1, self.queries.stop - self.queries.start, x.shape[3])
        )

    def _within(self, x: Tensor, longest: int) -> Tensor:
        return x.view(*x.shape[:2], -1, longest, x.shape[3])[self.sequences, :, :, self.queries]


def _turns(queries: _Layout, keys: _Layout, heads: int) -> list[_Turn]:
    each = ROOM // (heads * queries.longest * keys.longest)
    if each > 0 or queries.longest == 1:
        whole, each = slice(0, queries.longest), max(1, each)
        return [_Turn(slice(lo, lo + each), whole) for lo in range(0, queries.count, each)]
    rows = max(1, ROOM // (heads * keys.longest))
    cuts = [slice(lo, min(lo + rows, queries.longest)) for lo in range(0, queries.longest, rows)]
    return [_Turn(slice(at, at + 1), cut) for at in range(queries.count) for cut in cuts]


def _scores(q: Tensor, k: Tensor, past: Tensor, queries: slice, causal: bool, scale: float) -> Tensor:
    """Padded queries and keys of some sequences -> [n, kv, H / kv * Lq, Lk] in fp32."""
    scores = (q @ k.transpose(-1, -2)).float().mul_(scale)
    longest = queries.stop - queries.start
    view = scores.view(*scores.shape[:2], -1, longest, scores.shape[-1])
    view.masked_fill_(past[:, None, None, None, :], float("-inf"))
    if causal:
        later = torch.ones(longest, scores.shape[-1], dtype=torch.bool, device=q.device).triu(1 + queries.start)
        view.masked_fill_(later, float("-inf"))
    return scores


@dataclass(frozen=True)
class _Bucket:
    """Sequences of like length: their rows among all queries and all keys, and their lengths."""

    rows: Tensor
    columns: Tensor
    queries: Lengths
    keys: Lengths


@functools.lru_cache(maxsize=64)
def _buckets(queries: tuple[int, ...], keys: tuple[int, ...], device: torch.device) -> list[_Bucket]:
    """The sequences in groups whose padded scores are at most WASTE times the real ones, or few; [] for one group."""
    groups: list[list[int]] = []
    real = 0
    for at in sorted(range(len(queries)), key=lambda i: (-keys[i], -queries[i], i)):
        real += queries[at] * keys[at]
        some = [*groups[-1], at] if groups else [at]
        padded = len(some) * max(queries[i] for i in some) * keys[some[0]]
        if groups and padded > max(WASTE * real, SMALL):
            groups.append([at])
            real = queries[at] * keys[at]
        elif groups:
            groups[-1].append(at)
        else:
            groups.append([at])
    if len(groups) == 1:
        return []
    starts = [np.concatenate([[0], np.cumsum(lengths)]) for lengths in (queries, keys)]

    def places(group: list[int], begins: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.concatenate([np.arange(begins[i], begins[i + 1]) for i in group])).to(device)

    return [
        _Bucket(
            places(group, starts[0]),
            places(group, starts[1]),
            Lengths.of([queries[i] for i in group], device),
            Lengths.of([keys[i] for i in group], device),
        )
        for group in groups
    ]


def forward(
    q: Tensor, k: Tensor, v: Tensor, queries: Lengths, keys: Lengths, causal: bool, scale: float
) -> tuple[Tensor, Tensor]:
    """As `segments.forward`, without a state."""
    buckets = _buckets(queries.each, keys.each, q.device)
    if not buckets:
        return _forward(q, k, v, queries, keys, causal, scale)
    out, lse = torch.empty_like(q), q.new_empty(q.shape[1], q.shape[0], dtype=torch.float32)
    for one in buckets:
        rows, columns = one.rows, one.columns
        out[rows], lse[:, rows] = _forward(q[rows], k[columns], v[columns], one.queries, one.keys, causal, scale)
    return out, lse


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
    buckets = _buckets(queries.each, keys.each, q.device)
    if not buckets:
        return _backward(grad, q, k, v, out, lse, queries, keys, causal, scale)
    dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    for one in buckets:
        rows, columns = one.rows, one.columns
        dq[rows], dk[columns], dv[columns] = _backward(
            *(grad[rows], q[rows], k[columns], v[columns], out[rows], lse[:, rows]),
            *(one.queries, one.keys, causal, scale),
        )
    return dq, dk, dv


def _forward(
    q: Tensor, k: Tensor, v: Tensor, queries: Lengths, keys: Lengths, causal: bool, scale: float
) -> tuple[Tensor, Tensor]:
    kv = k.shape[1]
    rows, columns = _Layout(queries, q.shape[0]), _Layout(keys, k.shape[0])
    qs, ks, vs = rows.pad(q, kv), columns.pad(k, kv), columns.pad(v, kv)
    out, lse = torch.empty_like(qs), qs.new_empty(*qs.shape[:3], 1, dtype=torch.float32)
    for turn in _turns(rows, columns, q.shape[1]):
        some = turn.sequences
        scores = _scores(turn.of(qs, rows.longest), ks[some], columns.past[some], turn.queries, causal, scale)
        sums = scores.logsumexp(-1, keepdim=True)
        turn.put(lse, rows.longest, sums)
        turn.put(out, rows.longest, scores.sub_(sums).exp_().to(v.dtype) @ vs[some])
    return rows.flat(out), rows.flat(lse).squeeze(-1).T.contiguous()


def _backward(
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
    kv = k.shape[1]
    rows, columns = _Layout(queries, q.shape[0]), _Layout(keys, k.shape[0])
    qs, ks, vs, gs = rows.pad(q, kv), columns.pad(k, kv), columns.pad(v, kv), rows.pad(grad, kv)
    delta = rows.pad((grad.float() * out.float()).sum(-1, keepdim=True), kv)
    lses = rows.pad(lse.T.unsqueeze(-1), kv)
    dq, dk, dv = torch.empty_like(qs), torch.zeros_like(ks), torch.zeros_like(vs)
    for turn in _turns(rows, columns, q.shape[1]):
        some = turn.sequences
        qt, gt, lt, dt = (turn.of(x, rows.longest) for x in (qs, gs, lses, delta))
        probs = _scores(qt, ks[some], columns.past[some], turn.queries, causal, scale).sub_(lt).exp_()
        dv[some] += probs.to(grad.dtype).transpose(-1, -2) @ gt
        dprobs = (gt @ vs[some].transpose(-1, -2)).float()
        dscores = probs.mul_(dprobs.sub_(dt)).mul_(scale).to(q.dtype)
        turn.put(dq, rows.longest, dscores @ ks[some])
        dk[some] += dscores.transpose(-1, -2) @ qt
    return rows.flat(dq), columns.flat(dk), columns.flat(dv)
