"""From logits to tokens: one uniform number a token and the inverse of the cumulative distribution.

A sequence's uniforms come from (seed, sample index) alone, so its tokens do not depend on what else is in the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SAMPLED_LOGPROBS = "of the sampling temperature, before top_k and top_p; of temperature 1 where it is 0"
WIDE, BLOCK = 8192, 512  # a larger vocabulary is searched by blocks


@dataclass(frozen=True)
class Params:
    """temperature 0 is greedy; top_k -1 and top_p 1 are off; stop_ids end a sequence (the stop token is kept).

    model_logprobs: the model's own, at temperature 1, whatever the sampling temperature.
    """

    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    seed: int
    stop_ids: tuple[int, ...]
    stop_strings: tuple[str, ...]
    model_logprobs: bool = False


def uniforms(seed: int, index: int, count: int) -> NDArray[np.float32]:
    """`count` uniforms in [0, 1) of sample `index` under `seed`."""
    key = np.array([seed & (2**64 - 1), index], dtype=np.uint64)  # as a list, large ones become floats
    stream = np.random.Generator(np.random.Philox(key=key))
    # below 1 in fp32 even after scaling by a sum that is not exactly 1
    return np.minimum(stream.random(count), 1 - 2.0**-23).astype(np.float32)


def _running(values: Tensor) -> Tensor:
    """Sums from the first to each, over the last dimension; on a GPU in fp64.

    There they are not made from left to right, and in fp32 their last digit may rise where nothing is added, or change
    from call to call. A draw that hits such a step would be a token of probability 0.
    """
    return values.cumsum(-1, dtype=torch.float64 if values.is_cuda else None)


def _invert(probs: Tensor, uniform: Tensor) -> Tensor:
    """The first token whose cumulative probability passes `uniform` of the whole, [B, 1]."""
    cumulative = _running(probs)
    target = (uniform * cumulative[:, -1]).unsqueeze(1)
    return torch.searchsorted(cumulative, target, right=True).clamp_(max=probs.shape[1] - 1)


def _invert_wide(probs: Tensor, uniform: Tensor) -> Tensor:
    """The same in two steps, a block of tokens and a token in it: running sums of a whole vocabulary are slow."""
    whole = probs.shape[1] // BLOCK * BLOCK
    parts = [probs[:, :whole].unflatten(1, (-1, BLOCK)).sum(-1)]
    if whole < probs.shape[1]:
        parts.append(probs[:, whole:].sum(-1, keepdim=True))
    sums = torch.cat(parts, -1)
    cumulative = _running(sums)
    target = (uniform * cumulative[:, -1]).unsqueeze(1)
    block = torch.searchsorted(cumulative, target, right=True).clamp_(max=sums.shape[1] - 1)
    target -= (cumulative - sums).gather(1, block)
    places = block * BLOCK + torch.arange(BLOCK, device=probs.device)
    inside = probs.gather(1, places.clamp(max=probs.shape[1] - 1)) * (places < probs.shape[1])
    within = _running(inside)
    # what rounding left over must not fall on a token of probability 0
    target = target.clamp(min=0).minimum(within[:, -1:] * (1 - 2.0**-23))
    return (block * BLOCK + torch.searchsorted(within, target, right=True)).clamp_(max=probs.shape[1] - 1)


@dataclass(frozen=True)
class Picker:
    """Parameters of the sequences of a batch, one row each."""

    temperature: Tensor
    top_p: Tensor
    top_k: Tensor
    model_logprobs: Tensor
    greedy: bool
    plain: bool  # no greedy row, no cut, temperature 1 everywhere
    cuts: bool

    @staticmethod
    def of(params: list[Params], device: torch.device) -> Picker:
        temperature = torch.tensor([p.temperature for p in params], dtype=torch.float32, device=device)
        top_p = torch.tensor([p.top_p for p in params], dtype=torch.float32, device=device)
        top_k = torch.tensor([p.top_k for p in params], dtype=torch.int64, device=device)
        own = torch.tensor([p.model_logprobs for p in params], device=device)
        cuts = any(p.top_p < 1 or p.top_k > 0 for p in params if p.temperature > 0)
        plain = not cuts and all(p.temperature == 1 for p in params)
        return Picker(temperature, top_p, top_k, own, all(p.temperature == 0 for p in params), plain, cuts)

    def keep(self, rows: Tensor) -> Picker:
        kept = (self.temperature[rows], self.top_p[rows], self.top_k[rows], self.model_logprobs[rows])
        return Picker(*kept, self.greedy, self.plain, self.cuts)

    def told(self, logits: Tensor) -> Tensor:
        """logits [B, V] whose log-softmax the log-probs are: at each row's temperature, or as they are where it is
        greedy or `model_logprobs` were asked for."""
        if self.plain or self.greedy:
            return logits
        rate = torch.where((self.temperature == 0) | self.model_logprobs, 1.0, self.temperature.clamp(min=1e-6))
        return logits / rate.unsqueeze(1)

    def pick(self, logits: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """logits [B, V] fp32, uniform [B] -> tokens [B], their log-probs [B], uncut."""
        probs = logits.softmax(-1)
        tokens = logits.argmax(-1, keepdim=True) if self.greedy else self._draw(logits, probs, uniform)
        if self.plain or self.greedy:
            return tokens.squeeze(1), probs.gather(1, tokens).squeeze(1).log()
        # tokens are drawn whose probability at another temperature is 0 in fp32
        told = self.told(logits)
        return tokens.squeeze(1), (told.gather(1, tokens) - told.logsumexp(-1, keepdim=True)).squeeze(1)

    def _draw(self, logits: Tensor, probs: Tensor, uniform: Tensor) -> Tensor:
        if not self.plain:
            probs = torch.softmax(logits / self.temperature.clamp(min=1e-6).unsqueeze(1), -1)
            if self.cuts:
                probs = self._cut(probs)
        tokens = _invert(probs, uniform) if probs.shape[1] <= WIDE else _invert_wide(probs, uniform)
        if self.plain:
            return tokens
        return torch.where(self.temperature.unsqueeze(1) == 0, logits.argmax(-1, keepdim=True), tokens)

    def _cut(self, probs: Tensor) -> Tensor:
        """Keep the top_k likeliest, and of the likeliest the fewest whose sum reaches top_p."""
        ordered, where = probs.sort(dim=-1, descending=True, stable=True)
        rank = torch.arange(probs.shape[1], device=probs.device)
        limit = torch.where(self.top_k > 0, self.top_k, probs.shape[1]).unsqueeze(1)
        ordered = ordered.masked_fill(rank >= limit, 0.0)
        total = ordered.sum(-1, keepdim=True)
        before = _running(ordered) - ordered
        reached = (before >= self.top_p.unsqueeze(1) * total) & (self.top_p.unsqueeze(1) < 1)
        return torch.zeros_like(probs).scatter_(1, where, ordered.masked_fill(reached & (rank > 0), 0.0))
