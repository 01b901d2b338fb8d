"""A decoding step as one CUDA graph: a small model's step is hundreds of short kernels, mostly launching time."""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from . import fused
from .decoding import DecodePlan
from .errors import first_line

log = logging.getLogger("tagpr_engine")


class _State:
    enabled = True  # off for good after a step that can't be captured here


class Step:
    """`run` (tokens [B] -> logits [B, V]) over one plan. The answer holds until the next call.

    On a GPU the first step over a plan's buffers runs as it stands (and loads what it needs); the second is captured,
    and replayed until the plan has other buffers: rows were dropped, or own keys got more room.
    """

    def __init__(self, run: Callable[[Tensor], Tensor], plan: DecodePlan) -> None:
        self.run, self.plan = run, plan
        self.graph: torch.cuda.CUDAGraph | None = None
        self.buffers = -1

    def __call__(self, tokens: Tensor) -> Tensor:
        plan = self.plan
        if not (plan.static and tokens.is_cuda):
            return self.run(tokens)
        with fused.always():
            return self._step(tokens, plan) if _State.enabled else self.run(tokens)

    def _step(self, tokens: Tensor, plan: DecodePlan) -> Tensor:
        if self.buffers != plan.buffers:
            self.graph, self.buffers = None, plan.buffers
            return self.run(tokens)
        if self.graph is None and not self._capture(tokens):
            return self.run(tokens)
        assert self.graph is not None
        self.tokens.copy_(tokens)
        self.graph.replay()
        return self.logits

    def _capture(self, tokens: Tensor) -> bool:
        self.tokens = tokens.clone()
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        try:
            with torch.cuda.graph(graph):
                self.logits = self.run(self.tokens)
        except RuntimeError as error:
            torch.cuda.set_stream(stream)  # older PyTorch stays on the capture's where ending it fails too
            if isinstance(error, torch.OutOfMemoryError):
                raise
            _State.enabled = False
            log.warning("decoding without CUDA graphs: %s", first_line(error))
            return False
        self.graph = graph
        return True
