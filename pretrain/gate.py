"""Answers the gate's questions greedily and counts. Usage: python pretrain/gate.py MODEL CORPUS [--sample]

Look-up counts, of the questions with a match among the shown items, those answered with the label of the *latest*
match; where several matches disagree, an earlier one's label counts as wrong.
The format is read when exactly one <think>…</think> opens the response (none with thinking off) and an answer of the
task follows. Scores: accuracy (tag), MAE (rating), share of exact titles (title; the style mark left out).
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

LABELS = set("comedy action dystopia classic psychology fantasy romance violence".split())
THOUGHT = re.compile(r"<think>\n(.+?)\n</think>\n\n([^<]+)<\|im_end\|>", re.S)
DIRECT = re.compile(r"([^<]+)<\|im_end\|>")


@torch.inference_mode()
def complete(model: Qwen3ForCausalLM, prompts: list[list[int]], end: int, limit: int, sample: bool) -> list[list[int]]:
    """Continuations of prompts of *equal* length."""
    ids = torch.tensor(prompts)
    cache, out = None, []
    done = torch.zeros(len(prompts), dtype=torch.bool)
    for _ in range(limit):
        result = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache, logits = result.past_key_values, result.logits[:, -1]
        chosen = torch.multinomial(logits.softmax(-1), 1)[:, 0] if sample else logits.argmax(-1)
        out.append(chosen)
        done |= chosen == end
        if bool(done.all()):
            break
        ids = chosen[:, None]
    return torch.stack(out, 1).tolist()


def read_answer(text: str, style: str, shape: str) -> str | None:
    found = (DIRECT if style in ("rag", "zero-shot") else THOUGHT).match(text)
    if found is None:
        return None
    answer = found.groups()[-1].strip()
    if shape == "tag":
        return answer if answer in LABELS else None
    if shape == "rating":
        return answer if answer in {"1", "2", "3", "4", "5"} else None
    return answer or None


def score(shape: str, answer: str | None, gold: str) -> float:
    if shape == "rating":
        return abs(int(answer) - int(gold)) if answer else max(5 - int(gold), int(gold) - 1)
    return float(answer is not None and answer.rstrip("!.") == gold.rstrip("!."))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--shapes", default="tag,rating,title")
    parser.add_argument("--styles", default="rag-r,untagged,zero-shot-r,rag,zero-shot")
    options = parser.parse_args()
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    end = tokenizer.token_to_id("<|im_end|>")
    model = Qwen3ForCausalLM.from_pretrained(options.model).eval()
    gate = json.loads((options.corpus / "gate.json").read_text())
    questions: list[dict[str, Any]] = [q for q in gate["questions"] if q["shape"] in options.shapes.split(",") and q["style"] in options.styles.split(",")]
    by_length: dict[int, list[dict[str, Any]]] = defaultdict(list)
    start = time.monotonic()
    for question in questions:
        question["ids"] = tokenizer.encode(question["prompt"], add_special_tokens=False).ids
        by_length[len(question["ids"])].append(question)
    tokens = 0
    for group in by_length.values():
        for at in range(0, len(group), 64):
            part = group[at : at + 64]
            for question, ids in zip(part, complete(model, [q["ids"] for q in part], end, 160, options.sample), strict=True):
                ids = ids[: ids.index(end) + 1] if end in ids else ids
                tokens += len(ids)
                question["text"] = tokenizer.decode(ids, skip_special_tokens=False)
                question["answer"] = read_answer(question["text"], question["style"], question["shape"])
    rows = []
    for key in sorted({(q["shape"], q["style"]) for q in questions}):
        mine = [q for q in questions if (q["shape"], q["style"]) == key]
        matched = [q for q in mine if q["match"] is not None]
        bounds = [v for k, v in gate["ceilings"].items() if k.startswith(key[0])]
        rows.append(
            {
                "shape": key[0],
                "style": key[1],
                "n": len(mine),
                "read": round(sum(q["answer"] is not None for q in mine) / len(mine), 4),
                "matches": len(matched),
                "look_up": round(sum(q["answer"] == q["match"] for q in matched) / len(matched), 4) if matched else None,
                "score": round(sum(score(q["shape"], q["answer"], q["gold"]) for q in mine) / len(mine), 4),
                "query_only": round(sum(b["query_only"] for b in bounds) / len(bounds), 4),
                "shown_items": round(sum(b["shown_items"] for b in bounds) / len(bounds), 4),
            }
        )
        print(json.dumps(rows[-1]))
        print("   ", repr(mine[0]["text"]), mine[0]["gold"])
    print(json.dumps({"seconds": round(time.monotonic() - start), "tokens": tokens}))
    (options.corpus / "gate_result.json").write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
