"""Reading JSON bodies: known keys with known types, or a sentence that says which key is wrong."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import EngineError
from .picking import Params

log = logging.getLogger("tagpr_engine")
Body = Mapping[str, Any]
_logged: set[str] = set()


def tolerate(call: str, body: Body, known: set[str]) -> None:
    """Envelope fields that a newer client adds are let through and logged once."""
    for key in body:
        if key not in known and f"{call}.{key}" not in _logged:
            _logged.add(f"{call}.{key}")
            log.warning("%s: field %r is not known here and ignored", call, key)


def text(body: Body, key: str, call: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise EngineError(f"{call}: {key} must be a non-empty string", status=422)
    return value


def optional_text(body: Body, key: str, call: str) -> str | None:
    return None if body.get(key) is None else text(body, key, call)


MAX_INTEGER = 1 << 31
MAX_SEED = (1 << 63) - 1


def integer(body: Body, key: str, call: str, default: int | None = None, low: int = 0, high: int = MAX_INTEGER) -> int:
    value = body.get(key, default)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise EngineError(f"{call}: {key} must be a whole number from {low} to {high}, not {value!r}", status=422)
    return value


def tokens_of(model_input: Any, call: str) -> NDArray[np.int64]:
    chunks = model_input.get("chunks") if isinstance(model_input, Mapping) else None
    if not isinstance(chunks, list):
        raise EngineError(f"{call}: prompt must be {{chunks: [...]}}", status=422)
    out: list[int] = []
    for chunk in chunks:
        if not isinstance(chunk, Mapping) or chunk.get("type", "encoded_text") != "encoded_text":
            raise EngineError(f"{call}: the prompt holds a chunk that is no encoded_text; this engine takes text only")
        tokens = chunk.get("tokens")
        if not isinstance(tokens, list) or not all(type(t) is int for t in tokens):
            raise EngineError(f"{call}: prompt tokens must be whole numbers", status=422)
        if not all(0 <= t < 1 << 31 for t in tokens):
            odd = next(t for t in tokens if not 0 <= t < 1 << 31)
            raise EngineError(f"{call}: the prompt holds token {odd}; tokens are at least 0 and below 2^31")
        out.extend(tokens)
    return np.array(out, dtype=np.int64)


_SAMPLING = {"max_tokens", "temperature", "top_p", "top_k", "seed", "stop"}
_NOT_SERVED = (
    "topk_prompt_logprobs",
    "topk_sample_logprobs",
    "target_prompt_logprobs",
    "prompt_alt_tokens_k",
    "prompt_logprobs_last_n",
    "record_stability_info",
)


def sampling_params(body: Body, prompt_size: int, context: int, eos: list[int]) -> Params:
    for key in _NOT_SERVED:
        if body.get(key):
            raise EngineError(f"asample: {key} is not served by this engine")
    given = body.get("sampling_params")
    if not isinstance(given, Mapping):
        raise EngineError("asample: sampling_params must be an object", status=422)
    for key in given:
        if key not in _SAMPLING:
            raise EngineError(f"asample: unknown sampling parameter {key!r} (known: {', '.join(sorted(_SAMPLING))})")
    limit = integer(given, "max_tokens", "asample", max(1, context - prompt_size), 1)
    temperature = _number(given, "temperature", 1.0, 0.0, 1e6)
    top_p = _number(given, "top_p", 1.0, 0.0, 1.0)
    if top_p == 0:
        raise EngineError("asample: top_p must be above 0")
    seed = given.get("seed")
    if seed is None:
        seed = secrets.randbits(63)
    elif isinstance(seed, bool) or not isinstance(seed, int):
        raise EngineError(f"asample: seed must be a whole number, not {seed!r}", status=422)
    ids, strings = _stops(given.get("stop"), eos)
    return Params(limit, temperature, top_p, integer(given, "top_k", "asample", -1, -1), seed, ids, strings)


def _number(given: Body, key: str, default: float, low: float, high: float) -> float:
    value = given.get(key)
    if value is None:
        return default
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not low <= value <= high
    ):
        raise EngineError(f"asample: {key} must be a number from {low:g} to {high:g}, not {value!r}")
    return float(value)


def _stops(stop: Any, eos: list[int]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """None: the model's own end tokens. []: nothing stops. Otherwise these, and the end tokens."""
    if stop is None:
        return tuple(eos), ()
    if isinstance(stop, str):
        stop = [stop]
    if not isinstance(stop, list):
        raise EngineError("asample: stop must be a string, or a list of strings or of token ids", status=422)
    if not stop:
        return (), ()
    if all(type(s) is int for s in stop):
        return tuple(dict.fromkeys([*eos, *stop])), ()
    if all(isinstance(s, str) and s for s in stop):
        return tuple(eos), tuple(stop)
    raise EngineError("asample: stop must be a string, or a list of strings or of token ids", status=422)
