"""Which device and which compute type a run should take: measured by the work that it will do, not guessed.

A model of the run's shape, cut to two layers with random weights, does one group as the run will: it samples, then it
trains on what was sampled, by this engine's own code, in either type by turns. bf16 has fewer digits, so it has to be
faster by a margin to be taken. On a processor one product of the model's width comes first: where bf16 is far behind in
that (8 times, on one without bf16 instructions), a group in it would take minutes and could not be the faster one.
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
HOPELESS = 3.0  # a product in bf16 that takes so many times as long as in float32 settles it
ROWS = 64
PATIENCE = 10.0  # seconds after which no further round is begun


@dataclass(frozen=True)
class Work:
    """One group of the run: tokens of its prompt and of a roll-out; rank of the adapters, 0 = all parameters."""

    prompt: int
    completion: int
    rollouts: int
    rank: int = 0


def choose(folder: Path, device: str, dtype: str, work: Work) -> dict[str, Any]:
    """{device, dtype, hardware, measured, seconds: {type: of one group, or of one product}}.

    `seconds` is empty where nothing had to be measured.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    elif device == "cuda" and not torch.cuda.is_available():
        raise EngineError("device cuda: PyTorch finds no GPU here; use cpu, or auto")
    seconds: dict[str, float] = {}
    measured = "group"
    if dtype == "auto":
        seconds = products(folder) if device == "cpu" else {}
        if seconds and seconds["bfloat16"] >= HOPELESS * seconds["float32"]:
            measured = "product"
        else:
            seconds = measure(folder, device, work)
        dtype = "bfloat16" if seconds["bfloat16"] <= MARGIN * seconds["float32"] else "float32"
    return {
        **{"device": device, "dtype": dtype, "hardware": describe(device)},
        **{"measured": measured, "seconds": seconds},
    }


def products(folder: Path) -> dict[str, float]:
    """Seconds of one product as a layer of this width has it, in each type on the processor: the fastest of some."""
    width = int(_shape(folder).hidden_size)
    torch.manual_seed(0)
    left, right = torch.randn(ROWS, width), torch.randn(width, 4 * width)
    pairs = {dtype: (left.to(getattr(torch, dtype)), right.to(getattr(torch, dtype))) for dtype in TYPES}
    found = {dtype: float("inf") for dtype in TYPES}
    first = time.perf_counter()
    for done in range(20):  # a busy moment must not decide
        if done >= ROUNDS and time.perf_counter() - first > 1:
            break
        for dtype, (rows, columns) in pairs.items():
            began = time.perf_counter()
            torch.matmul(rows, columns)
            found[dtype] = min(found[dtype], time.perf_counter() - began)
    return {dtype: round(seconds, 6) for dtype, seconds in found.items()}


def measure(folder: Path, device: str, work: Work) -> dict[str, float]:
    """Seconds of one group in each type: the fastest of some rounds, by turns, so that a busy moment hits both."""
    with tempfile.TemporaryDirectory() as name:
        cut = Path(name)
        _cut(folder, cut)
        groups = {dtype: _Group(cut, device, getattr(torch, dtype), work) for dtype in TYPES}
        for group in groups.values():
            group.run()  # kernels are picked and compiled at first use
        found = {dtype: float("inf") for dtype in TYPES}
        began = time.perf_counter()
        for done in range(ROUNDS):
            if done and time.perf_counter() - began > PATIENCE:
                break
            for dtype, group in groups.items():
                found[dtype] = min(found[dtype], group.run())
    return {dtype: round(seconds, 4) for dtype, seconds in found.items()}


def _shape(folder: Path) -> Any:
    if not (folder / "config.json").is_file():
        raise EngineError(f"{folder} holds no config.json: not a model in Hugging Face layout")
    return AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()


def _cut(folder: Path, target: Path) -> None:
    """The model's shape with the first layers alone and random weights."""
    config = _shape(folder)
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
