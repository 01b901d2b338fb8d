"""Does a chain carry its answer? For a finished run of the synthetic world's tagging task.

    npx tagpr data export RUN --split test --form chat --out prompts.jsonl
    .venv/bin/python bench/learning/chain_probe.py RUN prompts.jsonl [--method tagpr|guided|sft] [--stratum unseen]

Each greedy response is cut just before the query's label is first said, and gone on with: with the history in the
prompt, with it taken out, and from the query's own words without any chain. Prints, as JSON, the share of right labels
and of labels that are the ones answered (docs/log.md, 2026-11-27).
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

STAGES = {"tagpr": "explore", "guided": "guided", "sft": "sft"}
BATCH = 50


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def without_history(prompt: str) -> str:
    start, end = prompt.index("History of this user"), prompt.index("Which tag does")
    return prompt[:start] + prompt[end:]


@torch.no_grad()
def next_words(model: Any, tokenizer: Any, texts: list[str]) -> list[str]:
    """The first word that follows each text, greedily."""
    out = [""] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    for at in range(0, len(order), BATCH):
        some = order[at : at + BATCH]
        ids = [tokenizer(texts[i], add_special_tokens=False)["input_ids"] for i in some]
        longest, pad = max(map(len, ids)), tokenizer.eos_token_id or 0
        tokens = torch.tensor([[pad] * (longest - len(row)) + row for row in ids])
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids])
        made = model.generate(tokens, attention_mask=mask, max_new_tokens=5, do_sample=False, pad_token_id=pad)
        for row, i in enumerate(some):
            words = tokenizer.decode(made[row, longest:], skip_special_tokens=True).split()
            out[i] = words[0] if words else ""
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--method", choices=STAGES, default="tagpr")
    parser.add_argument("--stratum", choices=("seen", "unseen", "cold"), default="unseen")
    given = parser.parse_args()
    stage = given.run / STAGES[given.method] / "model.json"
    answers, kinds = given.run / "eval" / f"{given.method}.jsonl", given.run / "data" / "strata.json"
    for file in (stage, answers, kinds, given.prompts):
        if not file.is_file():
            parser.error(f"{file} is not there: give a finished run with data.strata, and its prompts")
    saved = json.loads(stage.read_text())["path"]
    folder = given.run / "weights" / saved.removeprefix("tinker://")
    if not folder.is_dir():
        parser.error(f"{folder} is not there: the run's weights are deleted, or kept by a remote engine")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    strata = json.loads(kinds.read_text())
    asked = {query.partition("/")[2] for query in strata[given.stratum]["queries"]}
    prompts = {row["id"]: row for row in lines(given.prompts)}
    cut: list[tuple[dict[str, Any], str, str]] = []
    for row in lines(answers):
        said = re.search(r"^query (\w+)", row["response"], re.MULTILINE)
        if row["query"] not in asked or said is None:
            continue
        concept = said.group(1)
        label = re.search(rf"^(common|query) {concept}(?= \w+\n)", row["response"], re.MULTILINE)
        if label is not None:
            cut.append((row, concept, row["response"][: label.end()]))
    if not cut or any("Which tag does" not in prompts[row["query"]]["prompt"] for row, _, _ in cut):
        parser.error("no such answers to probe: give a run of the synthetic world's tagging task (synthetic_tag)")
    texts = {
        "history": [prompts[row["query"]]["prompt"] + chain for row, _, chain in cut],
        "history taken out": [without_history(prompts[row["query"]]["prompt"]) + chain for row, _, chain in cut],
        "no chain": [
            prompts[row["query"]]["prompt"]
            + f"<think>\n<analyze_input>\nquery {concept}\n</analyze_input>\n<evaluate_candidates>\ncommon {concept}"
            for row, concept, _ in cut
        ],
    }
    report: dict[str, Any] = {"queries": len(cut), "answered": sum(row["strictScore"] for row, _, _ in cut) / len(cut)}
    for name, some in texts.items():
        words = next_words(model, tokenizer, some)
        right = sum(word == row["gold"] for word, (row, _, _) in zip(words, cut, strict=True))
        same = sum(word == row["strict"] for word, (row, _, _) in zip(words, cut, strict=True))
        report[name] = {"right": right / len(cut), "same": same / len(cut)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
