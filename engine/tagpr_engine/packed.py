"""A decoding step of few rows on a CPU, over weights laid out for it.

Such a step reads every weight for a handful of products, and a plain product of few rows reads them badly. Here they
are copied once into oneDNN's own layout, in which any number of rows is multiplied faster (up to some 64; beyond, plain
products are as fast), query, key and value weights as one, with the gated MLP's and the residual's element-wise work
done on the way out. Same numbers as `blocks.run` up to the order of sums.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from .attention import Plan
from .backbone import Backbone
from .blocks import normed, turn

ROWS = 64
STEPS = 16  # still to come: laying out takes about as long as these gain
TAKEN = 4  # behind: an answer of a few tokens would end before the layout pays
BYTES = 16 << 20  # of weights: fewer stay in the caches, where plain products find them
MOST = 4 << 30  # what the copy may take

Product = Callable[..., Tensor]  # (x [B, in], other [B, out] for "add" and "mul") -> [B, out]


class Steps(Plan, Protocol):
    """Attention of steps of one token a row."""

    def begin_step(self) -> Tensor:
        """The positions [B]."""
        ...


def possible(backbone: Backbone) -> bool:
    """Whether steps of few rows are faster over a copy of these weights, and can be had."""
    if not backbone.narrows or backbone.device.type != "cpu" or not torch.backends.mkldnn.is_available():  # pyright: ignore
        return False
    ops: Any = torch.ops.mkldnn
    if not hasattr(ops, "_linear_pointwise"):
        return False
    dtype = next(backbone.model.parameters()).dtype
    if dtype != torch.float32 and not (dtype == torch.bfloat16 and ops._is_mkldnn_bf16_supported()):
        return False
    return BYTES <= sum(p.nbytes for p in backbone.model.parameters()) <= MOST


def worth(rows: int, taken: int, left: int) -> bool:
    """Whether to lay weights out now, by rows, steps taken and steps left."""
    return rows <= ROWS and taken >= TAKEN and left >= STEPS


def _product(layers: list[Any], then: str = "none") -> Product:
    """Of linear layers with the same input, their outputs side by side; `then` is done to what comes out."""
    ops: Any = torch.ops.mkldnn
    bias = None if layers[0].bias is None else torch.cat([layer.bias for layer in layers])
    weight = layers[0].weight if len(layers) == 1 else torch.cat([layer.weight for layer in layers])
    laid = ops._reorder_linear_weight(weight.detach(), 16)

    def plain(x: Tensor) -> Tensor:
        return ops._linear_pointwise(x, laid, bias, then, [], "")

    def with_other(x: Tensor, other: Tensor) -> Tensor:
        return ops._linear_pointwise.binary(x, other, laid, bias, then)

    return with_other if then in ("add", "mul") else plain


def _norm(norm: Any, x: Tensor) -> Tensor:
    return normed(x, norm.weight, norm.variance_epsilon)[0]


class _Layer:
    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.at, self.dim, self.scale = int(attention.layer_idx), int(attention.head_dim), float(attention.scaling)
        self.before, self.after = layer.input_layernorm, layer.post_attention_layernorm
        self.qkv = _product([attention.q_proj, attention.k_proj, attention.v_proj])
        self.kv = attention.k_proj.weight.shape[0] // self.dim
        self.out = _product([attention.o_proj], then="add")
        self.gate, self.up = _product([mlp.gate_proj], then="swish"), _product([mlp.up_proj], then="mul")
        self.down = _product([mlp.down_proj], then="add")
        self.head_norm: tuple[Tensor, float] | None = None
        if getattr(attention, "q_norm", None) is not None:
            heads = attention.q_proj.weight.shape[0] // self.dim
            parts = [attention.q_norm.weight.expand(heads, -1), attention.k_norm.weight.expand(self.kv, -1)]
            self.head_norm = torch.cat(parts), float(attention.q_norm.variance_epsilon)

    def __call__(self, hidden: Tensor, cos: Tensor, sin: Tensor, plan: Steps) -> Tensor:
        """hidden [B, D], cos and sin [B, 1, head_dim] -> [B, D]."""
        heads = self.qkv(_norm(self.before, hidden)).view(hidden.shape[0], -1, self.dim)
        turned, v = heads[:, : -self.kv], heads[:, -self.kv :]
        if self.head_norm is not None:
            turned = normed(turned, *self.head_norm)[0]
        turned = turn(turned, cos, sin, 1).unsqueeze(2)
        q, k = turned[:, : -self.kv], turned[:, -self.kv :]
        mixed = plan.attend(self.at, q, k, v.unsqueeze(2), self.scale)
        hidden = self.out(mixed.flatten(1), hidden)
        inner = _norm(self.after, hidden)
        return self.down(self.up(inner, self.gate(inner)), hidden)


class PackedStep:
    """tokens [B] -> logits [B, V] of the next, in fp32: `backbone`'s weights as they were when this was made."""

    def __init__(self, backbone: Backbone) -> None:
        body, head = backbone.body, backbone.head
        self.embed, self.norm, self.rotary = backbone.embed, body.norm, body.rotary_emb
        self.layers = [_Layer(layer) for layer in body.layers]  # pyright: ignore
        self.head: Callable[[Tensor], Tensor] = _product([head]) if type(head) is nn.Linear else head

    def __call__(self, tokens: Tensor, plan: Steps) -> Tensor:
        hidden = self.embed(tokens)
        cos, sin = (x.transpose(0, 1) for x in self.rotary(hidden, plan.begin_step().unsqueeze(0)))  # pyright: ignore
        for layer in self.layers:
            hidden = layer(hidden, cos, sin, plan)
        return self.head(_norm(self.norm, hidden)).float()
