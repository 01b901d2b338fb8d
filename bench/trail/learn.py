"""Trains the shipped base on a set of bench/trail/generate.ts and asks it, by depth. For the gates of docs/log.md.

    .venv/bin/python bench/trail/learn.py TRAIN.jsonl TEST.jsonl [--epochs 1] [--rate 1e-3] [--samples 0] [--curriculum] [--base models/nano] [--save DIR]

Prints a JSON line: by depth the share of right answers greedily, and with --samples at each temperature the mean,
majority and pass of so many samples.
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

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

BATCH = 32
TEMPERATURES = (0.3, 0.6, 1.0)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def train(model: Any, encode: Any, rows: list[dict[str, Any]], epochs: float, rate: float, curriculum: bool, seed: int) -> None:
    rng = random.Random(seed)
    order = [rng.sample(range(len(rows)), len(rows)) for _ in range(math.ceil(epochs))]
    plan = [i for part in order for i in part][: int(len(rows) * epochs)]
    if curriculum:  # depth by depth, the shallower ones kept in the mix
        plan.sort(key=lambda i: rows[i]["depth"] if rng.random() < 0.7 else rng.randint(1, 4))
    pairs = [(encode(row["prompt"]), encode(row["target"])) for row in rows]
    steps = len(plan) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    model.train()
    began = time.monotonic()
    for step in range(steps):
        part = [pairs[i] for i in plan[step * BATCH : (step + 1) * BATCH]]
        width = max(len(p) + len(t) for p, t in part)
        ids = torch.zeros(BATCH, width, dtype=torch.long)
        wanted = torch.full((BATCH, width), -100)
        for k, (p, t) in enumerate(part):
            ids[k, : len(p) + len(t)] = torch.tensor(p + t)
            wanted[k, len(p) : len(p) + len(t)] = torch.tensor(t)
        hidden, wanted = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1], wanted[:, 1:]
        loss = cross_entropy(model.lm_head(hidden[wanted != -100]), wanted[wanted != -100])
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 20) * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step % max(1, steps // 10) == 0 or step == steps - 1:
            print(f"# step {step + 1}/{steps} loss {loss.item():.3f} {time.monotonic() - began:.0f} s", flush=True)


@torch.no_grad()
def complete(model: Any, tokenizer: Any, prompts: list[list[int]], limit: int, temperature: float) -> list[str]:
    """Answers (what stands after the last `</think>`, or all) of prompts, those of equal length together."""
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    out = [""] * len(prompts)
    by_length: dict[int, list[int]] = defaultdict(list)
    for i, ids in enumerate(prompts):
        by_length[len(ids)].append(i)
    for group in by_length.values():
        for at in range(0, len(group), 128):
            some = group[at : at + 128]
            ids, cache, said = torch.tensor([prompts[i] for i in some]), None, []
            done = torch.zeros(len(some), dtype=torch.bool)
            for _ in range(limit):
                result = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
                cache, logits = result.past_key_values, result.logits[:, -1]
                chosen = torch.multinomial((logits / temperature).softmax(-1), 1)[:, 0] if temperature else logits.argmax(-1)
                said.append(chosen)
                done |= chosen == end
                if bool(done.all()):
                    break
                ids = chosen[:, None]
            for i, row in zip(some, torch.stack(said, 1).tolist(), strict=True):
                row = row[: row.index(end)] if end in row else row
                out[i] = tokenizer.decode(row)
    return out


def answer(text: str) -> str:
    return text.rsplit("</think>", 1)[-1].strip()


def ask(model: Any, tokenizer: Any, rows: list[dict[str, Any]], samples: int) -> dict[str, Any]:
    model.eval()
    prompts = [tokenizer.encode(row["prompt"], add_special_tokens=False) for row in rows]
    limit = max(len(tokenizer.encode(row["target"], add_special_tokens=False)) for row in rows) + 8
    by_depth: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    texts = complete(model, tokenizer, prompts, limit, 0.0)
    print("#", repr(texts[-1]), rows[-1]["answer"])
    for row, text in zip(rows, texts, strict=True):
        right = float(answer(text) == row["answer"])
        by_depth["greedy"][row["depth"]].append(right)
        for kind in ("hidden", "changed"):
            if kind in row["kinds"]:
                by_depth[f"greedy, {kind}"][row["depth"]].append(right)
    for temperature in TEMPERATURES if samples else ():
        many = complete(model, tokenizer, [p for p in prompts for _ in range(samples)], limit, temperature)
        for i, row in enumerate(rows):
            answers = [answer(text) for text in many[i * samples : (i + 1) * samples]]
            hits = [float(a == row["answer"]) for a in answers]
            by_depth[f"mean, T {temperature}"][row["depth"]].append(sum(hits) / samples)
            by_depth[f"majority@{samples}, T {temperature}"][row["depth"]].append(float(Counter(answers).most_common(1)[0][0] == row["answer"]))
            by_depth[f"pass@{samples}, T {temperature}"][row["depth"]].append(max(hits))
    return {what: {str(d): round(sum(v) / len(v), 3) for d, v in sorted(depths.items())} for what, depths in by_depth.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--take", type=int, default=0, help="the first so many rows alone")
    parser.add_argument("--curriculum", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base", default="models/nano")
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    tokenizer = AutoTokenizer.from_pretrained(given.base)
    model = AutoModelForCausalLM.from_pretrained(given.base, dtype=torch.float32)
    rows = read(given.train)
    rows = rows[: given.take] if given.take else rows
    began = time.process_time()

    def encode(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    train(model, encode, rows, given.epochs, given.rate, given.curriculum, given.seed)
    if given.save:
        model.save_pretrained(given.save)
        tokenizer.save_pretrained(given.save)
    told = {"train": given.train.name, "examples": len(rows), "epochs": given.epochs, "rate": given.rate, "curriculum": given.curriculum}
    print(json.dumps(told | {"processor_s": round(time.process_time() - began)} | ask(model, tokenizer, read(given.test), given.samples)), flush=True)


if __name__ == "__main__":
    main()
