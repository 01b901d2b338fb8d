"""Attention of a decoding batch: each prompt's keys once for its group, each sequence's own keys apart."""

from __future__ import annotations

import torch
from torch import Tensor


class DecodePlan:
    """keys[layer], values[layer]: prompts [G, Hkv, P, D]; own keys grow to [B, Hkv, steps, D].

    Sequences stand in a list of B rows; `grid` [G, N] says which row is sample n of prompt g (a repeated row where a
    prompt has fewer left), `cell` [B] the inverse. All rows are at the same step, so own keys need no mask.
    """

    def __init__(self, keys: list[Tensor], values: list[Tensor], lengths: Tensor, group: Tensor, capacity: int) -> None:
        self.keys, self.values = keys, values
        self.lengths = lengths
        self.capacity = capacity
        self.step = 0
        heads, dim = keys[0].shape[1], keys[0].shape[3]
        size = (group.numel(), heads, min(32, capacity), dim)
        self.own_keys = [k.new_empty(size) for k in keys]
        self.own_values = [v.new_empty(size) for v in values]
        self._arrange(group)

    def _arrange(self, group: Tensor) -> None:
        self.group = group
        prompts = self.keys[0].shape[0]
        counts = torch.bincount(group, minlength=prompts)
        width = int(counts.max())
        # rows of one prompt are neighbours, so the place in its group is the distance to its first row
        first = counts.cumsum(0) - counts
        place = torch.arange(group.numel(), device=group.device) - first[group]
        self.cell = group * width + place
        self.full = bool((counts == width).all())
        if not self.full:
            grid = first.unsqueeze(1).repeat(1, width)
            grid.view(-1)[self.cell] = torch.arange(group.numel(), device=group.device)
            self.grid = grid.view(-1)
        self.width = width
        longest = self.keys[0].shape[2]
        beyond = torch.arange(longest, device=group.device) >= self.lengths.unsqueeze(1)
        self.mask = beyond[:, None, None, :] if bool(beyond.any()) else None

    def positions(self) -> Tensor:
        return self.lengths[self.group] + self.step

    def reserve(self) -> None:
        """Room for one more own key."""
        if self.step < self.own_keys[0].shape[2]:
            return
        size = min(self.capacity, 2 * self.own_keys[0].shape[2])
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                new = old.new_empty((*old.shape[:2], size, old.shape[3]))
                new[:, :, : self.step] = old[:, :, : self.step]
                store[layer] = new

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows (ascending) only; prompts without rows are let go."""
        group = self.group[rows]
        prompts, renamed = torch.unique_consecutive(group, return_inverse=True)
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                store[layer] = old[rows]
        if prompts.numel() < self.keys[0].shape[0]:
            self.lengths = self.lengths[prompts]
            longest = int(self.lengths.max())
            self.keys = [k[prompts, :, :longest] for k in self.keys]
            self.values = [v[prompts, :, :longest] for v in self.values]
        self._arrange(renamed)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        rows, heads, _, dim = q.shape
        kv, t = k.shape[1], self.step + 1
        own_keys, own_values = self.own_keys[layer], self.own_values[layer]
        own_keys[:, :, self.step] = k[:, :, 0]
        own_values[:, :, self.step] = v[:, :, 0]
        shared = heads // kv
        q = (q * scale).view(rows, kv, shared, dim)
        own = q @ own_keys[:, :, :t].transpose(-1, -2)
        above = self._to_grid(q) @ self.keys[layer].transpose(-1, -2)
        if self.mask is not None:
            above = above.masked_fill_(self.mask, float("-inf"))
        above = self._to_rows(above, shared)
        weights = torch.cat([above, own], -1).float().softmax(-1).to(q.dtype)
        longest = above.shape[-1]
        out = self._to_rows(self._to_grid(weights[..., :longest]) @ self.values[layer], shared)
        out = out + weights[..., longest:] @ own_values[:, :, :t]
        return out.reshape(rows, 1, heads, dim)

    def _to_grid(self, x: Tensor) -> Tensor:
        """[B, Hkv, n, X] -> [G, Hkv, N * n, X]."""
        if not self.full:
            x = x[self.grid]
        x = x.view(-1, self.width, *x.shape[1:])
        return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1, x.shape[4])

    def _to_rows(self, x: Tensor, shared: int) -> Tensor:
        """[G, Hkv, N * n, X] -> [B, Hkv, n, X]."""
        x = x.view(x.shape[0], x.shape[1], self.width, shared, x.shape[3]).transpose(1, 2)
        x = x.reshape(-1, *x.shape[2:])
        return x if self.full else x[self.cell]
