"""Soft tokens: vectors that stand in a prompt in place of tokens. They come with the request and are not kept.

In a datum or a prompt the negative token -1-r is row r of its own `soft_tokens` [S, D], in fp32. All rows of a call
make one table, in which every row has a number of its own, so that the prefix tree never takes two of them for one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .backbone import Backbone
from .errors import EngineError
from .tree import Tokens
from .wire import Datum

Vectors = NDArray[np.float32]
NAME = "soft_tokens"


@dataclass(frozen=True)
class SoftTokens:
    """table [R, D]: the rows of all sequences. rows[i]: which of them are sequence i's; empty where it has none."""

    table: Tensor
    rows: list[slice]

    def number(self, sequences: list[Tokens]) -> list[Tokens]:
        """The sequences with rows of the table in place of their own."""
        return [np.where(s < 0, s - self.rows[i].start, s) for i, s in enumerate(sequences)]

    def parted(self, values: Tensor) -> list[Vectors]:
        """Values [R, D] by sequence, [S, D] each."""
        flat = values.detach().float().cpu().numpy()
        return [flat[rows] for rows in self.rows]

    @staticmethod
    def of(parts: list[Vectors | None], width: int, device: torch.device, once: bool = False) -> SoftTokens | None:
        """None where no sequence has any. `once`: equal vectors stand in the table once, and prefixes are shared."""
        rows: list[slice] = []
        kept: list[Vectors] = []
        seen: dict[bytes, slice] = {}
        used = 0
        for part in parts:
            if part is None:
                rows.append(slice(0, 0))
                continue
            key = part.tobytes()
            if not once or key not in seen:
                seen[key] = slice(used, used + part.shape[0])
                kept.append(part)
                used += part.shape[0]
            rows.append(seen[key])
        if not kept:
            return None
        return SoftTokens(torch.from_numpy(np.concatenate(kept).reshape(-1, width)).to(device), rows)


def check_soft(where: str, tokens: Tokens, values: NDArray[np.float32], width: int) -> Vectors:
    """Values as rows [S, D]. Raises EngineError where they are no whole rows, or a token stands for none of them."""
    if values.size == 0 or values.size % width:
        raise EngineError(
            f"{where}: {NAME} holds {values.size} values; a row has {width}, as the model's embeddings do"
        )
    rows = values.size // width
    if tokens.size and int(tokens.min()) < -rows:
        raise EngineError(
            f"{where}: token {int(tokens.min())} stands for row {-1 - int(tokens.min())} of {rows} {NAME}"
        )
    return values.astype(np.float32).reshape(rows, width)


def take_soft(data: list[Datum], loss_fn: str, backbone: Backbone) -> tuple[list[Datum], SoftTokens | None]:
    """The data without soft tokens among their inputs, token 0 where one stands, and what they are."""
    if not any(NAME in d.inputs for d in data):
        return data, None
    if loss_fn != "cross_entropy":
        raise EngineError(f"{NAME} go with cross_entropy, not with {loss_fn}")
    width, parts = backbone.width, list[Vectors | None]()
    plain: list[Datum] = []
    for i, datum in enumerate(data):
        given = datum.inputs.get(NAME)
        parts.append(None if given is None else check_soft(f"datum {i}", datum.tokens, given, width))  # type: ignore[arg-type]
        inputs = {name: value for name, value in datum.inputs.items() if name != NAME}
        tokens = datum.tokens if given is None else np.maximum(datum.tokens, 0)
        plain.append(replace(datum, tokens=tokens, inputs=inputs))
    return plain, SoftTokens.of(parts, width, backbone.device)
