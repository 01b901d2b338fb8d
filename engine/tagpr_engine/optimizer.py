"""AdamW over fp32 masters: torch's own for dense weights, row by row for the user table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from .errors import EngineError


@dataclass(frozen=True)
class Adam:
    """Defaults are the Tinker SDK's. grad_clip_norm 0 means no clipping."""

    learning_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.95
    eps: float = 1e-12
    weight_decay: float = 0.0
    grad_clip_norm: float = 0.0


def read_adam(given: Mapping[str, object]) -> Adam:
    known = {f.name for f in fields(Adam)}
    values: dict[str, float] = {}
    for key, value in given.items():
        if key not in known:
            raise EngineError(f"adam_params: unknown key {key!r} (known: {', '.join(sorted(known))})")
        try:
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise EngineError(f"adam_params: {key} must be a finite number, not {str(value)[:40]!r}")
        values[key] = number
    adam = Adam(**values)
    for key in ("learning_rate", "eps", "weight_decay", "grad_clip_norm"):
        if getattr(adam, key) < 0:
            raise EngineError(f"adam_params: {key} is {getattr(adam, key)}; it must be at least 0")
    for key in ("beta1", "beta2"):
        if not 0 <= getattr(adam, key) < 1:
            raise EngineError(f"adam_params: {key} is {getattr(adam, key)}; it must be in [0, 1)")
    return adam


def dense_optimizer(masters: list[Tensor]) -> torch.optim.AdamW:
    """fused: one pass over memory instead of a dozen; the numbers are AdamW's own."""
    return torch.optim.AdamW(masters, lr=1e-4, betas=(0.9, 0.95), eps=1e-12, weight_decay=0.0, fused=True)


def set_adam(optimizer: torch.optim.AdamW, adam: Adam) -> None:
    for group in optimizer.param_groups:
        group["lr"], group["betas"] = adam.learning_rate, (adam.beta1, adam.beta2)
        group["eps"], group["weight_decay"] = adam.eps, adam.weight_decay


class RowAdam:
    """AdamW on the rows that got a gradient since the last step: the others keep weights, moments and step count."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self.exp_avg = torch.zeros_like(table)
        self.exp_avg_sq = torch.zeros_like(table)
        self.steps = torch.zeros(table.shape[0], dtype=torch.int64, device=table.device)

    @torch.no_grad()
    def step(self, rows: Tensor, grad: Tensor, adam: Adam) -> None:
        """rows [R] without repeats, grad [R, D]."""
        self.steps[rows] += 1
        count = self.steps[rows].to(grad.dtype).unsqueeze(1)
        weight = self.table[rows] * (1 - adam.learning_rate * adam.weight_decay)
        first = self.exp_avg[rows].lerp(grad, 1 - adam.beta1)
        second = self.exp_avg_sq[rows] * adam.beta2 + grad * grad * (1 - adam.beta2)
        denominator = second.sqrt() / (1 - adam.beta2**count).sqrt() + adam.eps
        self.table[rows] = weight - adam.learning_rate / (1 - adam.beta1**count) * first / denominator
        self.exp_avg[rows], self.exp_avg_sq[rows] = first, second
