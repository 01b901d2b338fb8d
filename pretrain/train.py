"""Pre-trains the shipped base model. Usage: python pretrain/train.py CORPUS OUT [--seed N] [--threads N]

CORPUS is what `pretrain/corpus.ts` wrote. A curriculum in three phases: look-up alone, then reading histories item by
item, then whole prompts. Plain PyTorch, fp32; the loss is on targets only.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import torch
import torch.nn.functional as F
from tokenizer import save_parity, save_tokenizer, train_tokenizer
from tokenizers import Tokenizer
from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

BATCH = 32
PEAK_LR = 1e-3
WARMUP = 20
# Batches of look-up before anything else.
ALONE = 40
PHASES = ("recall", "read", "chat")


@dataclass(frozen=True)
class Sequence:
    ids: list[int]
    target: list[bool]


def encode(tokenizer: Tokenizer, segments: list[str]) -> Sequence:
    """Ids of the segments one after the other; every second segment is learnt."""
    ids: list[int] = []
    target: list[bool] = []
    for i, encoding in enumerate(tokenizer.encode_batch(segments, add_special_tokens=False)):
        ids += encoding.ids
        target += [i % 2 == 1] * len(encoding.ids)
    return Sequence(ids, target)


def batches(sequences: list[Sequence]) -> Iterator[list[Sequence]]:
    """In file order, but sorted by length within stretches of 16 batches, so that little is padding."""
    rng = random.Random(0)
    stretch = BATCH * 16
    for start in range(0, len(sequences), stretch):
        part = sorted(sequences[start : start + stretch], key=lambda s: len(s.ids))
        cut = [part[i : i + BATCH] for i in range(0, len(part), BATCH)]
        rng.shuffle(cut)
        yield from cut


def collate(batch: list[Sequence]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and target mask, padded at the right, where a causal model's targets never look."""
    width = max(len(s.ids) for s in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    learnt = torch.zeros(len(batch), width, dtype=torch.bool)
    for row, sequence in enumerate(batch):
        ids[row, : len(sequence.ids)] = torch.tensor(sequence.ids)
        learnt[row, : len(sequence.ids)] = torch.tensor(sequence.target)
    return ids, learnt


def loss_of(model: Qwen3ForCausalLM, batch: list[Sequence], guided: bool) -> tuple[torch.Tensor, float]:
    """Mean cross-entropy over target tokens, and the share of them that greedy decoding would get right."""
    ids, learnt = collate(batch)
    out = model.model(input_ids=ids, use_cache=False, output_attentions=guided)
    hidden = out.last_hidden_state[:, :-1]
    logits = model.lm_head(hidden[learnt[:, 1:]])
    gold = ids[:, 1:][learnt[:, 1:]]
    right = (logits.argmax(-1) == gold).float().mean().item()
    loss = F.cross_entropy(logits, gold)
    return (loss + guidance(out.attentions, ids, learnt) if guided else loss), right


def guidance(attentions: tuple[torch.Tensor, ...], ids: torch.Tensor, learnt: torch.Tensor) -> torch.Tensor:
    """An induction head, asked for outright: one head of layer 1 looks at the token before, one of layer 2 looks, from
    a token that a target follows, at what followed the same token earlier. By cross-entropy alone so small a model
    stays at chance for hundreds of steps; with this it looks up after forty, and keeps it (docs/log.md)."""
    before = attentions[0][:, 0].diagonal(-1, 1, 2)[ids[:, 1:] != 0]
    followed = ids[:, :, None] == torch.roll(ids, 1, 1)[:, None, :]
    followed[:, :, 0] = False
    mass = (attentions[1][:, 0] * followed.tril()).sum(-1)[:, :-1][learnt[:, 1:]]
    return -(before + 1e-6).log().mean() - (mass + 1e-6).log().mean()


def make_model(vocabulary: int, end: int, pad: int) -> Qwen3ForCausalLM:
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=vocabulary,
            hidden_size=192,
            intermediate_size=512,
            num_hidden_layers=3,
            num_attention_heads=3,
            num_key_value_heads=3,
            head_dim=64,
            max_position_embeddings=4096,
            rope_theta=10_000.0,
            tie_word_embeddings=False,
            eos_token_id=end,
            pad_token_id=pad,
            bos_token_id=None,
        )
    )


def train(model: Qwen3ForCausalLM, tokenizer: Tokenizer, corpus: Path, log: Path, out: Path) -> None:
    phases = {
        name: [
            encode(tokenizer, json.loads(line)["segments"])
            for line in (corpus / f"{name}.jsonl").open(encoding="utf8")
        ]
        for name in PHASES
    }
    plan = list(curriculum({name: list(batches(sequences)) for name, sequences in phases.items()}))
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_LR, betas=(0.9, 0.98), weight_decay=0.01)
    start = time.monotonic()
    model.train()
    with log.open("w") as lines:
        for step, (name, batch) in enumerate(plan, 1):
            for group in optimizer.param_groups:
                group["lr"] = PEAK_LR * schedule(step / len(plan), step)
            guided = name == "recall"
            model.set_attn_implementation("eager" if guided else "sdpa")
            loss, right = loss_of(model, batch, guided)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if step % 10 == 0 or step == len(plan):
                row = {"step": step, "of": len(plan), "phase": name, "loss": round(loss.item(), 4)}
                row |= {"right": round(right, 4), "seconds": round(time.monotonic() - start)}
                lines.write(json.dumps(row) + "\n")
                lines.flush()
                print(row, flush=True)
            if step % 200 == 0:
                model.save_pretrained(out)


def curriculum(phases: dict[str, list[list[Sequence]]]) -> Iterator[tuple[str, list[Sequence]]]:
    """Look-up first; later phases keep coming back to it, else reading washes it out (docs/log.md)."""
    recall = cycle(phases["recall"])
    for _ in range(ALONE):
        yield "recall", next(recall)
    for name, every in (("read", 2), ("chat", 7)):
        for i, batch in enumerate(phases[name]):
            if i % every == 0:
                yield "recall", next(recall)
            yield name, batch


def schedule(done: float, step: int) -> float:
    """Share of the peak rate: a short warm-up, constant, then a cosine to a tenth over the last 40%."""
    rest = max(0.0, (done - 0.6) / 0.4)
    return min(1.0, step / WARMUP) * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * rest)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    vocabulary = json.loads((options.corpus / "vocabulary.json").read_text())
    tokenizer = train_tokenizer(vocabulary["lines"], vocabulary["tags"])
    template = (Path(__file__).parent / "chat_template.jinja").read_text()
    save_tokenizer(tokenizer, template, options.out)
    save_parity(tokenizer, Path(__file__).parent / "parity.json")
    end, pad = tokenizer.token_to_id("<|im_end|>"), tokenizer.token_to_id("<|endoftext|>")
    model = make_model(tokenizer.get_vocab_size(), end, pad)
    print("vocabulary", tokenizer.get_vocab_size(), "parameters", sum(p.numel() for p in model.parameters()))
    train(model, tokenizer, options.corpus, options.corpus / "train.jsonl", options.out)
    model.generation_config = GenerationConfig(
        eos_token_id=[end, pad], pad_token_id=pad, do_sample=True, temperature=1.0, top_p=1.0
    )
    model.save_pretrained(options.out)


if __name__ == "__main__":
    main()
