"""RL of an SFT policy on queries of generate.ts (form chain), with something in a reward model's place. For the gates.

    .venv/bin/python bench/trail/reinforce.py RL.jsonl TEST.jsonl --base DIR [--signal none|oracle|placebo]
        [--weight 0.2] [--noise 0] [--steps 40] [--rate 2e-4] [--samples 0] [--seed 0] [--save DIR]

GSPO with one update a batch (then its ratio is 1): advantages (r - mean)/(std + 0.05) within a prompt's group, the
gradient a mean over a response's tokens. Reward: 1 for the (noisy) gold, .1 for the form, WEIGHT x the signal where the
form holds. oracle: the share of the way that the chain's hops follow, which who reads the prompt and knows the almanac
can tell; placebo: the same numbers given to other responses of the batch.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import Any

import torch
from judge import answer, hops_held, right
from learn import ask
from nano import Model, Said, logprobs, open_model, optimizer, read, save, say, step

PROMPTS, GROUP, DELTA, FORM = 16, 8, 0.05, 0.1
LABELS = ["comedy", "action", "dystopia", "classic", "psychology", "fantasy", "romance", "violence"]


def noisy(rows: list[dict[str, Any]], noise: float, seed: int) -> list[str]:
    """Golds, each replaced by any other label with probability `noise`."""
    rng = random.Random(f"noise {seed}")
    draws = [(rng.random(), rng.random()) for _ in rows]
    wrong = [[label for label in LABELS if label != row["answer"]] for row in rows]
    return [
        w[int(which * len(w))] if flip < noise else row["answer"]
        for row, w, (flip, which) in zip(rows, wrong, draws, strict=True)
    ]


def formed(one: Said) -> bool:
    return one.ended and one.text.count("</think>") == 1 and answer(one.text) in LABELS


def signals(kind: str, rows: list[dict[str, Any]], groups: list[list[Said]], rng: random.Random) -> torch.Tensor:
    """What stands in a reward model's place, [prompt, sample]; 0 where the form fails."""
    if kind == "none":
        return torch.zeros(len(groups), len(groups[0]))
    scores = [
        hops_held(row, one.text) if formed(one) else 0.0
        for row, group in zip(rows, groups, strict=True)
        for one in group
    ]
    if kind == "placebo":
        rng.shuffle(scores)
    return torch.tensor(scores).view(len(groups), -1)


def advantages(rewards: torch.Tensor) -> torch.Tensor:
    spread = rewards.std(1, correction=0, keepdim=True)
    return (rewards - rewards.mean(1, keepdim=True)) / (spread + DELTA)


def update(
    model: Model, optim: torch.optim.AdamW, rate: float, prompts: list[Any], groups: list[list[Said]], adv: torch.Tensor
) -> None:
    """One step on the groups that have spread."""
    chosen = [(i, k) for i, group in enumerate(groups) for k in range(len(group)) if abs(float(adv[i, k])) > 1e-6]
    if not chosen:
        return
    targets = [groups[i][k].tokens for i, k in chosen]
    found = logprobs(model, [prompts[i] for i, _ in chosen], targets).split([t.size for t in targets])
    loss = -sum(float(adv[i, k]) * part.mean() for (i, k), part in zip(chosen, found, strict=True)) / adv.numel()
    assert isinstance(loss, torch.Tensor)
    step(optim, loss, model.weights, rate)


def rewarded(
    rows: list[dict[str, Any]],
    golds: list[str],
    groups: list[list[Said]],
    given: argparse.Namespace,
    rng: random.Random,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Verifiable and form rewards, and the weighted signal, [prompt, sample] each."""
    plain = [
        [float(answer(one.text) == gold) + FORM if formed(one) else 0.0 for one in group]
        for gold, group in zip(golds, groups, strict=True)
    ]
    return torch.tensor(plain), given.weight * signals(given.signal, rows, groups, rng)


def share_of(extra: torch.Tensor, total: torch.Tensor) -> float:
    """What the signal adds to the advantages' variance: its covariance with them over it."""
    adv = advantages(total)
    own = (extra - extra.mean(1, keepdim=True)) / (total.std(1, correction=0, keepdim=True) + DELTA)
    return float((own * adv).sum() / adv.square().sum().clamp(min=1e-9))


def told(rows: list[dict[str, Any]], groups: list[list[Said]], plain: torch.Tensor, total: torch.Tensor) -> str:
    pairs = [(row, one.text) for row, group in zip(rows, groups, strict=True) for one in group]
    found = {
        "right": sum(right(*pair) for pair in pairs) / len(pairs),
        "held": sum(hops_held(*pair) for pair in pairs) / len(pairs),
        "form": float((plain > 0).float().mean()),
        "spread": float((total.std(1) > 1e-6).float().mean()),
        "tied in the verifiable part": float(((plain.std(1) < 1e-6) & (total.std(1) > 1e-6)).float().mean()),
    }
    return json.dumps({name: round(value, 3) for name, value in found.items()})


def reinforce(model: Model, rows: list[dict[str, Any]], given: argparse.Namespace) -> float:
    """Trains; the mean share of the signal in the advantages."""
    rng, optim, began = random.Random(given.seed), optimizer(model, given.rate), time.process_time()
    golds, limit = noisy(rows, given.noise, given.seed), max(model.encode(row["target"]).size for row in rows) + 8
    order: list[int] = []
    shares: list[float] = []
    for at in range(given.steps):
        if len(order) < PROMPTS:
            order = rng.sample(range(len(rows)), len(rows))
        part, order = order[:PROMPTS], order[PROMPTS:]
        asked = [rows[i] for i in part]
        prompts = [model.encode(row["prompt"]) for row in asked]
        groups = say(model, prompts, GROUP, 1.0, limit, given.seed * 10_000 + at)
        plain, extra = rewarded(asked, [golds[i] for i in part], groups, given, rng)
        shares.append(share_of(extra, plain + extra))
        update(model, optim, given.rate * min(1.0, (at + 1) / 4), prompts, groups, advantages(plain + extra))
        if at % 5 == 0 or at == given.steps - 1:
            spent = f"{time.process_time() - began:.0f} s"
            print(f"# step {at + 1}", told(asked, groups, plain, plain + extra), spent, flush=True)
    return round(sum(shares) / max(1, len(shares)), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rl", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--signal", choices=("none", "oracle", "placebo"), default="none")
    parser.add_argument("--weight", type=float, default=0.2)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--ask", type=int, help="the first so many test rows alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    model, began = open_model(given.base), time.process_time()
    share = reinforce(model, read(given.rl), given)
    if given.save:
        save(model, given.save, given.base)
    what = {name: getattr(given, name) for name in ("signal", "weight", "noise", "steps", "rate", "seed")}
    what |= {"base": given.base.name, "share of advantages": share, "processor_s": round(time.process_time() - began)}
    print(json.dumps(what | ask(model, read(given.test)[: given.ask], given.samples)), flush=True)


if __name__ == "__main__":
    main()
