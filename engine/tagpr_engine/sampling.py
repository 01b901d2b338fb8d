"""Sampling many requests at once: prompts filled once through the prefix tree, then one batch decoded step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from . import packed
from .backbone import Backbone
from .decoding import DecodePlan
from .errors import EngineError
from .graphs import Step
from .picking import Params, Picker, uniforms
from .prompt_scores import score
from .sample_wire import Likeliest, PromptScores, PromptWishes, Sequence
from .soft import SoftTokens, Vectors, check_soft
from .tree import order, pack, split

Tokens = NDArray[np.int64]


@dataclass(frozen=True)
class Request:
    prompt: Tokens
    num_samples: int
    params: Params
    wishes: PromptWishes = field(default_factory=PromptWishes)
    topk: int = 0  # log-probs of as many likeliest tokens at every place of a sample
    given_up: Callable[[], bool] = lambda: False  # whether nobody waits for it any more
    soft: Vectors | None = None  # [S, D]: what the prompt's negative tokens stand for


@dataclass(frozen=True)
class Response:
    sequences: list[Sequence]
    scores: PromptScores
    cached: int


@dataclass
class Limits:
    """rows: sequences decoded at once; tokens: keys and values held at once; prefill: prompt tokens of one pass."""

    rows: int = 512
    tokens: int = 400_000
    prefill: int = 16_384


@dataclass
class _Row:
    request: int
    sample: int
    prompt: int


def check(backbone: Backbone, request: Request) -> None:
    """Raises EngineError where the prompt or its length don't fit the model."""
    prompt, vocab = request.prompt, backbone.vocab
    if prompt.size == 0:
        raise EngineError("asample: the prompt is empty")
    if request.soft is not None:
        check_soft("asample", prompt, request.soft, backbone.width)
        prompt = np.maximum(prompt, 0)
    if prompt.min() < 0 or prompt.max() >= vocab:
        bad = int(prompt[(prompt < 0) | (prompt >= vocab)][0])
        raise EngineError(f"asample: the prompt holds token {bad}; the vocabulary is 0..{vocab - 1}")
    if prompt.size + request.params.max_tokens > backbone.context:
        raise EngineError(
            f"asample: a prompt of {prompt.size} tokens and max_tokens {request.params.max_tokens} exceed "
            f"the model's context of {backbone.context}"
        )
    for name, k in (("topk_prompt_logprobs", request.wishes.topk), ("topk_sample_logprobs", request.topk)):
        if k > vocab:
            raise EngineError(f"asample: {name} is {k}; the vocabulary has {vocab} tokens")
    targets = request.wishes.targets
    if targets is not None and targets.ids.max() >= vocab:
        raise EngineError(
            f"asample: target_prompt_logprobs holds token {targets.ids.max()}; the vocabulary is 0..{vocab - 1}"
        )


@torch.inference_mode()
def sample(
    backbone: Backbone, requests: list[Request], limits: Limits, decode: Callable[[list[int]], str]
) -> list[Response]:
    """Answer all requests as one ordered unit. `decode` turns token ids to text (for stop strings)."""
    sequences: list[list[Sequence | None]] = [[None] * r.num_samples for r in requests]
    scores = [PromptScores()] * len(requests)
    soft = SoftTokens.of([r.soft for r in requests], backbone.width, backbone.device, once=True)
    if soft is not None:
        numbered = soft.number([r.prompt for r in requests])
        requests = [replace(r, prompt=tokens) for r, tokens in zip(requests, numbered, strict=True)]
    for wave in _waves(requests, limits):
        _Wave(backbone, requests, wave, limits, decode, soft).run(sequences, scores)
    return [Response([s for s in found if s is not None], scores[i], 0) for i, found in enumerate(sequences)]


def _waves(requests: list[Request], limits: Limits) -> list[list[_Row]]:
    """Rows decoded together: prompts of like length, within the limits; the rows of one prompt are neighbours."""
    same: dict[bytes, int] = {}
    prompt_of = [same.setdefault(r.prompt.tobytes(), i) for i, r in enumerate(requests)]
    ordered = sorted(range(len(requests)), key=lambda i: (-requests[i].prompt.size, prompt_of[i], i))
    waves: list[list[_Row]] = [[]]
    used, seen = 0, -1
    for i in ordered:
        for sample_index in range(requests[i].num_samples):
            # every prompt of a wave takes as much room as its first, the longest
            prompt = requests[waves[-1][0].request if waves[-1] else i].prompt.size
            need = requests[i].params.max_tokens + (prompt if seen != prompt_of[i] else 0)
            if waves[-1] and (len(waves[-1]) >= limits.rows or used + need > limits.tokens):
                waves.append([])
                used, need = 0, requests[i].params.max_tokens + requests[i].prompt.size
            waves[-1].append(_Row(i, sample_index, prompt_of[i]))
            used, seen = used + need, prompt_of[i]
    return waves


class _Wave:
    """One batch from prompt to last token."""

    def __init__(
        self,
        backbone: Backbone,
        requests: list[Request],
        rows: list[_Row],
        limits: Limits,
        decode: Callable[[list[int]], str],
        soft: SoftTokens | None,
    ) -> None:
        self.soft = None if soft is None else soft.table
        self.backbone, self.requests, self.rows, self.limits, self.decode = backbone, requests, rows, limits, decode
        self.device = backbone.device
        self.prompts = list(dict.fromkeys(row.prompt for row in rows))
        self.params = [requests[row.request].params for row in rows]
        self.longest = max(p.max_tokens for p in self.params)
        self.max_tokens = torch.tensor([p.max_tokens for p in self.params], device=self.device)
        draws = np.zeros((len(rows), self.longest), dtype=np.float32)
        for at, (row, p) in enumerate(zip(rows, self.params, strict=True)):
            if p.temperature > 0:
                draws[at, : p.max_tokens] = uniforms(p.seed, row.sample, p.max_tokens)
        self.uniform = torch.from_numpy(draws).to(self.device)
        self.stops, self.stop_set = self._stop_tables()
        self.topk = max(requests[row.request].topk for row in rows)
        self.best: list[tuple[Tensor, Tensor, Tensor]] = []  # of each step: rows, their likeliest tokens, log-probs
        self.packable = packed.possible(backbone)
        self.packed: packed.PackedStep | None = None

    def _stop_tables(self) -> tuple[Tensor, Tensor]:
        sets = list(dict.fromkeys(p.stop_ids for p in self.params))
        table = torch.zeros(len(sets), self.backbone.vocab, dtype=torch.bool)
        for at, ids in enumerate(sets):
            table[at, [i for i in ids if 0 <= i < self.backbone.vocab]] = True
        which = torch.tensor([sets.index(p.stop_ids) for p in self.params])
        return table.to(self.device), which.to(self.device)

    def run(self, out: list[list[Sequence | None]], scores: list[PromptScores]) -> None:
        keys, values, last = self._prefill(scores)
        where = {prompt: g for g, prompt in enumerate(self.prompts)}
        group = torch.tensor([where[row.prompt] for row in self.rows], device=self.device)
        lengths = torch.tensor([self.requests[p].prompt.size for p in self.prompts], device=self.device)
        plan = DecodePlan(
            keys, values, lengths, group, self.longest, static=self.device.type == "cuda", context=self.backbone.context
        )
        del keys, values
        tokens, logprobs, ends, stopped = self._decode(plan, self.backbone.head(last)[group].float())
        best = self._likeliest()
        for at, row in enumerate(self.rows):
            end, k = int(ends[at]), self.requests[row.request].topk
            found = None if k == 0 or best is None else Likeliest(best[0][at, :end, :k], best[1][at, :end, :k])
            out[row.request][row.sample] = Sequence(
                tokens[at, :end].astype(np.int32), logprobs[at, :end], bool(stopped[at]), found
            )

    def _likeliest(self) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
        """[row, step, k] of what was noted step by step."""
        if self.topk == 0:
            return None
        shape = (len(self.rows), len(self.best), self.topk)
        tokens, logprobs = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.float32)
        for step, (rows, best, values) in enumerate(self.best):
            tokens[rows.cpu().numpy(), step], logprobs[rows.cpu().numpy(), step] = (
                best.cpu().numpy(),
                values.cpu().numpy(),
            )
        return tokens, logprobs

    def _prefill(self, scores: list[PromptScores]) -> tuple[list[Tensor], list[Tensor], Tensor]:
        """A layer's keys [G, Hkv, D, P] and values [G, Hkv, P, D] of every prompt; the last hidden states [G, H]."""
        sequences = [self.requests[p].prompt for p in self.prompts]
        longest = max(s.size for s in sequences)
        keys: list[Tensor] = []
        values: list[Tensor] = []
        last: Tensor | None = None
        for piece in split(sequences, self.limits.prefill, order(sequences)):
            batch = pack([sequences[i] for i in piece])
            looked = [batch.index[at] if self._asking(i) else batch.index[at][-1:] for at, i in enumerate(piece)]
            hidden, plan = self.backbone.hidden_of(batch, np.concatenate(looked), keep=True, users=self.soft)
            if last is None:
                last = hidden.new_empty(len(sequences), hidden.shape[1])
                for layer in sorted(plan.kv):
                    k = plan.kv[layer][0]
                    prompts, heads, dim = len(sequences), k.shape[1], k.shape[2]
                    keys.append(k.new_zeros(prompts, heads, dim, longest))
                    values.append(k.new_zeros(prompts, heads, longest, dim))
            for at, (i, states) in enumerate(zip(piece, hidden.split([rows.size for rows in looked]), strict=True)):
                last[i] = states[-1]
                index = torch.from_numpy(batch.index[at]).to(self.device)
                for layer, (k, v) in plan.kv.items():
                    keys[layer][i, :, :, : index.numel()] = k[index].permute(1, 2, 0)
                    values[layer][i, :, : index.numel()] = v[index].transpose(0, 1)
                wishes = self._asking(i)
                if wishes:
                    found = score(self.backbone.head, sequences[i], states, wishes)
                    for request, of_prompt in found.items():
                        scores[request] = of_prompt
        assert last is not None
        return keys, values, last

    def _asking(self, prompt: int) -> dict[int, PromptWishes]:
        """What requests want to know of the prompt of this place."""
        rows = [row for row in self.rows if row.prompt == self.prompts[prompt]]
        return {row.request: w for row in rows if (w := self.requests[row.request].wishes)}

    def _decode(
        self, plan: DecodePlan, logits: Tensor
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_]]:
        count = len(self.rows)
        tokens = torch.zeros(count, self.longest, dtype=torch.int64, device=self.device)
        logprobs = torch.zeros(count, self.longest, device=self.device)
        ends = self.max_tokens.clone()
        stopped = torch.zeros(count, dtype=torch.bool, device=self.device)
        alive = torch.arange(count, device=self.device)  # rows of the plan, by their place in the wave
        done = torch.zeros(count, dtype=torch.bool, device=self.device)
        picker, uniform, limit, stop_set = (
            Picker.of(self.params, self.device),
            self.uniform,
            self.max_tokens,
            self.stop_set,
        )
        watch = _StopStrings(self.params, self.decode)
        step = Step(lambda picked: self._logits(picked, plan), plan)
        # a GPU waits for the host each time it is asked who is done, and what is dropped costs a new graph
        every, worth = (8, 0.5) if plan.static else (1, 0.75)
        for at in range(self.longest):
            picked, lp = picker.pick(logits, uniform[:, at])
            tokens[alive, at], logprobs[alive, at] = picked, lp
            if self.topk:
                told = picker.told(logits)
                best, where = told.topk(self.topk, -1)
                self.best.append((alive, where, best - told.logsumexp(-1, keepdim=True)))
            hit = self.stops[stop_set, picked] & ~done
            if watch.any:
                hit |= watch.hits(tokens, alive, at, done)
            ends[alive] = torch.where(hit, at + 1, ends[alive])
            stopped[alive] |= hit
            done = done | hit | (limit <= at + 1)
            if (at + 1) % every == 0 or at + 1 == self.longest:
                done |= self._given_up(alive)
                left = int((~done).sum())
                if left == 0:
                    break
                if left <= worth * done.numel():
                    rows = torch.nonzero(~done).squeeze(1)
                    plan.keep(rows)
                    alive, done, picked, uniform = alive[rows], done[rows], picked[rows], uniform[rows]
                    limit, stop_set, picker = limit[rows], stop_set[rows], picker.keep(rows)
            plan.reserve()
            logits = step(picked)
            plan.advance()
        return tokens.cpu().numpy(), logprobs.cpu().numpy(), ends.cpu().numpy(), stopped.cpu().numpy()

    def _given_up(self, alive: Tensor) -> Tensor:
        """The rows that nobody waits for."""
        over = {row.request for row in self.rows if self.requests[row.request].given_up()}
        if not over:
            return torch.zeros_like(alive, dtype=torch.bool)
        return torch.tensor([self.rows[at].request in over for at in alive.tolist()], device=self.device)

    def _logits(self, picked: Tensor, plan: DecodePlan) -> Tensor:
        """Tokens [B] of one step -> logits [B, V] of the next, in fp32."""
        if self.packable and packed.worth(picked.numel(), plan.step, self.longest - plan.step):
            self.packable, self.packed = False, packed.PackedStep(self.backbone)
        if self.packed is not None:
            return self.packed(picked, plan)
        hidden = self.backbone.hidden(picked.unsqueeze(1), plan.begin_step().unsqueeze(1), plan)
        return self.backbone.head(hidden[:, 0]).float()


class _StopStrings:
    """Looks for stop strings in the text of the newest tokens; nothing is decoded where none was asked for."""

    def __init__(self, params: list[Params], decode: Callable[[list[int]], str]) -> None:
        self.params, self.decode = params, decode
        self.any = any(p.stop_strings for p in params)

    def hits(self, tokens: Tensor, alive: Tensor, step: int, done: Tensor) -> Tensor:
        found = torch.zeros_like(done)
        places, over = alive.tolist(), done.tolist()
        for at, row in enumerate(places):
            wanted = self.params[row].stop_strings
            if wanted and not over[at]:
                newest = tokens[row, max(0, step + 1 - _window(wanted)) : step + 1]
                found[at] = stopped_by(wanted, newest.tolist(), self.decode)
        return found


def stopped_by(wanted: tuple[str, ...], tokens: list[int], decode: Callable[[list[int]], str]) -> bool:
    """Whether one of these strings stands at the end of what was sampled so far."""
    if not wanted:
        return False
    text = decode(tokens[-_window(wanted) :])
    return any(s in text for s in wanted)


def _window(wanted: tuple[str, ...]) -> int:
    """Of the newest tokens: a character may take several, and each holds at least one byte."""
    return 4 * max(len(s) for s in wanted) + 8
