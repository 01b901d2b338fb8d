"""Attention over a packed prefix tree, and over a decoding batch, behind transformers' AttentionInterface.

A row of a packed batch looks at its ancestors (all of them) and at itself (causally). The two parts are computed apart
and merged by their log-sum-exp, so shared keys are never copied per row; the backward pass of each part needs only the
merged output and log-sum-exp (the softmax of a part under the global normaliser), or what the part weighs. On a GPU
`segments` does the same in two calls a layer.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from transformers import AttentionInterface

from . import products
from .segments import SegmentAttention, Segments
from .tree import Pack, Rows

NAME = "tagpr"


class Plan(Protocol):
    """What one forward pass means by attention. q, k, v: [batch, heads, length, head_dim], rotary applied."""

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """Return [batch, length, heads, head_dim]."""
        ...


def _interface(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
) -> tuple[Tensor, None]:
    plan: Plan | None = kwargs.get("tagpr_plan")
    if plan is None:
        raise RuntimeError("this architecture does not pass keyword arguments to its attention")
    for name in ("softcap", "s_aux", "position_bias"):
        if kwargs.get(name) is not None:
            raise RuntimeError(f"attention with {name} is not supported")
    if kwargs.get("sliding_window") is not None:
        raise RuntimeError("attention with a sliding window is not supported")
    scale = kwargs.get("scaling")
    layer = int(getattr(module, "layer_idx"))  # noqa: B009
    return plan.attend(layer, query, key, value, query.shape[-1] ** -0.5 if scale is None else float(scale)), None


AttentionInterface.register(NAME, _interface)


def _forward(q: Tensor, k: Tensor, v: Tensor, causal: bool, scale: float) -> tuple[Tensor, Tensor]:
    """q [n, H, S, D], k and v [n, Hkv, L, D] -> output like q, log-sum-exp [n, H, S] in fp32."""
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, causal, scale=scale)


def _backward(
    grad: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    out: Tensor,
    lse: Tensor,
    share: Tensor | None,
    causal: bool,
    scale: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """out, lse [n, H, S]: of all keys; share [n, H, S]: what these weigh among them, None where they are all."""
    if q.dtype == torch.bfloat16:
        return products.backward(grad, q, k, v, out, share, causal, scale)
    return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
        grad, q, k, v, out, lse, 0.0, causal, scale=scale
    )


def _by_segments(q: Tensor) -> bool:
    return q.is_cuda


def _pad(x: Tensor, rows: Rows) -> Tensor:
    """[hi-lo, H, D] -> [n, H, S, D], zeros after each row's end."""
    longest, n = max(rows.lengths), len(rows.lengths)
    if min(rows.lengths) == longest:
        return x.view(n, longest, *x.shape[1:]).transpose(1, 2)
    out = x.new_zeros(n, longest, *x.shape[1:])
    for row, part in enumerate(x.split(rows.lengths)):
        out[row, : part.shape[0]] = part
    return out.transpose(1, 2)


def _unpad(x: Tensor, rows: Rows) -> Tensor:
    """[n, H, S, D] -> [hi-lo, H, D]."""
    x = x.transpose(1, 2)
    if min(rows.lengths) == x.shape[1]:
        return x.reshape(-1, *x.shape[2:])
    return torch.cat([x[row, :length] for row, length in enumerate(rows.lengths)])


def _ancestors(x: Tensor, rows: Rows) -> Tensor:
    """[T, H, D] -> [1, H, P, D]."""
    parts = [x[lo:hi] for lo, hi in rows.path]
    return (parts[0] if len(parts) == 1 else torch.cat(parts)).transpose(0, 1).unsqueeze(0)


class _TreeAttention(torch.autograd.Function):
    """q [R, H, D] (all rows, or those that `batches` names), k and v [T, Hkv, D] -> [R, H, D]."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, batches: list[Rows], scale: float) -> Tensor:
        out = torch.empty_like(q)
        lse = torch.empty(q.shape[:2], dtype=torch.float32, device=q.device)
        share = torch.ones_like(lse)  # what a row's own keys weigh among all that it looks at
        for rows in batches:
            cut, own_keys = rows.queries, slice(rows.lo, rows.hi)
            own, own_lse = _forward(_pad(q[cut], rows), _pad(k[own_keys], rows), _pad(v[own_keys], rows), True, scale)
            o, s = _unpad(own, rows), _unpad(own_lse.unsqueeze(-1), rows).squeeze(-1)
            if rows.path:
                above, above_lse = _forward(
                    q[cut].transpose(0, 1).unsqueeze(0), _ancestors(k, rows), _ancestors(v, rows), False, scale
                )
                a, t = above[0].transpose(0, 1), above_lse[0].transpose(0, 1)
                both = torch.logaddexp(s.float(), t.float())
                share[cut] = (s - both).exp()
                o = o * share[cut].unsqueeze(-1).to(o.dtype) + a * (t - both).exp().unsqueeze(-1).to(o.dtype)
                s = both
            out[cut], lse[cut] = o, s
        ctx.save_for_backward(q, k, v, out, lse, share)
        ctx.batches, ctx.scale = batches, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        q, k, v, out, lse, share = ctx.saved_tensors
        grad = grads[0].contiguous()
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for rows in ctx.batches:
            cut, own_keys = rows.queries, slice(rows.lo, rows.hi)
            g, qs, o = (_pad(x[cut], rows) for x in (grad, q, out))
            ks, vs = (_pad(x[own_keys], rows) for x in (k, v))
            own_lse, own_share = (_pad(x[cut].unsqueeze(-1), rows).squeeze(-1) for x in (lse, share))
            gq, gk, gv = _backward(g, qs, ks, vs, o, own_lse, own_share if rows.path else None, True, ctx.scale)
            dk[own_keys] += _unpad(gk, rows)
            dv[own_keys] += _unpad(gv, rows)
            dq[cut] = _unpad(gq, rows)
            if rows.path:
                g, qs, o, all_lse, above = (x[cut].transpose(0, 1).unsqueeze(0) for x in (grad, q, out, lse, 1 - share))
                keys, values = _ancestors(k, rows), _ancestors(v, rows)
                gq, gk, gv = _backward(g, qs, keys, values, o, all_lse, above, False, ctx.scale)
                dq[cut] += gq[0].transpose(0, 1)
                at = 0
                for lo, hi in rows.path:
                    dk[lo:hi] += gk[0, :, at : at + hi - lo].transpose(0, 1)
                    dv[lo:hi] += gv[0, :, at : at + hi - lo].transpose(0, 1)
                    at += hi - lo
        return dq, dk, dv, None, None


class TreePlan:
    """Attention of one packed batch ([1, T] tokens). With `keep`, the keys and values of every layer are kept.

    A layer whose queries are fewer than its keys attends from the rows that `narrow` names.
    """

    def __init__(self, pack: Pack, keep: bool = False, narrow: list[Rows] | None = None) -> None:
        self.rows, self.narrow = pack.rows, narrow
        self.keep = keep
        self.kv: dict[int, tuple[Tensor, Tensor]] = {}
        self.segments: dict[bool, Segments] = {}  # by whether it is the narrow one

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        flat = [x[0].transpose(0, 1).contiguous() for x in (q, k, v)]
        if self.keep:
            self.kv[layer] = (flat[1], flat[2])
        narrowed = self.narrow is not None and q.shape[2] != k.shape[2]
        rows = self.narrow if self.narrow is not None and narrowed else self.rows
        if _by_segments(flat[0]):
            if narrowed not in self.segments:
                self.segments[narrowed] = Segments.of(rows, q.device)
            out = SegmentAttention.apply(flat[0], flat[1], flat[2], self.segments[narrowed], scale)
        else:
            out = _TreeAttention.apply(flat[0], flat[1], flat[2], rows, scale)
        assert isinstance(out, Tensor)
        return out.unsqueeze(0)
