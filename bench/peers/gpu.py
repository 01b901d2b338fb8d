"""W1 to W4 on a GPU in bf16, with random weights of a published shape: our engine in this process, and its peers.

    python bench/peers/gpu.py --shape qwen3-0.6b --work W1 W3 --tokenizer FOLDER

One JSON line a measurement on stdout: its rounds in seconds by phase, peak memory, the measured rate of matrix products.
`npm run bench -- gpu` makes a table of them. Needs a GPU, torch, transformers; for the peers of W1, W2 and W4 also
TRL and the folder of any tokenizer (the prompts are its words).
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[2] / "engine"), str(Path(__file__).parent)]

from lm import OUT, sizes, texts  # first: it keeps stdout for answers and transformers offline

import numpy as np
import torch
from flops import SHAPES
from gpu_peers import DEVICE, Phases, Round, generate_rounds, random_model, trl_rounds
from transformers import PretrainedConfig

from tagpr_engine import attention, blocks, fused, graphs, lora, segments, training
from tagpr_engine.backbone import Backbone, bind, shell
from tagpr_engine.optimizer import Adam
from tagpr_engine.picking import Params
from tagpr_engine.sampling import Limits, Request, sample
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum


def config_of(shape: str) -> PretrainedConfig:
    by_name = {name.lower().replace("skywork-reward-v2-", "").replace("-instruct", ""): c for name, c in SHAPES.items()}
    config = by_name[shape]
    config.eos_token_id, config.pad_token_id = None, 0
    config.max_position_embeddings = 32_768
    return config


class Ours:
    def __init__(self, config: Any, rank: int, reward: bool, budget: int) -> None:
        model = random_model(config, attention.NAME, torch.bfloat16 if rank else torch.float32, reward).eval()
        backbone = Backbone(model, Path(), config.vocab_size, config.max_position_embeddings, [], reward)
        backbone.narrows = blocks.known(backbone.body)
        self.sampler = shell(backbone) if rank else backbone
        adapter = lora.attach(model, rank, 0) if rank else None
        model.to(DEVICE)
        self.model = TrainedModel(backbone, "random", budget, torch.bfloat16, adapter)

    def sample(self, prompts: list[list[int]], rollouts: int, length: int, seed: int) -> list[list[Any]]:
        requests = [
            Request(
                np.array(p),
                rollouts,
                Params(length, 1.0, 1.0, -1, seed * 1000 + i, (), ()),
                False,
            )
            for i, p in enumerate(prompts)
        ]
        limits = Limits(rows=2048, tokens=4_000_000)
        if self.model.adapter is not None:
            bind(self.sampler.model, self.model.adapter.merged())
        return [r.sequences for r in sample(self.sampler, requests, limits, str)]

    def step(self, data: list[Datum], loss: str, phase: Callable[[str], Any]) -> None:
        with phase("train"):
            self.model.forward_backward(data, loss, {}, False)
        with phase("optimizer"):
            self.model.optim_step(Adam(1e-6, 0.9, 0.999, 1e-8, 0.0, 1.0))


def ours_round(work: str, ours: Ours, size: dict[str, int], tokens: dict[str, Any], seed: int) -> Round:
    phase, prompts, answers = Phases(), tokens["prompts"], tokens["answers"]
    if work in ("W1", "W3"):
        with phase("sample"):
            groups = ours.sample(prompts, size["rollouts"], size["completion"], seed)
    if work == "W1":
        data = []
        for prompt, group in zip(prompts, groups, strict=True):
            for r, one in enumerate(group):
                advantage = (r - (len(group) - 1) / 2) / (one.tokens.size * len(prompts) * len(group))
                data.append(gspo(prompt, one, advantage))
        ours.step(data, "gspo", phase)
    elif work == "W2":
        ours.step(
            [supervised(p, a) for p, a in zip(prompts, answers, strict=True)],
            "cross_entropy",
            phase,
        )
    elif work == "W4":
        pairs = []
        for i, answer in enumerate(answers):
            pair = i % len(prompts)
            inputs = {"pair_id": single(pair), "preferred": single(int(i < len(prompts)))}
            pairs.append(Datum(np.array(prompts[pair] + answer), inputs))
        ours.step(pairs, "bradley_terry", phase)
    return phase.seconds


def single(value: int) -> np.ndarray:
    return np.array([value], dtype=np.int64)


def gspo(prompt: list[int], found: Any, advantage: float) -> Datum:
    whole = np.concatenate([prompt, found.tokens]).astype(np.int64)
    mask = np.zeros(whole.size - 1, dtype=np.float32)
    mask[len(prompt) - 1 :] = 1
    old = np.zeros(whole.size - 1, dtype=np.float32)
    old[len(prompt) - 1 :] = found.logprobs
    inputs = {
        "target_tokens": whole[1:],
        "logprobs": old,
        "advantages": mask * np.float32(advantage),
        "sequence_ratio_mask": mask,
    }
    return Datum(whole[:-1], inputs)


def supervised(prompt: list[int], answer: list[int]) -> Datum:
    whole = np.array(prompt + answer, dtype=np.int64)
    weights = np.zeros(whole.size - 1, dtype=np.float32)
    weights[len(prompt) - 1 :] = 1 / len(answer)
    return Datum(whole[:-1], {"target_tokens": whole[1:], "weights": weights})


def gemm() -> float:
    """FLOP/s of a bf16 product of random matrices, [8192, 8192] by the same: the median of 10."""
    a, b = (torch.randn(8192, 8192, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    seconds = []
    for at in range(13):
        torch.cuda.synchronize()
        start = time.perf_counter()
        a @ b
        torch.cuda.synchronize()
        if at > 2:
            seconds.append(time.perf_counter() - start)
    return 2 * 8192**3 / statistics.median(seconds)


SIZES: dict[str, dict[str, int]] = {
    "W1": {"groups": 4, "prompt": 600, "rollouts": 5, "completion": 64},
    "W2": {"groups": 32, "prompt": 600, "rollouts": 1, "completion": 100},
    "W3": {"groups": 4, "prompt": 600, "rollouts": 5, "completion": 64},
    "W4": {"groups": 16, "prompt": 600, "rollouts": 2, "completion": 100},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", default="qwen3-0.6b", help="qwen3-0.6b, qwen3-8b or smollm2-135m")
    parser.add_argument("--work", nargs="+", default=["W1", "W2", "W3", "W4"], choices=sorted(SIZES))
    parser.add_argument("--rank", type=int, default=0, help="LoRA's; 0 trains every weight")
    parser.add_argument("--groups", type=int, help="prompts, instead of the reference work's")
    parser.add_argument("--prompt", type=int, help="tokens of a prompt")
    parser.add_argument("--rollouts", type=int)
    parser.add_argument("--completion", type=int, help="tokens of a response")
    parser.add_argument(
        "--budget",
        type=int,
        default=32_768,
        help="distinct tokens of one forward and backward pass",
    )
    parser.add_argument("--rounds", type=int, default=3, help="after two that are not counted")
    parser.add_argument(
        "--without",
        nargs="*",
        default=[],
        choices=["graphs", "fusion", "flash", "order"],
    )
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--tokenizer", help="a folder, for the peers of W1, W2 and W4")
    parser.add_argument("--micro", type=int, default=16, help="examples a pass of the peers of W2 and W4")
    args = parser.parse_args()
    if not torch.cuda.is_available():
        parser.exit(2, "This measurement needs a GPU, and PyTorch finds none here.\n")
    graphs._State.enabled = "graphs" not in args.without
    fused._State.enabled = "fusion" not in args.without
    if "flash" in args.without:
        segments.fits = lambda q: False
    if "order" in args.without:
        training.repeatable = lambda device: nullcontext()
    about = {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "gemm": gemm(),
    }
    for work in args.work:
        changed = {k: getattr(args, k) for k in ("groups", "prompt", "rollouts", "completion") if getattr(args, k)}
        measure(work, {**SIZES[work], **changed}, args, about)


def measure(work: str, size: dict[str, int], args: argparse.Namespace, about: dict[str, Any]) -> None:
    config, reward = config_of(args.shape), work == "W4"
    rng = np.random.default_rng(0)
    tokenizer = None
    low, high = 1000, min(config.vocab_size, 20_000)
    if args.tokenizer:
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        prompts = texts(tokenizer, size["groups"], size["prompt"])
    else:
        prompts = rng.integers(low, high, (size["groups"], size["prompt"])).tolist()
    answers = rng.integers(low, high, (size["groups"] * (2 if reward else 1), size["completion"])).tolist()
    tokens = {"prompts": prompts, "answers": answers}
    record = {
        **about,
        "shape": args.shape,
        "work": work,
        "size": {**size, "layers": 0},
        "rank": args.rank,
    }
    record |= {"parameters": sizes(config.to_dict()), "without": args.without}

    def say(side: str, rounds: list[Round]) -> None:
        peak = torch.cuda.max_memory_allocated() / 1e9
        print(
            json.dumps({**record, "side": side, "rounds": rounds, "peak_gb": peak}),
            file=OUT,
            flush=True,
        )
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    torch.cuda.reset_peak_memory_stats()
    ours = Ours(config, args.rank, reward, args.budget)
    say(
        "ours",
        [ours_round(work, ours, size, tokens, seed) for seed in range(args.rounds + 2)][2:],
    )
    del ours
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()  # what ours held at rest is no part of the peer's peak
    if args.no_peer:
        return
    if work == "W3":
        say("peer", generate_rounds(config, size, tokens, args.rounds))
    elif tokenizer is not None and args.rank == 0:  # TRL's side trains every weight
        say("peer", trl_rounds(work, config, size, tokens, tokenizer, args.micro, args.rounds))


if __name__ == "__main__":
    main()
