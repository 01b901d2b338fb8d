"""Attention of sequences that came at different times: each has a slot, which another takes when it leaves."""

from __future__ import annotations

import torch
from torch import Tensor

STEP = 64  # room grows by this many keys at least


class LivePlan:
    """keys[layer] [S, Hkv, D, room], values[layer] [S, Hkv, room, D]: slots, of which the first `rows` are taken.

    Rows stand at different steps: `written` says how many keys each has, and a mask hides what lies beyond. A forward
    pass of one token a row begins with `begin_step` and ends with `advance`.
    """

    def __init__(self, context: int) -> None:
        self.context = context
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []
        self.written: list[int] = []

    @property
    def rows(self) -> int:
        return len(self.written)

    def join(self, keys: list[Tensor], values: list[Tensor]) -> None:
        """One more row: a prompt's keys [Hkv, D, P] and values [Hkv, P, D] of every layer."""
        at, size = self.rows, keys[0].shape[2]
        if not self.keys:
            self.keys = [k.new_zeros(1, *k.shape[:2], _rounded(size + 1)) for k in keys]
            self.values = [v.new_zeros(1, v.shape[0], _rounded(size + 1), v.shape[2]) for v in values]
        self._make_room(at + 1, size + 1)
        for layer, (k, v) in enumerate(zip(keys, values, strict=True)):
            self.keys[layer][at, :, :, :size] = k
            self.values[layer][at, :, :size] = v
        self.written.append(size)

    def leave(self, row: int) -> None:
        """The last row takes this one's place. With the last one all memory goes."""
        last = self.rows - 1
        if row != last:
            size = self.written[row] = self.written[last]
            for k, v in zip(self.keys, self.values, strict=True):
                k[row, :, :, :size] = k[last, :, :, :size]
                v[row, :, :size] = v[last, :, :size]
        self.written.pop()
        if last == 0:
            self.keys, self.values = [], []

    def _make_room(self, slots: int, room: int) -> None:
        """Doubled slots, and a quarter more room; layer by layer: what is given up goes before the next is made."""
        had, _, _, length = self.keys[0].shape
        if slots <= had and room <= length:
            return
        slots = had if slots <= had else 1 << (slots - 1).bit_length()
        room = length if room <= length else _rounded(max(room, length + length // 4))
        rows = self.rows
        for layer, (k, v) in enumerate(zip(self.keys, self.values, strict=True)):
            self.keys[layer] = k.new_zeros(slots, *k.shape[1:3], room)
            self.keys[layer][:rows, :, :, :length] = k[:rows]
            self.values[layer] = v.new_zeros(slots, v.shape[1], room, v.shape[3])
            self.values[layer][:rows, :, :length] = v[:rows]

    def begin_step(self) -> Tensor:
        """Room for one more key a row, and what is to be hidden. Answers the positions [B]."""
        self.longest = max(self.written) + 1
        self._make_room(self.rows, self.longest)
        device = self.keys[0].device
        self.at = torch.tensor(self.written, device=device)
        self.row = torch.arange(self.rows, device=device)
        beyond = torch.arange(self.longest, device=device) > self.at.unsqueeze(1)
        self.masked = None if min(self.written) + 1 == self.longest else beyond[:, None, None, :]
        return self.at.clamp(max=self.context - 1)

    def advance(self) -> None:
        self.written = [n + 1 for n in self.written]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """q [B, H, 1, D], k and v [B, Hkv, 1, D] -> [B, 1, H, D]."""
        rows, heads, _, dim = q.shape
        keys, values = self.keys[layer], self.values[layer]
        keys[self.row, :, :, self.at] = k[:, :, 0]
        values[self.row, :, self.at] = v[:, :, 0]
        queries = (q * scale).reshape(rows, k.shape[1], -1, dim)
        scores = (queries @ keys[:rows, :, :, : self.longest]).float()
        if self.masked is not None:
            scores.masked_fill_(self.masked, float("-inf"))
        return (scores.softmax(-1).to(q.dtype) @ values[:rows, :, : self.longest]).view(rows, 1, heads, dim)


def _rounded(length: int) -> int:
    return -(-length // STEP) * STEP
