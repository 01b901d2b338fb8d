"""Attention of a decoding batch: each prompt's keys once for its group, each sequence's own keys apart."""

from __future__ import annotations

import torch
from torch import Tensor

from .fused import fused


@fused
def _weigh(above: Tensor, own: Tensor, masked: Tensor | None) -> Tensor:
    """Scores of the prompt's keys [..., P] and of the own ones [..., T] -> what each key weighs [..., P + T]."""
    scores = torch.cat([above, own], -1).float()
    if masked is not None:
        scores.masked_fill_(masked, float("-inf"))
    return scores.softmax(-1).to(above.dtype)


class DecodePlan:
    """keys[layer] [G, Hkv, D, P], values[layer] [G, Hkv, P, D]: the prompts', keys as their products read them fastest.
    Own keys and values grow to [G, Hkv, N, steps, D].

    Sequences stand in a list of B rows and, inside, in a grid of N cells a prompt: `cell` [B] is a row's place in it,
    `grid` [G * N] the inverse (a repeated row where a prompt has fewer left). All rows are at the same step, so own
    keys need no mask.

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
        self._arrange(group)
        prompts, heads, _, dim = values[0].shape
        size = (prompts, heads, self.width, min(128 if static else 32, capacity), dim)
        self.own_keys = [k.new_zeros(size) for k in keys]  # zeros: what a mask hides must not be NaN
        self.own_values = [v.new_zeros(size) for v in values]

    def _arrange(self, group: Tensor) -> None:
        self.group = group
        prompts = self.lengths.numel()
        counts = torch.bincount(group, minlength=prompts)
        self.width = width = int(counts.max())
        # rows of one prompt are neighbours, so the place in its group is the distance to its first row
        first = counts.cumsum(0) - counts
        place = torch.arange(group.numel(), device=group.device) - first[group]
        self.cell = group * width + place
        self.full = bool((counts == width).all())
        grid = first.unsqueeze(1).repeat(1, width)
        grid.view(-1)[self.cell] = torch.arange(group.numel(), device=group.device)
        self.grid = grid.view(-1)
        beyond = torch.arange(self.keys[0].shape[3], device=group.device) >= self.lengths.unsqueeze(1)
        self.beyond = beyond if self.static or bool(beyond.any()) else None

    def begin_step(self) -> Tensor:
        """Note which scores are of no key: past a prompt's end, or not written yet. Answers the positions [B]."""
        self.masked: Tensor | None = None
        if self.beyond is not None:
            room = self.own_keys[0].shape[3] if self.static else self.step + 1
            unwritten = torch.arange(room, device=self.at.device) > self.at
            masked = torch.cat([self.beyond, unwritten.expand(self.beyond.shape[0], -1)], -1)
            self.masked = masked[:, None, None, None, :]
        return self.lengths[self.group] + (self.at if self.static else self.step)

    def advance(self) -> None:
        self.step += 1
        self.at += 1

    def reserve(self) -> None:
        """Room for one more own key."""
        room = self.own_keys[0].shape[3]
        if self.step < room:
            return
        size = min(self.capacity, 2 * room)
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                new = old.new_zeros((*old.shape[:3], size, old.shape[4]))
                new[:, :, :, : self.step] = old[:, :, :, : self.step]
                store[layer] = new
        self.buffers += 1

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows (ascending) only; prompts without rows are let go."""
        cells = self.cell[rows]
        prompts, renamed = torch.unique_consecutive(self.group[rows], return_inverse=True)
        if prompts.numel() < self.keys[0].shape[0]:
            self.lengths = self.lengths[prompts]
            longest = int(self.lengths.max())
            self.keys = [k[prompts][..., :longest].contiguous() for k in self.keys]
            self.values = [v[prompts, :, :longest].contiguous() for v in self.values]
        self._arrange(renamed)
        cells = cells[self.grid]
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                kept = old.transpose(1, 2).flatten(0, 1)[cells]
                store[layer] = kept.unflatten(0, (-1, self.width)).transpose(1, 2).contiguous()
        self.buffers += 1

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """q [B, H, 1, D], k and v [B, Hkv, 1, D] -> [B, 1, H, D]."""
        kv, dim = k.shape[1], k.shape[3]
        keys = self.keys[layer].flatten(0, 1)  # [G * Hkv, D, P]
        values = self.values[layer].flatten(0, 1)  # [G * Hkv, P, D]
        own_keys, own_values = self._write(layer, k, v)  # [G * Hkv * N, T, D]
        queries = self._to_grid(q, kv)  # [G, Hkv, N, shared, D]
        queries = torch.mul(queries, scale, out=queries.new_empty(queries.shape))
        one = queries.view(own_keys.shape[0], -1, dim)
        above = queries.view(keys.shape[0], -1, dim) @ keys
        own = one @ own_keys.transpose(1, 2)
        weights = _weigh(above.view(*queries.shape[:4], -1), own.view(*queries.shape[:4], -1), self.masked)
        longest = keys.shape[2]
        weights = weights.view(keys.shape[0], -1, weights.shape[-1])
        out = torch.bmm(weights[:, :, :longest], values)
        weights = weights.view(own_keys.shape[0], -1, weights.shape[-1])
        out = torch.baddbmm(out.view(one.shape), weights[:, :, longest:], own_values)
        return self._to_rows(out.view(queries.shape))

    def _write(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """This step's key and value [B, Hkv, 1, D] into place; the own keys and values that a query attends to."""
        found = []
        for store, new in ((self.own_keys[layer], k), (self.own_values[layer], v)):
            new = self._to_grid(new, k.shape[1])  # [G, Hkv, N, 1, D]
            if self.static:
                store.index_copy_(3, self.at, new)
                found.append(store.flatten(0, 2))
            else:
                store[:, :, :, self.step] = new[:, :, :, 0]
                found.append(store.flatten(0, 2)[:, : self.step + 1])
        return found[0], found[1]

    def _to_grid(self, x: Tensor, kv: int) -> Tensor:
        """Rows [B, Hkv * n, 1, D] -> the grid [G, Hkv, N, n, D]."""
        if not self.full:
            x = x[self.grid]
        return x.view(-1, self.width, kv, x.shape[1] // kv, x.shape[3]).transpose(1, 2)

    def _to_rows(self, x: Tensor) -> Tensor:
        """The grid [G, Hkv, N, n, D] -> rows [B, 1, Hkv * n, D]."""
        x = x.transpose(1, 2).reshape(-1, 1, x.shape[1] * x.shape[3], x.shape[4])
        return x if self.full else x[self.cell]
