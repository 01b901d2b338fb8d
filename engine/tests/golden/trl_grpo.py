"""Reference values of GRPO with a KL term, and of decoupled advantages (GDPO), made once by TRL; tests read only the JSON.

    pip install trl==1.16.0 && python engine/tests/golden/trl_grpo.py > engine/tests/golden/trl_grpo.json

`GRPOTrainer._compute_loss` (loss_type "grpo", importance_sampling_level "token", beta 0.3: TRL's KL is the estimator k3)
runs on given log-probs in float64: loss and gradient without the KL term and with it, and the shares of tokens on which a
clip acts. For the advantages the trainer's own lines of `multi_objective_aggregation="normalize_then_sum"` are executed
on given rewards: they stand in the middle of a method that also samples, so they are cut out of its source.
"""

# ruff: noqa
# pyright: basic
import inspect
import json
import textwrap
from collections import defaultdict
from types import SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import torch
import trl
from trl import GRPOTrainer
from trl.trainer import grpo_trainer

LENGTHS = [5, 6, 2, 7, 1, 3, 4]
SIGNS = [1, -1, 1, -1, 1, -1, 1]
EPSILON_LOW, EPSILON_HIGH, BETA = 0.2, 0.25, 0.3
GROUPS, ROLLOUTS, WEIGHTS = 3, 4, [1.0, 0.1, 0.2]


def computed(beta: float, current, old, start, mask, advantages):
    logps = current.clone().requires_grad_(True)
    metrics = defaultdict(list)
    fake = MagicMock()
    fake.__dict__.update(
        model=SimpleNamespace(training=True),
        beta=beta,
        off_policy_mask_threshold=None,
        top_entropy_quantile=1.0,
        importance_sampling_level="token",
        epsilon_low=EPSILON_LOW,
        epsilon_high=EPSILON_HIGH,
        loss_type="grpo",
        use_vllm=False,
        current_gradient_accumulation_steps=1.0,
        args=SimpleNamespace(delta=None, use_bias_correction_kl=False),
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
        "ref_per_token_logps": start,
    }
    loss = GRPOTrainer._compute_loss(fake, None, inputs)
    loss.backward()
    return loss.item(), logps.grad, metrics


def decoupled(rewards):
    lines = inspect.getsource(GRPOTrainer).splitlines()
    begin = next(i for i, line in enumerate(lines) if '== "normalize_then_sum":' in line and "elif" in line)
    end = next(i for i in range(begin, len(lines)) if lines[i].strip() == "else:")
    names = {
        **vars(grpo_trainer),
        "self": SimpleNamespace(reward_funcs=WEIGHTS, reward_weights=torch.tensor(WEIGHTS, dtype=torch.float64)),
        "rewards_per_func": rewards,
        "num_generations": ROLLOUTS,
        "device": "cpu",
        "unscorable_mask": torch.zeros(len(rewards), dtype=torch.bool),
    }
    exec(textwrap.dedent("\n".join(lines[begin + 1 : end])), names)
    return names["advantages"]


def main() -> None:
    rng = np.random.default_rng(20261129)
    mask = torch.tensor([[float(t < n) for t in range(max(LENGTHS))] for n in LENGTHS], dtype=torch.float64)
    current = torch.tensor(-rng.uniform(0.1, 3, mask.shape)) * mask
    old = (current + torch.tensor(rng.normal(0, 0.3, mask.shape))) * mask
    start = (current + torch.tensor(rng.normal(0, 0.5, mask.shape))) * mask
    advantages = torch.tensor(rng.uniform(0.3, 1.5, len(LENGTHS))) * torch.tensor(SIGNS)
    plain, plain_grad, metrics = computed(0.0, current, old, start, mask, advantages)
    with_kl, kl_grad, kl_metrics = computed(BETA, current, old, start, mask, advantages)
    rewards = torch.tensor(rng.uniform(0, 1, (GROUPS * ROLLOUTS, len(WEIGHTS))))
    rewards[:ROLLOUTS, 0] = 1.0  # a group that is tied in one signal

    def rows(x):
        return [x[i, :n].tolist() for i, n in enumerate(LENGTHS)]

    print(
        json.dumps(
            {
                "trl": trl.__version__,
                "clip_low": 1 - EPSILON_LOW,
                "clip_high": 1 + EPSILON_HIGH,
                "beta": BETA,
                "loss": plain,
                "loss_with_kl": with_kl,
                "kl": kl_metrics["kl"][0],
                "clipped_low": metrics["clip_ratio/low_mean"][0],
                "clipped_high": metrics["clip_ratio/high_mean"][0],
                "advantages": advantages.tolist(),
                "logprobs": rows(current),
                "old": rows(old),
                "start": rows(start),
                "grad": rows(plain_grad),
                "grad_with_kl": rows(kl_grad),
                "decoupled": {
                    "weights": WEIGHTS,
                    "rollouts": ROLLOUTS,
                    "rewards": rewards.tolist(),
                    "advantages": decoupled(rewards).tolist(),
                },
            }
        )
    )


main()
