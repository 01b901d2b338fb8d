"""Attention of a packed batch on a GPU, over sequences of unequal length side by side.

Two calls a layer, whatever the tree: every node attends to itself in one, every node with ancestors to them in the
other. The parts are merged by their log-sum-exp, and each part's backward pass is the kernel's own under the merged
output and log-sum-exp, as in `attention`. The kernel is PyTorch's FlashAttention, without padding or whole scores, and
where there is none (fp32, older GPUs) the products of `padded`.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import padded
from .fused import fused
from .lengths import Lengths
from .tree import Rows

State = tuple[Tensor, Tensor] | None  # the fused kernel's random state


def forward(
    q: Tensor, k: Tensor, v: Tensor, queries: Lengths, keys: Lengths, causal: bool, scale: float
) -> tuple[Tensor, Tensor, State]:
    """q [R, H, D], k and v [T, Hkv, D] -> output like q, log-sum-exp [H, R] in fp32, what the backward pass wants."""
    if not fits(q):
        return *padded.forward(q, k, v, queries, keys, causal, scale), None
    out, lse, state, unused, _ = torch.ops.aten._flash_attention_forward(
        q, k, v, queries.ends, keys.ends, queries.longest, keys.longest, 0.0, causal, False, scale=scale
    )
    return out, lse, (state, unused)


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
    state: State,
) -> tuple[Tensor, Tensor, Tensor]:
    if state is None:
        return padded.backward(grad, q, k, v, out, lse, queries, keys, causal, scale)
    return torch.ops.aten._flash_attention_backward(
        *(grad, q, k, v, out, lse, queries.ends, keys.ends, queries.longest, keys.longest),
        *(0.0, causal, *state),
        scale=scale,
    )


def fits(q: Tensor) -> bool:
    """Whether FlashAttention takes these queries [R, H, D]."""
    size = q.shape[-1]
    return (
        q.is_cuda
        and q.dtype in (torch.bfloat16, torch.float16)
        and size <= 256
        and size % 8 == 0
        and available(q.device)
    )


@functools.cache
def available(gpu: torch.device) -> bool:
    """Whether this PyTorch has the kernel for this GPU: NVIDIA's from Ampere (compute capability 8.0) on."""
    if torch.version.cuda is None or not torch.backends.cuda.is_flash_attention_available():
        return False
    return torch.cuda.get_device_capability(gpu) >= (8, 0)


@dataclass(frozen=True)
class Part:
    """Queries and the keys that they attend to. A selection is a slice, or the rows' flat positions [n]."""

    queries: Lengths
    keys: Lengths
    query_rows: slice | Tensor
    key_rows: slice | Tensor


@dataclass(frozen=True)
class Segments:
    """own: every node, in the order of the queries. above: nodes with ancestors, those of one parent as one.

    paths: the stretches of keys that `above` takes, in its order.
    """

    own: Part
    above: Part | None
    paths: list[tuple[int, int]]

    @staticmethod
    def of(batches: list[Rows], device: torch.device) -> Segments:
        lengths = Lengths.of([n for rows in batches for n in rows.lengths], device)
        own = Part(lengths, lengths, slice(None), _selection([(r.lo, r.hi) for r in batches], device))
        stretches: list[tuple[int, int]] = []
        above: list[list[tuple[int, int]]] = []
        for rows in batches:
            if not rows.path:
                continue
            lo, hi = rows.queries.start, rows.queries.stop
            if above and above[-1] == rows.path and stretches[-1][1] == lo:
                stretches[-1] = (stretches[-1][0], hi)
            else:
                stretches.append((lo, hi))
                above.append(rows.path)
        if not above:
            return Segments(own, None, [])
        paths = [part for path in above for part in path]
        return Segments(
            own,
            Part(
                Lengths.of([hi - lo for lo, hi in stretches], device),
                Lengths.of([sum(hi - lo for lo, hi in path) for path in above], device),
                _selection(stretches, device),
                _selection(paths, device),
            ),
            paths,
        )


def _selection(stretches: list[tuple[int, int]], device: torch.device) -> slice | Tensor:
    """What `x[...]` takes: a slice where the stretches touch each other."""
    if all(a[1] == b[0] for a, b in itertools.pairwise(stretches)):
        return slice(stretches[0][0], stretches[-1][1])
    return torch.from_numpy(np.concatenate([np.arange(lo, hi) for lo, hi in stretches])).to(device)


@fused
def _merge(own: Tensor, own_lse: Tensor, above: Tensor, above_lse: Tensor) -> tuple[Tensor, Tensor]:
    """Outputs [R, H, D] and log-sum-exps [H, R] of two sets of keys -> those of both."""
    both = torch.logaddexp(own_lse, above_lse)
    a, b = ((lse - both).exp().T.unsqueeze(-1) for lse in (own_lse, above_lse))
    return (own.float() * a + above.float() * b).to(own.dtype), both


class SegmentAttention(torch.autograd.Function):
    """q [R, H, D], k and v [T, Hkv, D] -> [R, H, D]."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, segments: Segments, scale: float) -> Tensor:
        own, above = segments.own, segments.above
        out, lse, state = forward(q, k[own.key_rows], v[own.key_rows], own.queries, own.keys, True, scale)
        ctx.states = [state]
        if above is not None:
            rows = above.query_rows
            more, more_lse, state = forward(
                q[rows], k[above.key_rows], v[above.key_rows], above.queries, above.keys, False, scale
            )
            ctx.states.append(state)
            out[rows], lse[:, rows] = _merge(out[rows], lse[:, rows], more, more_lse)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.segments, ctx.scale = segments, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        q, k, v, out, lse = ctx.saved_tensors
        grad, segments = grads[0].contiguous(), ctx.segments
        own, above = segments.own, segments.above
        dq, gk, gv = backward(
            *(grad, q, k[own.key_rows], v[own.key_rows], out, lse),
            *(own.queries, own.keys, True, ctx.scale, ctx.states[0]),
        )
        if gk.shape[0] == k.shape[0]:
            dk, dv = gk, gv
        else:
            dk, dv = torch.zeros_like(k), torch.zeros_like(v)
            dk[own.key_rows], dv[own.key_rows] = gk, gv
        if above is not None:
            rows = above.query_rows
            gq, gk, gv = backward(
                *(grad[rows], q[rows], k[above.key_rows], v[above.key_rows], out[rows], lse[:, rows].contiguous()),
                *(above.queries, above.keys, False, ctx.scale, ctx.states[1]),
            )
            dq[rows] += gq
            at = 0
            for lo, hi in segments.paths:
                dk[lo:hi] += gk[at : at + hi - lo]
                dv[lo:hi] += gv[at : at + hi - lo]
                at += hi - lo
        return dq, dk, dv, None, None
