"""The peers of W1 to W4 (TRL's trainers, transformers' generate), timed from inside.

One JSON request a line on stdin, one JSON answer a line on stdout. The first request is {"load": Spec}; it is answered
by the tokens that both sides work on. Each further one is a round: {"work": "peer"} or {"work": "gemm"}.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
OUT = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what trainers print is no answer

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, GenerationConfig, TrainerCallback

Spec = dict[str, Any]


def say(answer: object) -> None:
    print(json.dumps(answer), file=OUT, flush=True)


def read() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        os._exit(0)  # from the middle of a trainer
    return json.loads(line)


class Clock:
    def __enter__(self) -> Clock:
        self.start = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self.start[0], time.process_time() - self.start[1]


def peak_gb() -> float:
    """Of this process since `forget_peak`, or of its whole life where there is no /proc."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def forget_peak() -> None:
    if Path("/proc/self/clear_refs").is_file():
        Path("/proc/self/clear_refs").write_text("5")


def cut(folder: str, layers: int, out: str) -> None:
    """The model of `folder` with its first `layers` layers, as a folder."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if layers:
        model.model.layers = model.model.layers[:layers]
        model.config.num_hidden_layers = layers
        if getattr(model.config, "layer_types", None):
            model.config.layer_types = model.config.layer_types[:layers]
    model.config.eos_token_id = None  # nothing ends a sequence: both sides sample the whole length
    model.generation_config = GenerationConfig()
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)


def texts(tokenizer: Any, count: int, length: int) -> list[list[int]]:
    """`count` texts of `length` tokens that come out the same when their text is read again."""
    rng = random.Random(0)
    words = [
        token
        for token in range(1000, 20000)
        if (text := tokenizer.decode([token])).startswith(" ") and text[1:].isascii() and text[1:].isalpha()
    ]
    return [rng.choices(words, k=length) for _ in range(count)]


def arguments(spec: Spec) -> dict[str, Any]:
    return {
        "output_dir": spec["scratch"],
        "bf16": spec["dtype"] == "bfloat16",
        "use_cpu": True,
        "gradient_checkpointing": False,  # as fast as the peer goes; it is TRL's default, and slower
        "learning_rate": 1e-6,
        "max_steps": 100_000,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_num_workers": 0,
    }


class Rounds(TrainerCallback):
    """A step of the trainer a request."""

    def on_step_begin(self, *_: object, **__: object) -> None:
        wait()
        forget_peak()
        self.clock = Clock().__enter__()

    def on_step_end(self, *_: object, **__: object) -> None:
        self.clock.__exit__()
        say({"wall": self.clock.wall, "cpu": self.clock.cpu, "peak": peak_gb()})


def wait() -> None:
    """Answers what else is asked until the peer's next round is."""
    while read()["work"] == "gemm":
        say({"flops": gemm(), "threads": torch.get_num_threads()})


def gemm() -> float:
    """FLOP/s (by the wall, of all threads) of the products that dominate: [512, 576] by [576, 1536] in fp32."""
    a, b = torch.randn(512, 576), torch.randn(576, 1536)
    best = float("inf")
    for _ in range(30):
        with Clock() as clock:
            a @ b
        best = min(best, clock.wall)
    return 2 * 512 * 576 * 1536 / best


def dataset(rows: list[dict[str, Any]]) -> Any:
    from datasets import Dataset

    return Dataset.from_list(rows)


def micro_batch(whole: int, most: int) -> int:
    """Sequences a pass: the largest divisor of `whole` up to `most`, since a trainer drops what is left over."""
    return max(n for n in range(1, min(whole, most) + 1) if whole % n == 0)


def w1(spec: Spec, tokenizer: Any, prompts: list[list[int]]) -> None:
    from trl import GRPOConfig, GRPOTrainer

    def reward(completions: list[str], **_: object) -> list[float]:
        return [float(sum(c.encode()) % 7) for c in completions]

    whole = len(prompts) * spec["rollouts"]
    micro = micro_batch(whole, spec["micro"] or whole)
    config = GRPOConfig(
        **arguments(spec),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=whole // micro,
        num_generations=spec["rollouts"],
        max_completion_length=spec["completion"],
        importance_sampling_level="sequence",
        epsilon=3e-4,
        epsilon_high=4e-4,
        beta=0.0,
        temperature=1.0,
        generation_kwargs={"min_new_tokens": spec["completion"]},
    )
    model = AutoModelForCausalLM.from_pretrained(spec["folder"], dtype=torch.float32)
    rows = [{"prompt": tokenizer.decode(ids)} for ids in prompts]
    GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=config,
        train_dataset=dataset(rows),
        processing_class=tokenizer,
        callbacks=[Rounds()],
    ).train()


def w2(spec: Spec, tokenizer: Any, rows: list[list[int]]) -> None:
    from trl import SFTConfig, SFTTrainer

    micro = micro_batch(len(rows), 4)
    config = SFTConfig(
        **arguments(spec),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=len(rows) // micro,
        completion_only_loss=True,
        max_length=None,
    )
    mask = [0] * spec["prompt"] + [1] * spec["completion"]
    data = dataset([{"input_ids": ids, "completion_mask": mask} for ids in rows])
    model = AutoModelForCausalLM.from_pretrained(spec["folder"], dtype=torch.float32)
    SFTTrainer(
        model=model, args=config, train_dataset=data, processing_class=tokenizer, callbacks=[Rounds()]
    ).train()


def w3(spec: Spec, tokenizer: Any, prompts: list[list[int]]) -> None:
    dtype = getattr(torch, spec["dtype"])
    model = AutoModelForCausalLM.from_pretrained(spec["folder"], dtype=dtype).eval()
    ids = torch.tensor(prompts)
    callback = Rounds()
    while True:
        callback.on_step_begin()
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            num_return_sequences=spec["rollouts"],
            max_new_tokens=spec["completion"],
            min_new_tokens=spec["completion"],
            pad_token_id=tokenizer.pad_token_id,
        )
        callback.on_step_end()


def w4(spec: Spec, tokenizer: Any, rows: list[list[int]]) -> None:
    from trl import RewardConfig, RewardTrainer

    half = len(rows) // 2
    micro = micro_batch(half, 4)
    config = RewardConfig(
        **arguments(spec),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=half // micro,
        max_length=None,
    )
    data = dataset([{"chosen_ids": a, "rejected_ids": b} for a, b in zip(rows[:half], rows[half:], strict=True)])
    model = AutoModelForSequenceClassification.from_pretrained(spec["folder"], num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
    RewardTrainer(
        model=model, args=config, train_dataset=data, processing_class=tokenizer, callbacks=[Rounds()]
    ).train()


def main() -> None:
    spec: Spec = read()["load"]
    if spec["threads"]:
        torch.set_num_threads(spec["threads"])
    cut(spec["model"], spec["layers"], spec["folder"])
    tokenizer = AutoTokenizer.from_pretrained(spec["folder"])
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    groups, prompt, completion = spec["groups"], spec["prompt"], spec["completion"]
    prompts = texts(tokenizer, groups, prompt)
    each = {"W1": 1, "W2": 1, "W3": 1, "W4": 2}[spec["work"]]
    answers = texts(tokenizer, groups * each, completion)
    say({"prompts": prompts, "answers": answers, "parameters": sizes(json.loads((Path(spec["folder"]) / "config.json").read_text()))})
    if spec["alone"]:
        wait()
        return
    if spec["work"] in ("W1", "W3"):
        (w1 if spec["work"] == "W1" else w3)(spec, tokenizer, prompts)
    else:
        rows = [prompts[i % groups] + answer for i, answer in enumerate(answers)]
        (w2 if spec["work"] == "W2" else w4)(spec, tokenizer, rows)


def sizes(config: dict[str, Any]) -> dict[str, int]:
    """What the FLOP model needs: weights of one layer's products, its keys' and values' share, of the head; dimensions."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    heads = config["num_attention_heads"]
    dim = config.get("head_dim") or width // heads
    kv = width * config["num_key_value_heads"] * dim * 2
    return {
        "layers": config["num_hidden_layers"],
        "layer": 2 * width * heads * dim + kv + 3 * width * inner,
        "kv": kv,
        "head": width * config["vocab_size"],
        "attention": heads * dim,
    }


if __name__ == "__main__":
    main()
