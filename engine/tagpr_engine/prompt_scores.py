"""Log-probs of prompts: of their own tokens, of the likeliest ones, of tokens that were named."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .heads import likeliest, target_logprobs
from .sample_wire import NOTHING, Likeliest, PromptScores, PromptWishes, Targets


def score(
    head: nn.Module, prompt: NDArray[np.int64], hidden: Tensor, wishes: Mapping[int, PromptWishes]
) -> dict[int, PromptScores]:
    """hidden [n, D] of one prompt, and what each request that has this prompt wants to know of it.

    What several want is computed once: the own tokens, and as many likeliest ones as anybody asked for.
    """
    states, device = hidden[:-1], hidden.device
    own: NDArray[np.float32] | None = None
    if any(w.logprobs for w in wishes.values()):
        own = target_logprobs(head, states, torch.from_numpy(prompt[1:]).to(device)).cpu().numpy()
    most = max(w.topk for w in wishes.values())
    found = None if most == 0 else tuple(t.cpu().numpy() for t in likeliest(head, states, most))
    out: dict[int, PromptScores] = {}
    for request, wish in wishes.items():
        from_token = prompt.size if wish.last is None else wish.last
        first = max(1, prompt.size - from_token)  # the first token that is scored
        logprobs, best = None, None
        if wish.logprobs and own is not None:
            logprobs = np.full(prompt.size, np.nan, dtype=np.float32)
            logprobs[first:] = own[first - 1 :]
        if wish.topk and found is not None:
            tokens = np.zeros((prompt.size, wish.topk), dtype=np.int64)
            values = np.full((prompt.size, wish.topk), NOTHING, dtype=np.float32)
            tokens[first:], values[first:] = (t[first - 1 :, : wish.topk] for t in found)
            best = Likeliest(tokens, values)
        targets = None if wish.targets is None else _of_targets(head, states, wish.targets)
        out[request] = PromptScores(logprobs, best, targets)
    return out


def _of_targets(head: nn.Module, states: Tensor, wish: Targets) -> NDArray[np.float32]:
    """Like the ids; rows that name no token are not computed."""
    out = np.zeros(wish.ids.shape, dtype=np.float32)
    rows = np.flatnonzero((wish.ids >= 0).any(axis=1))
    if rows.size:
        ids = torch.from_numpy(wish.ids[rows].clip(min=0)).to(states.device)
        found = target_logprobs(head, states[torch.from_numpy(rows).to(states.device)], ids).cpu().numpy()
        out[rows] = np.where(wish.ids[rows] >= 0, found, 0.0)
    return out
