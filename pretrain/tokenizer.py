"""The shipped model's tokenizer: byte-level BPE over the world's language, one token a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Words keep their underscores and hyphens, so that a tag's name is one token in a system prompt.
PATTERN = r" ?[\p{L}_-]+| ?\p{N}{1,2}| ?[^\s\p{L}\p{N}_-]+|\s+(?!\S)|\s+"


def train_tokenizer(lines: list[str], tags: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4096,  # never reached: merging stops when every word is whole
        min_frequency=1,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    marks = ["<think>", "</think>", *(mark for tag in tags for mark in (f"<{tag}>", f"</{tag}>"))]
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in marks])
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, template: str, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
        "model_max_length": 4096,
        "clean_up_tokenization_spaces": False,
        "chat_template": template,
    }
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (out / "chat_template.jinja").write_text(template)


# What `src/data/synthetic/nano.test.ts` checks the JavaScript tokenizer against.
PARITY = [
    "<think>\n1 ruin dystopia\nquery ruin dystopia\n</think>\n\ndystopia<|im_end|>\n",
    "<think>\n<examine_examples>1 ruin dystopia\n2 law classic</examine_examples>\n</think>\n\nclassic<|im_end|>",
    "[10] a brief tale about ashes by the sea | tag: romance\n\n\nHi  there,   x\t1234 12.5% a_b-c d'e \u00e9",
    "\u5927\u4f17\u70b9\u8bc4 \U0001f642 \ufb01 \u0130 \u200d <not_a_tag> </ think> <|im_start|>user\r\nok ",
]


def save_parity(tokenizer: Tokenizer, path: Path) -> None:
    cases = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in PARITY]
    path.write_text(json.dumps(cases, indent=1) + "\n")
