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
    Own keys and values grow to [B, Hkv, steps, D].

    Sequences stand in a list of B rows; where they attend to the prompts, in a grid of N cells a prompt: `cell` [B] is
    a row's place in it, `grid` [G * N] the inverse (a repeated row where a prompt has fewer left). All rows are at the
    same step, so own keys need no mask.

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
        context: int = 1 << 30,
    ) -> None:
        self.keys, self.values = keys, values
        self.lengths = lengths
        self.capacity, self.static, self.context = capacity, static, context
        self.step = self.buffers = 0
        self.at = torch.zeros(1, dtype=torch.int64, device=group.device)  # the step, where the device can read it
        heads, dim = values[0].shape[1], values[0].shape[3]
        size = (group.numel(), heads, min(128 if static else 32, capacity), dim)
        self.own_keys = [k.new_zeros(size) for k in keys]  # zeros: what a mask hides must not be NaN
        self.own_values = [v.new_zeros(size) for v in values]
        self._arrange(group)

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
            room = self.own_keys[0].shape[2] if self.static else self.step + 1
            unwritten = torch.arange(room, device=self.at.device) > self.at
            masked = torch.cat([self.beyond, unwritten.expand(self.beyond.shape[0], -1)], -1)
            self.masked = masked[:, None, None, None, :]
        # a sequence that is done goes on beside the others, maybe past the last position that the model knows
        return (self.lengths[self.group] + (self.at if self.static else self.step)).clamp_(max=self.context - 1)

    def advance(self) -> None:
        self.step += 1
        self.at += 1

    def reserve(self) -> None:
        """Room for one more own key."""
        room = self.own_keys[0].shape[2]
        if self.step < room:
            return
        size = min(self.capacity, 2 * room)
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                new = old.new_zeros((*old.shape[:2], size, old.shape[3]))
                new[:, :, : self.step] = old[:, :, : self.step]
                store[layer] = new
        self.buffers += 1

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows (ascending) only; prompts without rows are let go."""
        prompts, renamed = torch.unique_consecutive(self.group[rows], return_inverse=True)
        if prompts.numel() < self.keys[0].shape[0]:
            self.lengths = self.lengths[prompts]
            longest = int(self.lengths.max())
            self.keys = [k[prompts][..., :longest].contiguous() for k in self.keys]
            self.values = [v[prompts, :, :longest].contiguous() for v in self.values]
        for store in (self.own_keys, self.own_values):
            for layer, old in enumerate(store):
                store[layer] = old[rows]
        self._arrange(renamed)
        self.buffers += 1

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """q [B, H, 1, D], k and v [B, Hkv, 1, D] -> [B, 1, H, D]."""
        rows, heads, _, dim = q.shape
        kv = k.shape[1]
        keys = self.keys[layer].flatten(0, 1)  # [G * Hkv, D, P]
        values = self.values[layer].flatten(0, 1)  # [G * Hkv, P, D]
        own_keys, own_values = self._write(layer, k, v)  # [B * Hkv, T, D]
        queries = q.new_empty(rows, kv, heads // kv, dim)
        torch.mul(q.view(queries.shape), scale, out=queries)
        own = queries.flatten(0, 1) @ own_keys.transpose(1, 2)
        above = self._to_grid(queries).reshape(keys.shape[0], -1, dim) @ keys
        own = self._to_grid(own.view(*queries.shape[:3], -1))  # [G, Hkv, N, H / Hkv, T]
        weights = _weigh(above.view(*own.shape[:4], -1), own, self.masked)
        longest = keys.shape[2]
        out = weights.view(keys.shape[0], -1, weights.shape[-1])[:, :, :longest] @ values
        out = self._to_rows(out.view(*own.shape[:4], dim)).flatten(0, 1)  # [B * Hkv, H / Hkv, D]
        out = torch.baddbmm(out, self._to_rows(weights[..., longest:]).flatten(0, 1), own_values)
        return out.view(rows, 1, heads, dim)

    def _write(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """This step's key and value [B, Hkv, 1, D] into place; the own keys and values that a query attends to."""
        own_keys, own_values = self.own_keys[layer], self.own_values[layer]
        if self.static:
            own_keys.index_copy_(2, self.at, k)
            own_values.index_copy_(2, self.at, v)
            return own_keys.flatten(0, 1), own_values.flatten(0, 1)
        own_keys[:, :, self.step], own_values[:, :, self.step] = k[:, :, 0], v[:, :, 0]
        return own_keys.flatten(0, 1)[:, : self.step + 1], own_values.flatten(0, 1)[:, : self.step + 1]

    def _to_grid(self, x: Tensor) -> Tensor:
        """[B, Hkv, n, X] -> [G, Hkv, N, n, X]."""
        if not self.full:
            x = x[self.grid]
        return x.view(-1, self.width, *x.shape[1:]).transpose(1, 2)

    def _to_rows(self, x: Tensor) -> Tensor:
        """[G, Hkv, N, n, X] -> [B, Hkv, n, X]."""
        x = x.transpose(1, 2).flatten(0, 1)
        return (x if self.full else x[self.cell]).contiguous()
