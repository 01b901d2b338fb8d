"""Sampling for those who wait in front of a screen: one batch, which a request joins and leaves between two tokens.

`sampling.py` answers a batch whole, in an order that depends on nothing else; here requests come when they come.
Picking, stops and the stream of uniforms are the same, so that a sample has the tokens that it would have there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import packed
from .backbone import Backbone
from .errors import EngineError
from .live_plan import LivePlan
from .picking import Params, Picker, uniforms
from .sampling import Limits, Request, stopped_by
from .tree import pack

PREFILL = 1024  # prompt tokens between two tokens of those that are under way: one prompt at least


class Listener(Protocol):
    """Who gets a request's tokens, on the thread that samples. `finish`: stop, length, or None where more will come."""

    def token(self, sample: int, token: int, finish: str | None) -> None: ...
    def fail(self, error: Exception) -> None: ...


@dataclass(frozen=True)
class Asked:
    request: Request
    listener: Listener

    @property
    def need(self) -> int:
        return self.request.prompt.size + self.request.params.max_tokens


@dataclass
class _Row:
    asked: Asked
    sample: int
    draws: NDArray[np.float32]
    tokens: list[int] = field(default_factory=list)

    @property
    def params(self) -> Params:
        return self.asked.request.params


class Live:
    """The requests that stream from one sampler."""

    def __init__(self, backbone: Backbone, limits: Limits, decode: Callable[[list[int]], str]) -> None:
        self.backbone, self.limits, self.decode = backbone, limits, decode
        self.rows: list[_Row] = []
        self.waiting: deque[Asked] = deque()
        self.plan = LivePlan(backbone.context)
        self.picker: Picker | None = None
        self.packable = packed.possible(backbone)
        self.packed: packed.PackedStep | None = None
        self.steps = 0

    @property
    def busy(self) -> bool:
        return bool(self.rows or self.waiting)

    def add(self, asked: Asked) -> None:
        """Raises EngineError where the request would not fit alone."""
        if not self._fits(asked.request.num_samples, asked.need):
            raise EngineError(
                f"sample_stream: {asked.request.num_samples} samples of up to {asked.need} tokens, prompt included, "
                f"don't fit at once (at most {self.limits.rows} samples, {self.limits.tokens} tokens)"
            )
        self.waiting.append(asked)

    def _fits(self, rows: int, need: int) -> bool:
        """Every row takes as much room as the longest."""
        return rows <= self.limits.rows and rows * need <= self.limits.tokens

    @torch.inference_mode()
    def turn(self) -> None:
        """What was given up leaves, what fits joins with its first token, and all that are there get their next one."""
        for at in reversed(range(len(self.rows))):
            if self.rows[at].asked.request.given_up():
                self._leave(at)
        joining = self._next()
        if joining:
            self._join(joining)
        if self.rows:
            self._step()

    def fail(self, error: Exception) -> None:
        """End all of them."""
        asked = [*{id(row.asked): row.asked for row in self.rows}.values(), *self.waiting]
        self.rows, self.plan, self.picker = [], LivePlan(self.backbone.context), None
        self.waiting.clear()
        for one in asked:
            one.listener.fail(error)

    def _next(self) -> list[Asked]:
        """Those at the head of the queue for which there is room now."""
        taken: list[Asked] = []
        rows, longest, prefill = len(self.rows), max((row.asked.need for row in self.rows), default=0), 0
        while self.waiting:
            first = self.waiting[0]
            if not first.request.given_up():
                rows, longest = rows + first.request.num_samples, max(longest, first.need)
                prefill += first.request.prompt.size
                if not self._fits(rows, longest) or (taken and prefill > PREFILL):
                    break
                taken.append(first)
            self.waiting.popleft()
        return taken

    def _join(self, joining: list[Asked]) -> None:
        batch = pack([asked.request.prompt for asked in joining])
        ends = np.array([index[-1] for index in batch.index])
        hidden, plan = self.backbone.hidden_of(batch, ends, keep=True)
        of = [at for at, asked in enumerate(joining) for _ in range(asked.request.num_samples)]
        rows = [
            _Row(asked, i, uniforms(asked.request.params.seed, i, asked.request.params.max_tokens))
            for asked in joining
            for i in range(asked.request.num_samples)
        ]
        logits = self.backbone.head(hidden).float()[torch.tensor(of, device=hidden.device)]
        going = self._pick(rows, logits, Picker.of([row.params for row in rows], logits.device))
        layers = sorted(plan.kv)
        for at, row, goes in zip(of, rows, going, strict=True):
            if goes:
                index = torch.from_numpy(batch.index[at]).to(hidden.device)
                keys = [plan.kv[layer][0][index].permute(1, 2, 0) for layer in layers]
                values = [plan.kv[layer][1][index].transpose(0, 1) for layer in layers]
                self.plan.join(keys, values)
                self.rows.append(row)
                self.picker = None

    def _step(self) -> None:
        if self.picker is None:
            self.picker = Picker.of([row.params for row in self.rows], self.backbone.device)
        last = torch.tensor([row.tokens[-1] for row in self.rows], device=self.backbone.device)
        logits = self._logits(last)
        self.plan.advance()
        for at, goes in reversed(list(enumerate(self._pick(self.rows, logits, self.picker)))):
            if not goes:
                self._leave(at)

    def _leave(self, at: int) -> None:
        self.plan.leave(at)
        self.rows[at] = self.rows[-1]
        self.rows.pop()
        self.picker = None

    def _pick(self, rows: list[_Row], logits: Tensor, picker: Picker) -> list[bool]:
        """Logits [B, V] -> a token a row, told to who asked; whether each row goes on."""
        draws = np.array([row.draws[len(row.tokens)] for row in rows], dtype=np.float32)
        picked, _ = picker.pick(logits, torch.from_numpy(draws).to(logits.device))
        going: list[bool] = []
        for row, token in zip(rows, picked.tolist(), strict=True):
            row.tokens.append(token)
            stopped = token in row.params.stop_ids or stopped_by(row.params.stop_strings, row.tokens, self.decode)
            full = len(row.tokens) == row.params.max_tokens
            finish = "stop" if stopped else "length" if full else None
            row.asked.listener.token(row.sample, token, finish)
            going.append(finish is None)
        return going

    def _logits(self, tokens: Tensor) -> Tensor:
        """Tokens [B] -> logits [B, V] of the next, in fp32. The weights' layout for few rows is kept."""
        self.steps += 1
        if self.packable and tokens.numel() <= packed.ROWS and self.steps > packed.TAKEN:
            self.packable, self.packed = False, packed.PackedStep(self.backbone)
        if self.packed is not None and tokens.numel() <= packed.ROWS:
            return self.packed(tokens, self.plan)
        hidden = self.backbone.hidden(tokens.unsqueeze(1), self.plan.begin_step().unsqueeze(1), self.plan)
        return self.backbone.head(hidden[:, 0]).float()
