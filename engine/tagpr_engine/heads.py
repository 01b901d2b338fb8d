"""From hidden states to log-probs of given targets, without ever holding all logits in fp32."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@functools.cache
def room(device: torch.device) -> tuple[int, int]:
    """Bytes of fp32 logits held at once; bytes up to which their softmax is kept for the backward pass.

    A GPU with much memory gets more of both: fewer, longer kernels.
    """
    chunk, keep = 64 << 20, 256 << 20
    if device.type != "cuda":
        return chunk, keep
    total = torch.cuda.get_device_properties(device).total_memory
    return min(max(chunk, total >> 7), 1 << 30), min(max(keep, total >> 5), 4 << 30)


def chunk_rows(vocab: int, device: torch.device) -> int:
    return max(1, room(device)[0] // (4 * vocab))


class _TargetLogprobs(torch.autograd.Function):
    """hidden [M, D], weight [V, D], targets [M, K] -> log-probs [M, K] in fp32."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, learns: bool) -> Tensor:
        out = torch.empty(targets.shape, dtype=torch.float32, device=hidden.device)
        keep = hidden.shape[0] * weight.shape[0] * 4 <= room(hidden.device)[1] and learns
        ctx.kept = []
        step = chunk_rows(weight.shape[0], weight.device)
        for lo in range(0, hidden.shape[0], step):
            logits = (hidden[lo : lo + step] @ weight.T).float()
            lse = logits.logsumexp(-1, keepdim=True)
            out[lo : lo + step] = logits.gather(1, targets[lo : lo + step]) - lse
            if keep:
                ctx.kept.append(logits.sub_(lse).exp_())
        ctx.save_for_backward(hidden, weight, targets)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        hidden, weight, targets = ctx.saved_tensors
        wants_hidden, wants_weight = ctx.needs_input_grad[:2]
        dhidden = torch.empty_like(hidden) if wants_hidden else None
        dweight = torch.zeros_like(weight) if wants_weight else None
        step = chunk_rows(weight.shape[0], weight.device)
        for at, lo in enumerate(range(0, hidden.shape[0], step)):
            cut = slice(lo, lo + step)
            probs = ctx.kept[at] if ctx.kept else (hidden[cut] @ weight.T).float().softmax(-1)
            grad = grads[0][cut]
            dlogits = probs.mul_(-grad.sum(-1, keepdim=True))
            dlogits.scatter_add_(1, targets[cut], grad)
            dlogits = dlogits.to(weight.dtype)
            if dhidden is not None:
                dhidden[cut] = dlogits @ weight
            if dweight is not None:
                dweight.addmm_(dlogits.T, hidden[cut])
        ctx.kept = []
        return dhidden, dweight, None, None


def target_logprobs(head: nn.Module, hidden: Tensor, targets: Tensor) -> Tensor:
    """Log-probs (nats, fp32) of targets[i] after hidden[i]; targets [M], or [M, K] for several a position."""
    if targets.dim() == 1:
        return target_logprobs(head, hidden, targets.unsqueeze(1)).squeeze(1)
    if type(head) is nn.Linear and not any(name == "bias" for name, _ in head.named_parameters()):
        # within `forward` gradients are always off, and what a parameter wants says nothing of the call
        learns = torch.is_grad_enabled()
        out: Tensor = _TargetLogprobs.apply(hidden, head.weight, targets, learns)  # pyright: ignore
        return out
    step = chunk_rows(_vocab(head), hidden.device)
    # checkpointed: a chunk's logits are computed again for the backward pass, not kept
    parts = [
        checkpoint(functools.partial(_logprobs, head), h, t, use_reentrant=False)
        if torch.is_grad_enabled()
        else _logprobs(head, h, t)
        for h, t in zip(hidden.split(step), targets.split(step), strict=True)
    ]
    return torch.cat(parts) if parts else hidden.new_zeros(targets.shape, dtype=torch.float32)


def _logprobs(head: nn.Module, hidden: Tensor, targets: Tensor) -> Tensor:
    return torch.log_softmax(head(hidden).float(), -1).gather(1, targets)


def likeliest(head: nn.Module, hidden: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k likeliest tokens after each of hidden [M, D] and their log-probs, both [M, k], the likeliest first."""
    tokens = torch.empty(hidden.shape[0], k, dtype=torch.int64, device=hidden.device)
    logprobs = torch.empty(hidden.shape[0], k, dtype=torch.float32, device=hidden.device)
    step = chunk_rows(_vocab(head), hidden.device)
    for lo in range(0, hidden.shape[0], step):
        logits = head(hidden[lo : lo + step]).float()
        values, tokens[lo : lo + step] = logits.topk(k, -1)
        logprobs[lo : lo + step] = values - logits.logsumexp(-1, keepdim=True)
    return tokens, logprobs


def _vocab(head: nn.Module) -> int:
    return int(getattr(head, "out_features", 65536))
