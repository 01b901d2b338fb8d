"""Sequences of unequal length side by side in one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Lengths:
    """Sequences side by side: where each begins and the last ends, [n + 1] in int32, and the longest."""

    ends: Tensor
    longest: int
    each: tuple[int, ...]

    @staticmethod
    def of(lengths: Sequence[int], device: torch.device) -> Lengths:
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        # the kernel rearranges heads where the longest is 1, log-sum-exp and all; 2 keeps its one layout
        return Lengths(torch.from_numpy(ends).to(device), max(2, *lengths), tuple(lengths))
