"""Matrix FLOPs and parameters of decoder shapes as PyTorch itself counts them, on the meta device (nothing is computed).

    .venv/bin/python bench/peers/flops.py

src/run/plan/plan.test.ts holds the numbers. PyTorch counts attention's whole square, the plan its causal half.
"""

from __future__ import annotations

import json

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen3Config

SHAPES = {
    "Qwen3-8B": Qwen3Config(
        hidden_size=4096, intermediate_size=12288, num_hidden_layers=36, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, vocab_size=151936, tie_word_embeddings=False,
    ),
    "Skywork-Reward-V2-Qwen3-0.6B": Qwen3Config(
        hidden_size=1024, intermediate_size=3072, num_hidden_layers=28, num_attention_heads=16,
        num_key_value_heads=8, head_dim=128, vocab_size=151936, tie_word_embeddings=True,
    ),
    "SmolLM2-135M-Instruct": LlamaConfig(
        hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, vocab_size=49152, tie_word_embeddings=True,
    ),
}  # fmt: skip
TOKENS, LOGITS = 1000, 300


def main() -> None:
    for name, config in SHAPES.items():
        config._attn_implementation = "eager"
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config)
            ids = torch.zeros(1, TOKENS, dtype=torch.long)
            mask = torch.zeros(1, 1, TOKENS, TOKENS)
        found: dict[str, int] = {"parameters": sum(p.numel() for p in model.parameters())}
        for what, train in (("forward", False), ("forward_backward", True)):
            with FlopCounterMode(display=False) as counter, torch.set_grad_enabled(train):
                logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=LOGITS, use_cache=False).logits
                if train:
                    logits.sum().backward()
            found[what] = counter.get_total_flops()
        print(json.dumps({"model": name, "tokens": TOKENS, "logits": LOGITS, **found}))


if __name__ == "__main__":
    main()
