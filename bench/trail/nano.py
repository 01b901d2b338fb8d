"""The shipped base in one process on one thread, by the engine's own packing, attention and sampling. For the gates.

What imports it wants the engine on its path: PYTHONPATH=engine, as run.sh sets it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tagpr_engine import backbone as backbones
from tagpr_engine.backbone import Backbone
from tagpr_engine.picking import Params
from tagpr_engine.sampling import Limits, Request, sample
from tagpr_engine.tree import Tokens, pack
from tokenizers import Tokenizer
from torch import Tensor

torch.set_num_threads(1)


@dataclass(frozen=True)
class Model:
    backbone: Backbone
    tokenizer: Tokenizer

    @property
    def weights(self) -> list[torch.nn.Parameter]:
        return list(self.backbone.model.parameters())

    def encode(self, text: str) -> Tokens:
        return np.array(self.tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> str:
        return self.tokenizer.decode(list(ids), skip_special_tokens=False)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def open_model(folder: Path, reward: bool = False) -> Model:
    return Model(
        backbones.load(folder, torch.float32, "cpu", reward), Tokenizer.from_file(str(folder / "tokenizer.json"))
    )


def save(model: Model, folder: Path, tokenizer_of: Path) -> None:
    """As a Hugging Face folder that `open_model` reads."""
    model.backbone.model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / name).write_bytes((tokenizer_of / name).read_bytes())


def logprobs(model: Model, prompts: list[Tokens], targets: list[Tokens]) -> Tensor:
    """Log-probs of all targets' tokens, end to end, each target after its prompt. Common prefixes are computed once."""
    packed = pack([np.concatenate(both) for both in zip(prompts, targets, strict=True)])
    rows = [
        index[prompt.size - 1 : -1] for index, prompt in zip(packed.index, prompts, strict=True)
    ]  # a place tells the next token
    hidden, _ = model.backbone.hidden_of(packed, np.concatenate(rows))
    wanted = torch.from_numpy(np.concatenate(targets)).unsqueeze(1)
    return model.backbone.head(hidden).log_softmax(-1).gather(1, wanted).squeeze(1)


def optimizer(model: Model, rate: float) -> torch.optim.AdamW:
    return torch.optim.AdamW(model.weights, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True)


def step(optim: torch.optim.AdamW, loss: Tensor, weights: list[torch.nn.Parameter], rate: float) -> None:
    for group in optim.param_groups:
        group["lr"] = rate
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optim.step()
    optim.zero_grad(set_to_none=True)


def cosine(rate: float, at: int, steps: int, warmup: int = 20) -> float:
    return rate * min(1.0, (at + 1) / warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * at / steps)))


@dataclass(frozen=True)
class Said:
    tokens: Tokens
    text: str  # without the end token
    ended: bool


def say(model: Model, prompts: list[Tokens], n: int, temperature: float, limit: int, seed: int) -> list[list[Said]]:
    """`n` samples a prompt; temperature 0 is greedy."""
    end = model.tokenizer.token_to_id("<|im_end|>")
    requests = [
        Request(prompt, n, Params(limit, temperature, 1.0, -1, seed * 1_000_003 + i, (end,), ()))
        for i, prompt in enumerate(prompts)
    ]
    found = sample(model.backbone, requests, Limits(rows=256), lambda ids: model.decode(ids))
    return [[_said(model, s.tokens.astype(np.int64), s.stopped) for s in response.sequences] for response in found]


def _said(model: Model, tokens: Tokens, ended: bool) -> Said:
    return Said(tokens, model.decode(tokens[:-1] if ended else tokens), ended)


def chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]
