"""PQP pairs of an SFT policy's own samples: what tells them apart, and whether the base learns it. For the gates.

    .venv/bin/python bench/trail/prefer.py PRMU.jsonl --base DIR [--pairs 1500] [--held 400] [--rate 2e-4] [--save DIR]

A pair is two samples of one query, the preferred one right; as many a query as there are, four at most. Prints of the
held-out pairs the share that each rule and the reward model get right: bayes (the answer that who reads the prompt
expects), hops (the share of the way that a chain follows), strategy (how often samples of the same shape are right in
training pairs: lines, doubts), length (the shorter or the longer, whichever is right more often in training).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from judge import hops_held, right
from nano import Model, Said, Tokens, chunks, cosine, open_model, optimizer, read, save, say, step
from tagpr_engine.tree import pack
from torch.nn.functional import logsigmoid

SAMPLES, A_QUERY, BATCH = 8, 4, 16


@dataclass(frozen=True)
class Pair:
    row: dict[str, Any]
    prompt: Tokens
    good: Said
    bad: Said


def pairs_of(model: Model, rows: list[dict[str, Any]], wanted: int, seed: int) -> list[Pair]:
    """In the order of the queries, so that a cut leaves no query on both sides of it but one."""
    rng, out = random.Random(seed), []
    limit = max(model.encode(row["target"]).size for row in rows) + 8
    for at, part in enumerate(chunks(rows, 64)):
        prompts = [model.encode(row["prompt"]) for row in part]
        for row, prompt, group in zip(
            part, prompts, say(model, prompts, SAMPLES, 1.0, limit, seed * 1000 + at), strict=True
        ):
            good = [one for one in group if one.ended and right(row, one.text)]
            bad = [one for one in group if one.ended and not right(row, one.text)]
            both = rng.sample([(g, b) for g in good for b in bad], min(A_QUERY, len(good), len(bad)))
            out += [Pair(row, prompt, g, b) for g, b in both]
        if len(out) >= wanted:
            break
    return out[:wanted]


def scores(model: Model, pairs: list[Pair]) -> torch.Tensor:
    """[pairs, 2]: of the preferred sample and of the other."""
    whole = [np.concatenate([pair.prompt, one.tokens]) for pair in pairs for one in (pair.good, pair.bad)]
    packed = pack(whole)
    hidden, _ = model.backbone.hidden_of(packed, np.array([index[-1] for index in packed.index]))
    return model.backbone.head(hidden).view(-1, 2)


def train(model: Model, pairs: list[Pair], epochs: int, rate: float, seed: int) -> None:
    rng, optim = random.Random(seed), optimizer(model, rate)
    plan = [part for _ in range(epochs) for part in chunks(rng.sample(pairs, len(pairs)), BATCH)]
    for at, part in enumerate(plan):
        found = scores(model, part)
        loss = -logsigmoid(found[:, 0] - found[:, 1]).mean()
        step(optim, loss, model.weights, cosine(rate, at, len(plan)))
        if at % max(1, len(plan) // 8) == 0:
            print(f"# step {at + 1}/{len(plan)} loss {loss.item():.3f}", flush=True)


@torch.no_grad()
def accuracy(model: Model, pairs: list[Pair]) -> float:
    margins = torch.cat([(s := scores(model, part))[:, 0] - s[:, 1] for part in chunks(pairs, 64)])
    return share([float(m) for m in margins])


def share(margins: list[float]) -> float:
    return round(sum(1.0 if m > 0 else 0.5 if m == 0 else 0.0 for m in margins) / max(1, len(margins)), 3)


def shape(row: dict[str, Any], one: Said) -> tuple[bool, int]:
    """What a chain does, whatever it says: whether it takes as many hops as were asked for, and how often it doubts."""
    return one.text.count("film ") == row["depth"], one.text.count("unsure")


def rules(known: list[Pair], held: list[Pair]) -> dict[str, float]:
    worth: dict[tuple[bool, int], list[float]] = defaultdict(lambda: [0.5])
    for pair in known:
        worth[shape(pair.row, pair.good)].append(1.0)
        worth[shape(pair.row, pair.bad)].append(0.0)
    mean = {what: sum(hits) / len(hits) for what, hits in worth.items()}
    longer = share([float(p.good.tokens.size - p.bad.tokens.size) for p in known])
    sign = 1.0 if longer >= 0.5 else -1.0
    return {
        "bayes": share([float(right(p.row, p.good.text)) - float(right(p.row, p.bad.text)) for p in held]),
        "hops": share([hops_held(p.row, p.good.text) - hops_held(p.row, p.bad.text) for p in held]),
        "strategy": share([mean.get(shape(p.row, p.good), 0.5) - mean.get(shape(p.row, p.bad), 0.5) for p in held]),
        "length": share([sign * (p.good.tokens.size - p.bad.tokens.size) for p in held]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=1500)
    parser.add_argument("--held", type=int, default=400)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    began = time.process_time()
    pairs = pairs_of(open_model(given.base), read(given.queries), given.pairs + given.held, given.seed)
    held, known = pairs[: given.held], pairs[given.held :]
    told: dict[str, Any] = {"pairs": len(known), "held": len(held)} | rules(known, held)
    model = open_model(given.base, reward=True)
    told["before"] = accuracy(model, held)
    train(model, known, given.epochs, given.rate, given.seed)
    told["reward model"] = accuracy(model, held)
    told["of its own pairs"] = accuracy(model, known[: given.held])
    if given.save:
        save(model, given.save, given.base)
    print(
        json.dumps(
            told | {"base": given.base.name, "rate": given.rate, "processor_s": round(time.process_time() - began)}
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
