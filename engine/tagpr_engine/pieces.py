"""A batch in pieces: inputs put end to end, results put back where they belong."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from .errors import EngineError
from .wire import Datum

Outputs = dict[str, list[NDArray[np.float32]]]
Metrics = dict[str, float]


def joined(arrays: list[NDArray[Any]]) -> NDArray[Any]:
    """[m] end to end; with soft targets among them [m, K], padded to the widest by zeros (of weight 0)."""
    if all(a.ndim == 1 for a in arrays):
        return np.concatenate(arrays)
    wide = [a if a.ndim == 2 else a[:, None] for a in arrays]
    most = max(a.shape[1] for a in wide)
    return np.concatenate([np.pad(a, ((0, 0), (0, most - a.shape[1]))) for a in wide])


def scatter(
    outputs: list[NDArray[np.float32]], values: Tensor, looks: list[NDArray[np.bool_]], piece: list[int]
) -> None:
    flat, at = values.detach().float().cpu().numpy(), 0
    for i in piece:
        count = int(looks[i].sum())
        here, shape = flat[at : at + count], outputs[i].shape
        if flat.ndim == 2:
            here = here[:, 0] if len(shape) == 1 else here[:, : shape[1]]
        outputs[i][looks[i]] = here
        at += count


def merge(metrics: Metrics, new: Metrics) -> None:
    for name, value in new.items():
        reduction = name.rpartition(":")[2]
        if name not in metrics:
            metrics[name] = value
        elif reduction == "sum":
            metrics[name] += value
        else:
            metrics[name] = (min if reduction == "min" else max)(metrics[name], value)


def pairs_of(data: list[Datum]) -> list[tuple[int, int]]:
    """(preferred, other) datum indices of every pair_id. Raises EngineError on a pair that is not whole."""
    sides: dict[int, dict[int, int]] = {}
    for i, datum in enumerate(data):
        pair, preferred = int(datum.inputs["pair_id"][0]), int(datum.inputs["preferred"][0])
        if preferred not in (0, 1):
            raise EngineError(f"datum {i}: preferred is {preferred}; it must be 0 or 1")
        if preferred in sides.setdefault(pair, {}):
            raise EngineError(f"datum {i}: pair_id {pair} has two datums with preferred = {preferred}")
        sides[pair][preferred] = i
    for pair, found in sides.items():
        if len(found) != 2:
            raise EngineError(
                f"datum {next(iter(found.values()))}: pair_id {pair} lacks its other side in this request"
            )
    return [(found[1], found[0]) for found in sides.values()]
