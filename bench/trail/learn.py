"""SFT of a base on a set of generate.ts, then questions by depth. For the gates of docs/log.md.

    .venv/bin/python bench/trail/learn.py TRAIN.jsonl [TEST.jsonl] [--take N] [--epochs 1] [--rate 1e-3] [--samples 0]
        [--curriculum] [--base models/nano] [--save DIR]

Prints a JSON line: by depth the share of right answers greedily (of queries with a hidden or changed hop too), and with
--samples at each temperature the mean, the majority's and whether any of so many samples is right (pass). "hits": a 1
or a 0 a query, greedily.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from judge import answer, hops, hops_held, right
from nano import Model, chunks, cosine, logprobs, open_model, optimizer, read, save, say, step

BATCH = 32
TEMPERATURES = (0.3, 0.6, 1.0)


def plan_of(rows: list[dict[str, Any]], epochs: float, curriculum: bool, seed: int) -> list[list[int]]:
    """Which rows each batch holds. Those of one history stand together, so that it is computed once."""
    rng = random.Random(seed)
    units = chunks_of_one_history(rows)
    order = [i for _ in range(math.ceil(epochs)) for unit in rng.sample(units, len(units)) for i in unit]
    order = order[: int(len(rows) * epochs)]
    if curriculum:  # depth by depth, the shallower ones kept in the mix
        deepest = max(row["depth"] for row in rows)
        order.sort(key=lambda i: rows[i]["depth"] if rng.random() < 0.7 else rng.randint(1, deepest))
    return list(chunks(order, BATCH))


def chunks_of_one_history(rows: list[dict[str, Any]]) -> list[list[int]]:
    units: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        units[row["prompt"].split("\n\n", 1)[0]].append(i)
    return list(units.values())


def train(model: Model, rows: list[dict[str, Any]], plan: list[list[int]], rate: float) -> None:
    prompts, targets = ([model.encode(row[name]) for row in rows] for name in ("prompt", "target"))
    optim, weights = optimizer(model, rate), model.weights
    began, seen = time.process_time(), 0
    for at, part in enumerate(plan):
        loss = -logprobs(model, [prompts[i] for i in part], [targets[i] for i in part]).mean()
        step(optim, loss, weights, cosine(rate, at, len(plan)))
        seen += sum(prompts[i].size + targets[i].size for i in part)
        if at % max(1, len(plan) // 10) == 0 or at == len(plan) - 1:
            print(
                f"# step {at + 1}/{len(plan)} loss {loss.item():.3f} {seen} tokens {time.process_time() - began:.0f} s",
                flush=True,
            )


Table = dict[str, dict[int, list[float]]]


def ask(model: Model, rows: list[dict[str, Any]], samples: int) -> dict[str, Any]:
    prompts = [model.encode(row["prompt"]) for row in rows]
    limit = max(model.encode(row["target"]).size for row in rows) + 8
    found: Table = defaultdict(lambda: defaultdict(list))
    said = [one.text for (one,) in say(model, prompts, 1, 0.0, limit, 0)]
    for row, text in zip(rows, said, strict=True):
        hit = float(right(row, text))
        found["greedy"][row["depth"]].append(hit)
        found["as many hops as asked, greedy"][row["depth"]].append(float(len(hops(text)) == row["depth"]))
        found["hops held, greedy"][row["depth"]].append(hops_held(row, text))
        for kind in ("hidden", "changed"):
            if any(hop[2] == kind for hop in row["path"]):
                found[f"greedy, {kind}"][row["depth"]].append(hit)
    hits = "".join(str(int(right(row, text))) for row, text in zip(rows, said, strict=True))
    print("#", repr(said[-1]), rows[-1]["answer"], flush=True)
    for seed, temperature in enumerate(TEMPERATURES if samples else ()):
        for row, group in zip(rows, say(model, prompts, samples, temperature, limit, seed + 1), strict=True):
            tally(found, row, [one.text for one in group], temperature)
    by_depth = {what: {d: round(sum(v) / len(v), 3) for d, v in sorted(by.items())} for what, by in found.items()}
    return by_depth | {"hits": hits}


def tally(found: Table, row: dict[str, Any], texts: list[str], temperature: float) -> None:
    hits = [float(right(row, text)) for text in texts]
    majority = Counter(answer(text) for text in texts).most_common(1)[0][0]
    at = f"T {temperature}"
    found[f"mean, {at}"][row["depth"]].append(sum(hits) / len(hits))
    found[f"majority@{len(hits)}, {at}"][row["depth"]].append(float(majority == row["answer"]))
    found[f"pass@{len(hits)}, {at}"][row["depth"]].append(max(hits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path, nargs="?")
    parser.add_argument("--take", type=int, help="the first so many rows alone")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--ask", type=int, help="the first so many test rows alone")
    parser.add_argument("--curriculum", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base", type=Path, default=Path("models/nano"))
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    model, began = open_model(given.base), time.process_time()
    rows = read(given.train)[: given.take]
    train(model, rows, plan_of(rows, given.epochs, given.curriculum, given.seed), given.rate)
    if given.save:
        save(model, given.save, given.base)
    told = {name: getattr(given, name) for name in ("epochs", "rate", "curriculum", "seed")}
    told |= {
        "train": given.train.name,
        "base": given.base.name,
        "examples": len(rows),
        "processor_s": round(time.process_time() - began),
    }
    print(
        json.dumps(told | (ask(model, read(given.test)[: given.ask], given.samples) if given.test else {})), flush=True
    )


if __name__ == "__main__":
    main()
