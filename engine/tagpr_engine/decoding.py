"""Attention of a decoding batch: each prompt's keys once for its group, each sequence's own keys apart."""

from __future__ import annotations

import torch
from torch import Tensor

from .fused import fused


@fused
def _weigh(above: Tensor, own: Tensor, unwritten: Tensor | None) -> Tensor:
    """Scores of the prompt's keys [..., P] and of the own ones [..., T] -> what each key weighs [..., P + T]."""
    if unwritten is not None:
        own = own.masked_fill(unwritten, float("-inf"))
    return torch.cat([above, own], -1).float().softmax(-1).to(above.dtype)


class DecodePlan:
    """keys[layer], values[layer]: prompts [G, Hkv, P, D]; own keys grow to [B, Hkv, steps, D].

    Sequences stand in a list of B rows; `grid` [G, N] says which row is sample n of prompt g (a repeated row where a
    prompt has fewer left), `cell` [B] the inverse. All rows are at the same step, so own keys need no mask.

    static (a GPU's): a step has the same shapes as the one before. It attends to all the room that own keys have, with
    a mask over what is not written yet, and takes its number from the device. `buffers` changes with the room.
    """

    def __init__(
        self,
        keys: list[Tensor],
        values: list[Tensor],
        lengths: Tensor,
        group: Tensor,
        capacity: int,
        static: bool = False,
    ) -> None:
        self.keys, self.values = keys, values
        self.lengths = lengths
        self.capacity, self.static = capacity, static
        self.step = self.buffers = 0
        self.at = torch.zeros(1, dtype=torch.int64, device=group.device)  # the step, where the device can read it
        heads, dim = keys[0].shape[1], keys[0].shape[3]
        size = (group.numel(), heads, min(128 if static else 32, capacity), dim)
        self.own_keys = [k.new_zeros(size) for k in keys]  # zeros: what a mask hides must not be NaN
        self.own_values = [v.new_zeros(size) for v in values]
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
        """Of this step's tokens, [B]."""
        if not self.static:
            return self.lengths[self.group] + self.step
        room = torch.arange(self.own_keys[0].shape[2], device=self.at.device)
        self.unwritten = room > self.at
        return self.lengths[self.group] + self.at

    def advance(self) -> None:
        self.step += 1
        self.at += 1

    def reserve(self) -> None:
        """Room for one more own key."""
        if self.step < self.own_keys[0].shape[2]:
            return
        size = min(self.capacity, 2 * self.own_keys[0].shape[2])
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                new = old.new_zeros((*old.shape[:2], size, old.shape[3]))
                new[:, :, : self.step] = old[:, :, : self.step]
                store[layer] = new
        self.buffers += 1

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
        self.buffers += 1

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        rows, heads, _, dim = q.shape
        kv, shared = k.shape[1], heads // k.shape[1]
        own_keys, own_values = self._write(layer, k, v)
        q = (q * scale).view(rows, kv, shared, dim)
        own = q @ own_keys.transpose(-1, -2)
        above = self._to_grid(q) @ self.keys[layer].transpose(-1, -2)
        if self.mask is not None:
            above = above.masked_fill_(self.mask, float("-inf"))
        above = self._to_rows(above, shared)
        weights = _weigh(above, own, self.unwritten if self.static else None)
        longest = above.shape[-1]
        out = self._to_rows(self._to_grid(weights[..., :longest]) @ self.values[layer], shared)
        out = out + weights[..., longest:] @ own_values
        return out.reshape(rows, 1, heads, dim)

    def _write(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """This step's key and value [B, Hkv, 1, D] into place; the own keys and values that a query attends to."""
        own_keys, own_values = self.own_keys[layer], self.own_values[layer]
        if self.static:
            return own_keys.index_copy_(2, self.at, k), own_values.index_copy_(2, self.at, v)
        own_keys[:, :, self.step], own_values[:, :, self.step] = k[:, :, 0], v[:, :, 0]
        return own_keys[:, :, : self.step + 1], own_values[:, :, : self.step + 1]

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
