"""Decoder layers of the Llama family, run on the transformers modules that hold their weights.

Transformers' own layers compute every row of every layer. Here the last one computes queries, attention and MLP only
for the rows that somebody looks at; of the others it needs keys and values. Norm, rotary and the gated MLP keep what
their backward pass needs and nothing more. `backbone.load` compares the result with the model's own forward pass.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from . import memory
from .attention import Plan
from .fused import fused

LAYERS = {"LlamaDecoderLayer", "Qwen2DecoderLayer", "Qwen3DecoderLayer"}

Rope = tuple[Tensor, Tensor]  # cos, sin [B, S, 1, head_dim]


def known(body: Any) -> bool:
    """Whether the layers of this body are of the kind that `run` computes."""
    layers = getattr(body, "layers", None)
    config = body.config
    return (
        isinstance(layers, nn.ModuleList)
        and all(type(layer).__name__ in LAYERS for layer in layers)
        and all(getattr(layer.self_attn, "sliding_window", None) is None for layer in layers)
        and config.hidden_act == "silu"
        and hasattr(body, "rotary_emb")
        and hasattr(body, "norm")
    )


@fused
def normed(x: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """x / rms(x) * weight over the last dimension, and 1 / rms(x) in fp32."""
    wide = x.float()
    inverse = wide.square().mean(-1, keepdim=True).add_(eps).rsqrt_()
    return (wide * inverse).to(x.dtype).mul_(weight), inverse


@fused
def _normed_backward(
    grad: Tensor, x: Tensor, weight: Tensor, inverse: Tensor, learns: bool
) -> tuple[Tensor, Tensor | None]:
    normed, grad = x.float() * inverse, grad.float()
    dweight = (grad * normed).flatten(0, -2).sum(0).to(weight.dtype) if learns else None
    inner = grad * weight
    mean = torch.linalg.vecdot(inner, normed).div_(x.shape[-1]).unsqueeze(-1)
    return inner.sub_(normed.mul_(mean)).mul_(inverse).to(x.dtype), dweight


class _RmsNorm(torch.autograd.Function):
    """x / rms(x) * weight over the last dimension, the root mean square in fp32."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        out, inverse = normed(x, weight, eps)
        ctx.save_for_backward(x, weight, inverse)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None, None]:
        x, weight, inverse = ctx.saved_tensors
        return *_normed_backward(grads[0], x, weight, inverse, ctx.needs_input_grad[1]), None


@fused
def turn(x: Tensor, cos: Tensor, sin: Tensor, direction: int) -> Tensor:
    """x [..., head_dim] turned by the angles of its positions, 1, or back, -1."""
    half = x.shape[-1] // 2
    out = x * cos
    out[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-direction)
    out[..., half:].addcmul_(x[..., :half], sin[..., half:], value=direction)
    return out


class _Rotary(torch.autograd.Function):
    """x [B, S, H, D] turned by the angles of its positions; the gradient is turned back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return turn(x, cos, sin, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return turn(grads[0], cos, sin, -1), None, None


@fused
def _gated(gate: Tensor, up: Tensor) -> Tensor:
    return nn.functional.silu(gate).mul_(up)


@fused
def _gated_backward(grad: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
    return torch.ops.aten.silu_backward(grad * up, gate), nn.functional.silu(gate).mul_(grad)


class _Gated(torch.autograd.Function):
    """silu(gate) * up, computed again in the backward pass rather than kept."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        return _gated(gate, up)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        return _gated_backward(grads[0], *ctx.saved_tensors)


def _norm(norm: Any, x: Tensor) -> Tensor:
    if not torch.is_grad_enabled():
        return normed(x, norm.weight, norm.variance_epsilon)[0]
    return _RmsNorm.apply(x, norm.weight, norm.variance_epsilon)  # pyright: ignore


def _heads(x: Tensor, dim: int, norm: Any, rope: Rope | None) -> Tensor:
    """[B, S, H * D] -> [B, H, S, D], normed per head where the model does, turned where `rope` is given."""
    x = x.unflatten(-1, (-1, dim))
    if norm is not None:
        x = _norm(norm, x)
    if rope is not None:
        x = _Rotary.apply(x, *rope) if torch.is_grad_enabled() else turn(x, *rope, 1)  # pyright: ignore
    return x.transpose(1, 2)


def _rows(x: Tensor, rows: Tensor) -> Tensor:
    """x[:, rows], [1, S, D] -> [1, R, D]; embedding's backward pass adds in one order, indexing's does not."""
    return nn.functional.embedding(rows, x[0]).unsqueeze(0)


def _block(layer: Any, hidden: Tensor, cos: Tensor, sin: Tensor, plan: Plan, wanted: Tensor | None) -> Tensor:
    """One layer, [B, S, D] -> [B, S, D]; with `wanted` [R] (B = 1) only these rows of its output, [1, R, D]."""
    if torch.is_grad_enabled():
        memory.bound()
    attention = layer.self_attn
    dim = attention.head_dim
    normed = _norm(layer.input_layernorm, hidden)
    k = _heads(attention.k_proj(normed), dim, getattr(attention, "k_norm", None), (cos, sin))
    v = _heads(attention.v_proj(normed), dim, None, None)
    if wanted is not None:
        hidden, normed, cos, sin = _rows(hidden, wanted), _rows(normed, wanted), cos[:, wanted], sin[:, wanted]
    q = _heads(attention.q_proj(normed), dim, getattr(attention, "q_norm", None), (cos, sin))
    mixed = plan.attend(int(attention.layer_idx), q, k, v, float(attention.scaling))
    hidden = hidden + attention.o_proj(mixed.flatten(2))
    mlp = layer.mlp
    normed = _norm(layer.post_attention_layernorm, hidden)
    gated: Tensor = _Gated.apply(mlp.gate_proj(normed), mlp.up_proj(normed))  # pyright: ignore
    return hidden + mlp.down_proj(gated)


def run(
    body: Any, embedded: Tensor, positions: Tensor, plan: Plan, wanted: Tensor | None = None, recompute: bool = False
) -> Tensor:
    """embedded [B, S, D], positions [B, S] -> normed hidden states [B, S, D], or [1, R, D] of the rows `wanted`.

    recompute: keep only each layer's input for the backward pass and compute the layer again there (same numbers).
    """
    cos, sin = (x.unsqueeze(2) for x in body.rotary_emb(embedded, positions))
    hidden, last = embedded, len(body.layers) - 1
    for at, layer in enumerate(body.layers):
        rows = wanted if at == last else None
        if recompute and torch.is_grad_enabled():
            again = checkpoint(
                _block, layer, hidden, cos, sin, plan, rows, use_reentrant=False, preserve_rng_state=False
            )
            assert isinstance(again, Tensor)
            hidden = again
        else:
            hidden = _block(layer, hidden, cos, sin, plan, rows)
    return _norm(body.norm, hidden)
