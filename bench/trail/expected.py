"""What an oracle in the reward model's place can add to what RL gets from golds alone: by Monte Carlo, no model.

    .venv/bin/python bench/trail/expected.py [WEIGHT=0.2] [PROMPTS=10000] [LABELS=8]

A policy whose hops hold independently with probability p answers a way of k hops; a broken way ends on the right label
in one of seven (of LABELS - 1); a gold is another label in a share of the prompts. With reinforce.py's advantages
(groups of 8) the pull on a hop is the mean of advantage x (held - p) over the hops that a way reaches: REINFORCE's
gradient of its logit. The oracle's over that of golds alone is how much faster hops get better while both are far from
their end: where RL without a signal gains g, the oracle adds about (ratio - 1) g. Alone: as where a query has no gold.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

GROUP, DELTA, FORM = 8, 0.05, 0.1
Floats = NDArray[np.float64]


def advantages(rewards: Floats) -> Floats:
    return (rewards - rewards.mean(1, keepdims=True)) / (rewards.std(1, keepdims=True) + DELTA)


def pulls(p: float, hops: int, noise: float, weight: float, prompts: int, guess: float) -> tuple[float, ...]:
    """Pull on a hop by golds, both, the oracle alone; its share of both's advantages. `guess`: a broken way's luck."""
    rng = np.random.default_rng(0)
    holds = rng.random((prompts, GROUP, hops)) < p
    so_far = np.cumprod(holds, 2)
    held = so_far.sum(2) / hops
    right = (held == 1) | (rng.random(held.shape) < guess)
    hit = np.where(rng.random((prompts, 1)) < noise, ~right & (rng.random(held.shape) < guess), right)
    reached = np.concatenate([np.ones_like(so_far[:, :, :1]), so_far[:, :, :-1]], 2)

    def pull(rewards: Floats) -> float:
        return float((advantages(rewards)[:, :, None] * (holds - p) * reached).mean())

    plain = hit + FORM
    total, extra = plain + weight * held, weight * (held - held.mean(1, keepdims=True))
    own = extra / (total.std(1, keepdims=True) + DELTA)
    share = float((own * advantages(total)).sum() / np.square(advantages(total)).sum())
    return pull(plain), pull(total), pull(total - hit), share


def main() -> None:
    given = sys.argv[1:]
    weight, prompts, labels = (float(text) for text in given + ["0.2", "10000", "8"][len(given) :])
    print("wrong golds | hops | p of a hop | way right | pull of golds | oracle with them | oracle alone | its share")
    for noise in (0.0, 0.2, 0.4):
        for hops in (2, 3, 4, 6):
            for p in (0.5, 0.7, 0.85, 0.95):
                none, both, alone, share = pulls(p, hops, noise, weight, int(prompts), 1 / (labels - 1))
                found = [none, both / none, alone / none, share]
                print(f"{noise} | {hops} | {p} | {p**hops:.2f} | " + " | ".join(f"{one:.3g}" for one in found))


if __name__ == "__main__":
    main()
