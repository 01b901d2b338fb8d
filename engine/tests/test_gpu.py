"""What stands around a GPU's kernels, on the CPU: its fallbacks, global state and memory."""

from __future__ import annotations

import pytest
import torch

from tagpr_engine.repeatable import repeatable

GPU = torch.device("cuda:0")


def test_one_order_of_sums_is_asked_of_a_gpu_alone_and_only_within() -> None:
    def state() -> tuple[bool, bool]:
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()

    with repeatable(torch.device("cpu")):
        assert state() == (False, False)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with pytest.raises(ValueError, match="within"), repeatable(GPU):
            assert state() == (True, False)
            raise ValueError("within")
        assert state() == (True, True)
    finally:
        torch.use_deterministic_algorithms(False)
