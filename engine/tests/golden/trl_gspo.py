"""Reference values of sequence-level importance sampling, made once by TRL's own loss; tests read only the JSON.

    pip install trl==1.16.0 && python engine/tests/golden/trl_gspo.py > engine/tests/golden/trl_gspo.json

TRL's `GRPOTrainer._compute_loss` (loss_type "grpo", importance_sampling_level "sequence", beta 0) runs on given
log-probs in float64: loss, its gradient by each log-prob, and the shares of sequences on which a clip acts. The batch
has both clips, ratios outside the bounds on the side where neither acts, ratios inside, and a sequence of one token.
"""

# ruff: noqa
# pyright: basic
import json
from collections import defaultdict
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import torch
import trl
from trl import GRPOTrainer

LENGTHS = [5, 6, 2, 7, 1, 3, 4]
SHIFTS = [-0.08, -0.08, 0.08, 0.08, 0.0, 0.01, -0.08]  # of the old log-probs: −0.08 is a ratio near 1.08
SIGNS = [1, -1, 1, -1, 1, -1, 1]
EPSILON_LOW, EPSILON_HIGH = 0.02, 0.03


def main() -> None:
    rng = np.random.default_rng(20261125)
    width = max(LENGTHS)
    mask = torch.tensor([[float(t < n) for t in range(width)] for n in LENGTHS], dtype=torch.float64)
    current = torch.tensor(-rng.uniform(0.1, 3, mask.shape)) * mask
    shifts = torch.tensor(SHIFTS, dtype=torch.float64)[:, None]
    old = (current + shifts + torch.tensor(rng.normal(0, 0.01, mask.shape))) * mask
    advantages = torch.tensor(rng.uniform(0.3, 1.5, len(LENGTHS))) * torch.tensor(SIGNS)
    logps = current.clone().requires_grad_(True)
    metrics: dict[str, list[float]] = defaultdict(list)
    fake = MagicMock()
    fake.__dict__.update(
        model=SimpleNamespace(training=True),
        beta=0.0,
        off_policy_mask_threshold=None,
        top_entropy_quantile=1.0,
        importance_sampling_level="sequence",
        epsilon_low=EPSILON_LOW,
        epsilon_high=EPSILON_HIGH,
        loss_type="grpo",
        use_vllm=False,
        current_gradient_accumulation_steps=1.0,
        args=SimpleNamespace(delta=None),
        _metrics={"train": metrics},
        use_liger_kernel=False,
        aux_loss_enabled=False,
        _entropy_bonus_enabled=False,
    )
    fake.accelerator.gather = lambda x: x
    fake.accelerator.reduce = lambda x, reduction: x
    fake._get_per_token_logps_and_entropies = lambda *a, **k: (logps, torch.zeros_like(logps), None)
    ones = torch.ones(len(LENGTHS), 1, dtype=torch.int64)
    inputs = {
        "prompt_ids": ones,
        "prompt_mask": ones,
        "completion_ids": mask.long(),
        "completion_mask": mask,
        "advantages": advantages,
        "old_per_token_logps": old,
    }
    loss = GRPOTrainer._compute_loss(fake, None, inputs)
    loss.backward()

    def rows(x: torch.Tensor) -> list[list[float]]:
        return [x[i, :n].tolist() for i, n in enumerate(LENGTHS)]

    print(
        json.dumps(
            {
                "trl": trl.__version__,
                "clip_low": 1 - EPSILON_LOW,
                "clip_high": 1 + EPSILON_HIGH,
                "loss": loss.item(),
                "clipped_low": metrics["clip_ratio/low_mean"][0],
                "clipped_high": metrics["clip_ratio/high_mean"][0],
                "advantages": advantages.tolist(),
                "logprobs": rows(current.detach()),
                "old": rows(old),
                "grad": rows(logps.grad),
            }
        )
    )


main()
