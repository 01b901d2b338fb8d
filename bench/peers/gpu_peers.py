"""On a GPU: the peers of W1 to W4 (TRL's trainers, transformers' generate), and the clock of both sides."""

from __future__ import annotations

import tempfile
import time
from typing import Any

from lm import dataset, micro_batch  # first: it keeps stdout for answers and transformers offline

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, TrainerCallback

Round = dict[str, float]
DEVICE = torch.device("cuda")


def random_model(config: Any, implementation: str, dtype: torch.dtype, reward: bool) -> Any:
    config.num_labels = 1
    kind = AutoModelForSequenceClassification if reward else AutoModelForCausalLM
    torch.manual_seed(0)
    with DEVICE:
        return kind.from_config(config, attn_implementation=implementation, dtype=dtype)


class Phases:
    def __init__(self) -> None:
        self.seconds: Round = {}

    def __call__(self, name: str) -> Phases:
        self.name = name
        return self

    def __enter__(self) -> None:
        torch.cuda.synchronize()
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        torch.cuda.synchronize()
        self.seconds[self.name] = time.perf_counter() - self.start


def generate_rounds(config: Any, size: dict[str, int], tokens: dict[str, Any], count: int) -> list[Round]:
    model = random_model(config, "sdpa", torch.bfloat16, False).eval()
    ids = torch.tensor(tokens["prompts"], device=DEVICE)
    found = []
    for _ in range(count + 1):
        phase = Phases()
        with phase("sample"):
            model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                num_return_sequences=size["rollouts"], max_new_tokens=size["completion"],
                min_new_tokens=size["completion"], pad_token_id=0,
            )  # fmt: skip
        found.append(phase.seconds)
    return found[1:]


def trl_rounds(
    work: str, config: Any, size: dict[str, int], tokens: dict[str, Any], tokenizer: Any, micro: int, count: int
) -> list[Round]:
    """TRL's trainer of W1, W2 or W4 in bf16 over fp32 masters: `micro` examples a pass, in W1 the whole batch."""
    from trl import GRPOConfig, GRPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

    found: list[Round] = []

    class Clock(TrainerCallback):
        def on_step_begin(self, *_: object, **__: object) -> None:
            self.phase = Phases()("whole")
            self.phase.__enter__()

        def on_step_end(self, *_: object, **__: object) -> None:
            self.phase.__exit__()
            found.append(self.phase.seconds)

    prompts, answers = tokens["prompts"], tokens["answers"]
    whole = len(prompts) * (size["rollouts"] if work == "W1" else 1)
    passes = 1 if work == "W1" else whole // micro_batch(whole, micro)
    shared: dict[str, Any] = {
        "output_dir": tempfile.mkdtemp(), "bf16": True, "gradient_checkpointing": False, "learning_rate": 1e-6,
        "max_steps": count + 1, "save_strategy": "no", "logging_strategy": "no", "report_to": "none",
        "disable_tqdm": True, "dataloader_num_workers": 0, "per_device_train_batch_size": whole // passes,
        "gradient_accumulation_steps": passes,
    }  # fmt: skip
    model = random_model(config, "sdpa", torch.float32, work == "W4")
    trainer: dict[str, Any] = {"model": model, "processing_class": tokenizer, "callbacks": [Clock()]}
    if work == "W1":
        arguments = GRPOConfig(
            **shared, num_generations=size["rollouts"], max_completion_length=size["completion"],
            importance_sampling_level="sequence", epsilon=3e-4, epsilon_high=4e-4, beta=0.0, temperature=1.0,
            generation_kwargs={"min_new_tokens": size["completion"]},
        )  # fmt: skip
        GRPOTrainer(
            **trainer,
            args=arguments,
            reward_funcs=lambda completions, **_: [float(sum(c.encode()) % 7) for c in completions],
            train_dataset=dataset([{"prompt": tokenizer.decode(ids)} for ids in prompts]),
        ).train()
    elif work == "W2":
        mask = [0] * size["prompt"] + [1] * size["completion"]
        rows = [{"input_ids": p + a, "completion_mask": mask} for p, a in zip(prompts, answers, strict=True)]
        arguments = SFTConfig(**shared, completion_only_loss=True, max_length=None)
        SFTTrainer(**trainer, args=arguments, train_dataset=dataset(rows)).train()
    else:
        model.config.pad_token_id = tokenizer.pad_token_id
        better, worse = answers[: len(prompts)], answers[len(prompts) :]
        rows = [{"chosen_ids": p + a, "rejected_ids": p + b} for p, a, b in zip(prompts, better, worse, strict=True)]
        arguments = RewardConfig(**shared, max_length=None)
        RewardTrainer(**trainer, args=arguments, train_dataset=dataset(rows)).train()
    return found[1:]
