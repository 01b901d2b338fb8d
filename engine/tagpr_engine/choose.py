"""Which device and which compute type a run should take: measured by the work that it will do, not guessed.

A model of the run's shape, cut to two layers with random weights, does one group as the run will: it samples, then it
trains on what was sampled, by this engine's own code, in either type by turns. bf16 has fewer digits, so it has to be
faster by a margin to be taken.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from . import lora
from .backbone import load, shell
from .errors import EngineError
from .hardware import describe
from .picking import Params
from .sampling import Limits, Request, sample
from .training import TrainedModel
from .wire import Datum

LAYERS = 2
ROUNDS = 3
MARGIN = 0.85  # bf16 is taken where it needs at most this share of float32's time
TYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class Work:
    """One group of the run: tokens of its prompt and of a roll-out; rank of the adapters, 0 = all parameters."""

    prompt: int
    completion: int
    rollouts: int
    rank: int = 0


def choose(folder: Path, device: str, dtype: str, work: Work) -> dict[str, Any]:
    """{device, dtype, hardware, seconds: {type: of one group}}; `seconds` is empty where nothing had to be measured."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device == "cuda" and not torch.cuda.is_available():
        raise EngineError("device cuda: PyTorch finds no GPU here; use cpu, or auto")
    seconds: dict[str, float] = {}
    if dtype == "auto":
        seconds = measure(folder, device, work)
        dtype = "bfloat16" if seconds["bfloat16"] <= MARGIN * seconds["float32"] else "float32"
    return {"device": device, "dtype": dtype, "hardware": describe(device), "seconds": seconds}


def measure(folder: Path, device: str, work: Work) -> dict[str, float]:
    """Seconds of one group in each type: the fastest of some rounds, by turns, so that a busy moment hits both."""
    with tempfile.TemporaryDirectory() as name:
        cut = Path(name)
        _cut(folder, cut)
        groups = {dtype: _Group(cut, device, getattr(torch, dtype), work) for dtype in TYPES}
        for group in groups.values():
            group.run()  # kernels are picked and compiled at first use
        found = {dtype: float("inf") for dtype in TYPES}
        for _ in range(ROUNDS):
            for dtype, group in groups.items():
                found[dtype] = min(found[dtype], group.run())
    return {dtype: round(seconds, 4) for dtype, seconds in found.items()}


def _cut(folder: Path, target: Path) -> None:
    """The model's shape with the first layers alone and random weights."""
    if not (folder / "config.json").is_file():
        raise EngineError(f"{folder} holds no config.json: not a model in Hugging Face layout")
    config = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
    config.num_hidden_layers = min(LAYERS, int(config.num_hidden_layers))
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[: config.num_hidden_layers]
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(target)


class _Group:
    def __init__(self, folder: Path, device: str, dtype: torch.dtype, work: Work) -> None:
        backbone = load(folder, torch.float32, device)
        adapter = None
        if work.rank:
            for parameter in backbone.model.parameters():
                parameter.data = parameter.data.to(dtype)
            adapter = lora.attach(backbone.model, work.rank, 0)
        self.trained = TrainedModel(backbone, "probe", 1 << 30, dtype, adapter)
        self.shell = shell(backbone)
        rng = np.random.default_rng(0)
        context = backbone.context
        self.completion = max(1, min(work.completion, context // 2))
        self.prompt = rng.integers(0, backbone.vocab, max(1, min(work.prompt, context - self.completion)))
        self.rollouts = work.rollouts

    def run(self) -> float:
        """Seconds to sample a group and to train on it."""
        began = time.perf_counter()
        params = Params(self.completion, 1.0, 1.0, -1, 0, (), ())
        request = Request(self.prompt, self.rollouts, params)
        (answered,) = sample(self.shell, [request], Limits(), lambda _: "")
        data = [self._datum(np.asarray(one.tokens, dtype=np.int64)) for one in answered.sequences]
        self.trained.forward_backward(data, "cross_entropy", {}, False)
        self.trained.discard()
        if self.trained.backbone.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began

    def _datum(self, completion: np.ndarray) -> Datum:
        whole = np.concatenate([self.prompt, completion])
        weights = np.zeros(whole.size - 1, dtype=np.float32)
        weights[self.prompt.size - 1 :] = 1
        return Datum(whole[:-1], {"target_tokens": whole[1:], "weights": weights})
