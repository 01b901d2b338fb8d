"""RL of an SFT policy on queries of generate.ts (form chain), with something in a reward model's place. For the gates.

    .venv/bin/python bench/trail/reinforce.py RL.jsonl TEST.jsonl --base DIR [--signals none,oracle,placebo]
        [--weight 0.2] [--noise 0] [--steps 40] [--prompts 16] [--rate 2e-4] [--valid DEV.jsonl] [--every 10]
        [--samples 0] [--seed 0] [--keep PREFIX]

GSPO with one update a batch (then its ratio is 1): advantages (r - mean)/(std + 0.05) within a prompt's group, the
gradient a mean over a response's tokens. Reward: 1 for the (noisy) gold, .1 for the form, WEIGHT x the signal where the
form holds. oracle: the share of the way that the chain's hops follow, which who reads the prompt and knows the almanac
can tell; placebo: the same numbers given to other responses of the batch.

With --valid the weights that answer most of its queries rightly (greedy, the start and every EVERY steps) are kept, as
the product does; what the last step's weights answer is printed as "last". "hits": a 1 or a 0 a test query.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from judge import answer, hops_held, right
from learn import ask
from nano import Model, Said, logprobs, open_model, optimizer, read, say, step

GROUP, DELTA, FORM = 8, 0.05, 0.1
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
    signal: tuple[str, float],
    rng: random.Random,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Verifiable and form rewards, and the weighted signal, [prompt, sample] each."""
    plain = [
        [float(answer(one.text) == gold) + FORM if formed(one) else 0.0 for one in group]
        for gold, group in zip(golds, groups, strict=True)
    ]
    return torch.tensor(plain), signal[1] * signals(signal[0], rows, groups, rng)


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


def hits(model: Model, rows: list[dict[str, Any]]) -> str:
    """A 1 or a 0 a query: whether the greedy answer is right."""
    limit = max(model.encode(row["target"]).size for row in rows) + 8
    said = say(model, [model.encode(row["prompt"]) for row in rows], 1, 0.0, limit, 0)
    return "".join(str(int(right(row, one.text))) for row, (one,) in zip(rows, said, strict=True))


@dataclass
class Looks:
    """Greedy accuracy on queries kept apart, and the weights that had the most of it."""

    rows: list[dict[str, Any]]
    curve: dict[int, float] = field(default_factory=dict)
    best: dict[str, torch.Tensor] = field(default_factory=dict)

    def look(self, model: Model, at: int) -> None:
        if not self.rows:
            return
        found = hits(model, self.rows).count("1") / len(self.rows)
        if found > max(self.curve.values(), default=-1.0):
            self.best = copy.deepcopy(model.backbone.model.state_dict())
        self.curve[at] = round(found, 3)


def reinforce(model: Model, rows: list[dict[str, Any]], signal: str, given: argparse.Namespace, looks: Looks) -> float:
    """Trains; the mean share of the signal in the advantages."""
    rng, optim, began = random.Random(given.seed), optimizer(model, given.rate), time.process_time()
    golds, limit = noisy(rows, given.noise, given.seed), max(model.encode(row["target"]).size for row in rows) + 8
    order: list[int] = []
    shares: list[float] = []
    looks.look(model, 0)
    for at in range(given.steps):
        if len(order) < given.prompts:
            order = rng.sample(range(len(rows)), len(rows))
        part, order = order[: given.prompts], order[given.prompts :]
        asked = [rows[i] for i in part]
        prompts = [model.encode(row["prompt"]) for row in asked]
        groups = say(model, prompts, GROUP, 1.0, limit, given.seed * 10_000 + at)
        plain, extra = rewarded(asked, [golds[i] for i in part], groups, (signal, given.weight), rng)
        shares.append(share_of(extra, plain + extra))
        update(model, optim, given.rate * min(1.0, (at + 1) / 4), prompts, groups, advantages(plain + extra))
        if at % 5 == 0 or at == given.steps - 1:
            spent = f"{time.process_time() - began:.0f} s"
            print(f"# step {at + 1}", told(asked, groups, plain, plain + extra), spent, flush=True)
        if (at + 1) % given.every == 0 or at == given.steps - 1:
            looks.look(model, at + 1)
    return round(sum(shares) / max(1, len(shares)), 3)


def run(signal: str, given: argparse.Namespace) -> dict[str, Any]:
    model, began = open_model(given.base), time.process_time()
    looks, test = Looks(read(given.valid) if given.valid else []), read(given.test)[: given.ask]
    what = {name: getattr(given, name) for name in ("weight", "noise", "steps", "prompts", "rate", "seed")}
    what |= {"signal": signal, "base": given.base.name}
    what["share of advantages"] = reinforce(model, read(given.rl), signal, given, looks)
    what["processor_s"] = round(time.process_time() - began)
    if looks.best:
        what |= {"looks": looks.curve, "last": hits(model, test)}
        model.backbone.model.load_state_dict(looks.best)
    return what | ask(model, test, given.samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rl", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--signals", default="none", help="of none, oracle, placebo: a run each, one after another")
    parser.add_argument("--weight", type=float, default=0.2)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--prompts", type=int, default=16, help="a step, with 8 samples each")
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--valid", type=Path)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--ask", type=int, help="the first so many test rows alone")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", help="a signal's line goes to KEEP-SIGNAL.json; what stands there is not run again")
    given = parser.parse_args()
    for signal in given.signals.replace(",", " ").split():
        kept = Path(f"{given.keep}-{signal}.json") if given.keep else None
        if kept and kept.exists():
            continue
        line = json.dumps(run(signal, given))
        print(line, flush=True)
        if kept:
            kept.write_text(line + "\n")


if __name__ == "__main__":
    main()
