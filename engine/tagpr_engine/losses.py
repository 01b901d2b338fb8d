"""The losses, all SUMMED over tokens and datums, as functions of the log-probs of the target tokens.

A loss sees the positions it looks at, of all datums of one piece, end to end: logprobs [M] (with gradient), its inputs
[M], and segment [M], the datum of each position. Each is additive over datums, so pieces add up to the whole.
cross_entropy takes soft targets too: logprobs, target_tokens and weights are then [M, K].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .errors import EngineError
from .wire import Array, Datum


@dataclass(frozen=True)
class Positions:
    logprobs: Tensor
    inputs: dict[str, Tensor]
    segment: Tensor
    datums: int


@dataclass(frozen=True)
class Result:
    """elementwise [M] sums to the loss. metrics: "name:reduction", reductions sum, min and max."""

    elementwise: Tensor
    metrics: dict[str, float]


Run = Callable[[Positions, dict[str, float]], Result]
Look = Callable[[dict[str, Array], dict[str, float]], NDArray[np.bool_]]


@dataclass(frozen=True)
class Loss:
    required: tuple[str, ...]
    optional: tuple[str, ...]
    config: dict[str, float]
    look: Look
    run: Run


def _cross_entropy(at: Positions, config: dict[str, float]) -> Result:
    return Result(-at.logprobs * at.inputs["weights"], {})


def _ratio(at: Positions) -> Tensor:
    return (at.logprobs - at.inputs["logprobs"]).exp()


def _ratio_metrics(ratio: Tensor, clipped: Tensor) -> dict[str, float]:
    if ratio.numel() == 0:
        return {}
    r = ratio.detach()
    return {"ratio:min": float(r.min()), "ratio:max": float(r.max()), "clipped:sum": float(clipped.sum())}


def _importance_sampling(at: Positions, config: dict[str, float]) -> Result:
    ratio = _ratio(at)
    return Result(
        -ratio * at.inputs["advantages"] * at.inputs["weights"], _ratio_metrics(ratio, torch.zeros_like(ratio))
    )


def _clip(ratio: Tensor, config: dict[str, float]) -> Tensor:
    return ratio.clamp(config["clip_low_threshold"], config["clip_high_threshold"])


def _ppo(at: Positions, config: dict[str, float]) -> Result:
    ratio, advantages = _ratio(at), at.inputs["advantages"]
    free, bounded = ratio * advantages, _clip(ratio, config) * advantages
    return Result(-torch.minimum(free, bounded) * at.inputs["weights"], _ratio_metrics(ratio, bounded < free))


def _cispo(at: Positions, config: dict[str, float]) -> Result:
    ratio = _ratio(at).detach()
    bounded = _clip(ratio, config)
    elementwise = -bounded * at.inputs["advantages"] * at.logprobs * at.inputs["weights"]
    return Result(elementwise, _ratio_metrics(ratio, bounded != ratio))


def _gspo(at: Positions, config: dict[str, float]) -> Result:
    """GSPO-token (arXiv 2507.18071, eq. 14): the ratio's value is the sequence's, its gradient each token's own."""
    mask, advantages = at.inputs["sequence_ratio_mask"], at.inputs["advantages"]
    zeros = at.logprobs.new_zeros(at.datums)
    gap = (at.logprobs.detach() - at.inputs["logprobs"]) * mask
    count = zeros.index_add(0, at.segment, mask)
    mean = zeros.index_add(0, at.segment, gap) / count.clamp(min=1)
    sequence = mean.exp()
    ratio = sequence[at.segment] * (at.logprobs - at.logprobs.detach()).exp()
    free, bounded = ratio * advantages, _clip(ratio, config) * advantages
    over = zeros.index_add(0, at.segment, (bounded < free).to(zeros.dtype)) > 0
    return Result(-torch.minimum(free, bounded), _ratio_metrics(sequence[count > 0], over))


def _nonzero(*names: str) -> Look:
    """Where the product of these inputs is not 0."""

    def look(inputs: dict[str, Array], config: dict[str, float]) -> NDArray[np.bool_]:
        there = np.logical_and.reduce([inputs[name] != 0 for name in names])
        return there.any(axis=1) if there.ndim == 2 else there

    return look


def _look_gspo(inputs: dict[str, Array], config: dict[str, float]) -> NDArray[np.bool_]:
    return np.logical_or(inputs["sequence_ratio_mask"] != 0, inputs["advantages"] != 0)


_ALL = {"only_weighted": 0.0}  # 1: log-probs are computed where the loss looks, and nowhere else
_CLIP = {"clip_low_threshold": 0.8, "clip_high_threshold": 1.2, **_ALL}
_RATIO = ("target_tokens", "logprobs", "advantages")

TOKEN_LOSSES: dict[str, Loss] = {
    "cross_entropy": Loss(
        ("target_tokens",), ("weights",), {**_ALL, "soft_gradients": 0.0}, _nonzero("weights"), _cross_entropy
    ),
    "importance_sampling": Loss(_RATIO, ("weights",), _ALL, _nonzero("advantages", "weights"), _importance_sampling),
    "ppo": Loss(_RATIO, ("weights",), _CLIP, _nonzero("advantages", "weights"), _ppo),
    "cispo": Loss(_RATIO, ("weights",), _CLIP, _nonzero("advantages", "weights"), _cispo),
    "gspo": Loss(
        (*_RATIO, "sequence_ratio_mask"),
        (),
        {"clip_low_threshold": 1 - 0.0003, "clip_high_threshold": 1 + 0.0004, **_ALL},
        _look_gspo,
        _gspo,
    ),
}
SCORE_LOSSES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bradley_terry": (("pair_id", "preferred"), ("user_index", "weights")),
    "reward_score": ((), ("user_index",)),
    "logistic": (("label",), ("user_index", "weights")),
}
INTEGERS = {"target_tokens", "pair_id", "preferred", "user_index", "label"}


_SCORE_CONFIG = {"logistic": {"heads_only": 0.0}}  # 1: of a text encoder the heads alone get gradients


def read_config(name: str, given: dict[str, float]) -> dict[str, float]:
    """The loss's configuration, defaults filled in. Raises EngineError on a loss, a key or a value it does not know."""
    if name not in TOKEN_LOSSES and name not in SCORE_LOSSES and name != "soft_prompt":
        known = ", ".join([*TOKEN_LOSSES, *SCORE_LOSSES, "soft_prompt"])
        raise EngineError(f"loss_fn {name[:80]!r} is not served (served: {known})")
    defaults = TOKEN_LOSSES[name].config if name in TOKEN_LOSSES else _SCORE_CONFIG.get(name, {})
    for key, value in given.items():
        if key not in defaults:
            known = ", ".join(sorted(defaults)) or "none"
            raise EngineError(f"loss_fn_config: {name} does not know {key!r} (known: {known})")
        if not np.isfinite(value):
            raise EngineError(f"loss_fn_config: {key} is {value}")
    config = {**defaults, **given}
    if "clip_low_threshold" in config and not 0 <= config["clip_low_threshold"] <= 1 <= config["clip_high_threshold"]:
        raise EngineError(
            f"loss_fn_config: clip_low_threshold {config['clip_low_threshold']} and clip_high_threshold "
            f"{config['clip_high_threshold']} are bounds of the ratio: 0 <= low <= 1 <= high"
        )
    return config


def check_datum(name: str, index: int, datum: Datum, vocab: int) -> Datum:
    """Names, dtypes and shapes of one datum's inputs; returns it with defaults filled in."""
    if name in TOKEN_LOSSES:
        required, optional = TOKEN_LOSSES[name].required, TOKEN_LOSSES[name].optional
    else:
        required, optional = SCORE_LOSSES[name]
    for key in required:
        if key not in datum.inputs:
            raise EngineError(f"datum {index}: {name} needs loss input {key!r}")
    for key, value in datum.inputs.items():
        if key not in required and key not in optional:
            raise EngineError(f"datum {index}: {name} does not take loss input {key!r}")
        if key in INTEGERS and value.dtype != np.int64:
            raise EngineError(f"datum {index}: loss input {key!r} must be int64, not {value.dtype}")
        length = datum.tokens.size if name in TOKEN_LOSSES else 1
        if value.ndim == 2 and value.shape[1] > 1 and name != "cross_entropy":
            raise EngineError(f"datum {index}: {name} takes one value a position, {key!r} has shape {value.shape}")
        if value.shape[0] != length:
            what = f"the {length} tokens of model_input" if name in TOKEN_LOSSES else "the one value it takes"
            raise EngineError(f"datum {index}: loss input {key!r} has {value.shape[0]} values, not {what}")
    if name not in TOKEN_LOSSES:
        weight = float(datum.inputs["weights"][0]) if "weights" in datum.inputs else 1.0
        if not (np.isfinite(weight) and weight >= 0):
            raise EngineError(f"datum {index}: loss input 'weights' is {weight}; a pair's weight is at least 0")
        if name == "logistic" and int(datum.inputs["label"][0]) not in (0, 1):
            raise EngineError(f"datum {index}: label is {int(datum.inputs['label'][0])}; it must be 0 or 1")
        return datum
    targets = datum.inputs["target_tokens"]
    if targets.min() < 0 or targets.max() >= vocab:
        raise EngineError(
            f"datum {index}: target_tokens holds {_outside(targets, vocab)}; the vocabulary is 0..{vocab - 1}"
        )
    weights = datum.inputs.get("weights")
    if weights is not None and weights.size != targets.size:
        raise EngineError(f"datum {index}: target_tokens has shape {targets.shape}, weights has {weights.shape}")
    like = targets if name == "cross_entropy" else targets.reshape(-1)
    ones = {key: np.ones(like.shape, dtype=np.float32) for key in optional if key not in datum.inputs}
    floats: dict[str, Array] = {k: v if k in INTEGERS else v.astype(np.float32) for k, v in datum.inputs.items()}
    # a column is one value a position; weights look as their targets do
    floats = {k: v.reshape(targets.shape if name == "cross_entropy" else -1) for k, v in floats.items()}
    if name == "gspo":
        _check_gspo(index, floats)
    return Datum(datum.tokens, {**floats, **ones})


def _check_gspo(index: int, inputs: dict[str, Array]) -> None:
    mask = inputs["sequence_ratio_mask"]
    if ((mask != 0) & (mask != 1)).any():
        raise EngineError(f"datum {index}: sequence_ratio_mask must be 0 or 1")
    if not mask.any() and inputs["advantages"].any():
        raise EngineError(f"datum {index}: sequence_ratio_mask is all 0 but advantages are not")


def _outside(values: Array, vocab: int) -> int:
    return int(values[(values < 0) | (values >= vocab)][0])
