"""The backward pass of attention in bf16 on a processor, as batched products of blocks of queries.

PyTorch's kernel multiplies small blocks, and for each of them the library of its products asks the allocator for room,
from every thread: in bf16 that takes longer than the products, most of all where freed memory is kept (`memory`).
"""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK = 128  # queries of one head: what is made of their scores stays in the caches


def backward(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, out: Tensor, share: Tensor | None, causal: bool, scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of q [n, H, S, D], k and v [n, Hkv, L, D]; grad and out like q.

    share [n, H, S]: how much these keys weigh among all that a query looks at; None: they are all. out is that of all.
    """
    n, heads, length, dim = q.shape
    kv, groups = k.shape[1], n * k.shape[1]
    k, v = k.reshape(groups, -1, dim), v.reshape(groups, -1, dim)
    inner = (grad.float() * out.float()).sum(-1).to(q.dtype)
    dq = torch.empty_like(q)
    dk, dv = torch.zeros_like(k, dtype=torch.float32), torch.zeros_like(v, dtype=torch.float32)

    def block(x: Tensor, at: int, to: int) -> Tensor:
        """[n, H, S, X] -> the queries of all heads with the same keys, [n * Hkv, H / Hkv * (to - at), X]."""
        return x[:, :, at:to].reshape(groups, heads // kv * (to - at), x.shape[-1])

    for at in range(0, length, BLOCK):
        to = min(length, at + BLOCK)
        seen = to if causal else k.shape[1]
        queries, slope = block(q, at, to) * scale, block(grad, at, to)
        scores = queries @ k[:, :seen].transpose(1, 2)
        if causal:
            later = torch.ones(to - at, to - at, dtype=torch.bool).triu_(1)
            scores.view(-1, to - at, seen)[..., at:].masked_fill_(later, float("-inf"))
        weights = scores.softmax(-1)
        if share is not None:
            weights.mul_(block(share.unsqueeze(-1), at, to).to(q.dtype))
        dscores = (slope @ v[:, :seen].transpose(1, 2)).sub_(block(inner.unsqueeze(-1), at, to)).mul_(weights)
        dv[:, :seen] += weights.transpose(1, 2) @ slope
        dk[:, :seen] += dscores.transpose(1, 2) @ queries
        dq[:, :, at:to] = (dscores @ k[:, :seen]).view(n, heads, to - at, dim)
    return dq.mul_(scale), dk.to(q.dtype).view(n, kv, -1, dim), dv.to(q.dtype).view(n, kv, -1, dim)
