"""GRPO as TRL has it: the engine's ppo on what the client sends for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tagpr_engine.losses import TOKEN_LOSSES, Positions


def test_ppo_on_the_clients_advantages_is_trls_grpo() -> None:
    """Loss, gradient and clipped tokens of golden/trl_grpo.json, made by trl 1.16.0 in float64, A_i/(|y_i|N) each."""
    golden = json.loads((Path(__file__).parent / "golden" / "trl_grpo.json").read_text())
    sizes = torch.tensor([len(row) for row in golden["logprobs"]])
    flat = {
        name: torch.tensor([v for row in golden[name] for v in row], dtype=torch.float64)
        for name in ("logprobs", "old", "grad")
    }
    segment = torch.repeat_interleave(torch.arange(len(sizes)), sizes)
    sent = torch.tensor(golden["advantages"], dtype=torch.float64) / (sizes * len(sizes))
    inputs = {"logprobs": flat["old"], "advantages": sent[segment], "weights": torch.ones(len(segment))}
    clip = {"clip_low_threshold": golden["clip_low"], "clip_high_threshold": golden["clip_high"]}
    lp = flat["logprobs"].requires_grad_(True)
    result = TOKEN_LOSSES["ppo"].run(Positions(lp, inputs, segment, len(sizes)), clip)
    result.elementwise.sum().backward()
    assert float(result.elementwise.detach().sum()) == pytest.approx(golden["loss"], abs=1e-12)
    assert lp.grad is not None and float((lp.grad - flat["grad"]).abs().max()) < 1e-12
    assert result.metrics["clipped:sum"] == round(len(segment) * (golden["clipped_low"] + golden["clipped_high"])) > 0
