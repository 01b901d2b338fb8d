"""The same call gives the same bits, on a GPU too: its sums are then made in one order."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it before its first product

import torch

torch.utils.deterministic.fill_uninitialized_memory = False  # pyright: ignore


@contextmanager
def repeatable(device: torch.device) -> Generator[None]:
    """Within, PyTorch takes a GPU's kernels whose sums have one order. On the CPU ours have one anyway."""
    if device.type != "cuda":
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
