"""Reading what an asample asks for."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import EngineError
from .picking import Params
from .requests import Body, integer, number, short
from .sample_wire import PromptWishes, Targets
from .wire import dense


def soft_tokens_of(body: Body) -> NDArray[np.float32] | None:
    """[S, D] as it was sent: what the prompt's negative tokens stand for."""
    given = body.get("soft_tokens")
    if given is None:
        return None
    shape = given.get("shape") if isinstance(given, Mapping) else None
    data = given.get("data") if isinstance(given, Mapping) else None
    if not isinstance(shape, list) or not isinstance(data, list) or given.get("dtype") != "float32":
        raise EngineError("asample: soft_tokens must be a float32 tensor (dtype, shape, data)", status=422)
    rows, width = shape if len(shape) == 2 else (0, 0)
    if not (type(rows) is int and type(width) is int and rows > 0 and rows * width == len(data) <= MAX_CELLS):
        raise EngineError(f"asample: soft_tokens has shape {short(shape)} but {len(data)} values")
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 3.4e38 for n in data):
        raise EngineError("asample: soft_tokens must hold finite numbers")
    return np.array(data, dtype=np.float32).reshape(rows, width)


def tokens_of(model_input: Any, call: str, soft: int = 0) -> NDArray[np.int64]:
    """`soft`: rows of soft tokens that negative tokens may stand for."""
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
        if not all(-soft <= t < 1 << 31 for t in tokens):
            odd = next(t for t in tokens if not -soft <= t < 1 << 31)
            raise EngineError(f"{call}: the prompt holds token {odd}; tokens are at least 0 and below 2^31")
        out.extend(tokens)
    return np.array(out, dtype=np.int64)


_SAMPLING = {"max_tokens", "temperature", "top_p", "top_k", "seed", "stop"}
_NOT_SERVED = ("prompt_alt_tokens_k", "record_stability_info")
MAX_CELLS = 1 << 24  # log-probs of one answer's table


def topk_sample(body: Body, count: int) -> int:
    """How many likeliest tokens are wanted at every place of the samples."""
    k = integer(body, "topk_sample_logprobs", "asample", 0)
    given = body.get("sampling_params")
    length = given.get("max_tokens") if isinstance(given, Mapping) else None
    _bounded("topk_sample_logprobs", k * count * (length if isinstance(length, int) else 1))
    return k


def prompt_wishes(body: Body, size: int) -> PromptWishes:
    """What is wanted of a prompt of `size` tokens."""
    topk, last = integer(body, "topk_prompt_logprobs", "asample", 0), body.get("prompt_logprobs_last_n")
    _bounded("topk_prompt_logprobs", topk * size)
    own = bool(body.get("prompt_logprobs"))
    if last is not None:
        if not own:
            raise EngineError("asample: prompt_logprobs_last_n goes with prompt_logprobs: true")
        last = integer(body, "prompt_logprobs_last_n", "asample", None, 1, max(1, size - 1))
    return PromptWishes(own, topk, last, _targets(body.get("target_prompt_logprobs"), size))


def _bounded(name: str, cells: int) -> None:
    if cells > MAX_CELLS:
        raise EngineError(f"asample: {name} would fill a table of {cells} log-probs; at most {MAX_CELLS}")


def _targets(given: Any, size: int) -> Targets | None:
    name = "target_prompt_logprobs"
    if given is None:
        return None
    if not isinstance(given, Mapping) or given.get("dtype") != "int64":
        raise EngineError(f"asample: {name} must be an int64 tensor of token ids", status=422)
    shape = _whole(given.get("shape"), f"{name}.shape")
    if shape.size != 2 or shape[0] != size - 1 or shape[1] < 1:
        raise EngineError(
            f"asample: {name} has shape {shape.tolist()}; a prompt of {size} tokens takes [{size - 1}, K]"
        )
    _bounded(name, int(shape[0]) * int(shape[1]))
    data, at, sparse = _whole(given.get("data"), f"{name}.data"), shape.tolist(), None
    if given.get("sparse_crow_indices") is not None:
        crow = _whole(given.get("sparse_crow_indices"), f"{name}.sparse_crow_indices")
        sparse = (crow, _whole(given.get("sparse_col_indices"), f"{name}.sparse_col_indices"))
        ids = dense(f"asample: {name}", data, *sparse, at, fill=-1)
    elif data.size == at[0] * at[1]:
        ids = data.reshape(at)
    else:
        raise EngineError(f"asample: {name} has shape {at} but {data.size} values")
    if ids.min() < -1 or ids.max() < 0:
        raise EngineError(f"asample: {name} holds token ids, and -1 where none is meant; it must name one at least")
    return Targets(ids, sparse)


def _whole(given: Any, name: str) -> NDArray[np.int64]:
    if not isinstance(given, list) or not all(type(n) is int and abs(n) < 1 << 31 for n in given):
        raise EngineError(f"asample: {name} must be a list of whole numbers", status=422)
    return np.array(given, dtype=np.int64)


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
    temperature = number(given, "temperature", "asample", 1.0, 0.0, 1e6)
    top_p = number(given, "top_p", "asample", 1.0, 0.0, 1.0)
    if top_p == 0:
        raise EngineError("asample: top_p must be above 0")
    seed = given.get("seed")
    if seed is None:
        seed = secrets.randbits(63)
    elif isinstance(seed, bool) or not isinstance(seed, int):
        raise EngineError(f"asample: seed must be a whole number, not {short(seed)}", status=422)
    kind = body.get("sampled_logprobs", "temperature")
    if kind not in ("temperature", "model"):
        raise EngineError(f"asample: sampled_logprobs must be temperature or model, not {short(kind)}")
    own = kind == "model"
    ids, strings = _stops(given.get("stop"), eos)
    return Params(limit, temperature, top_p, integer(given, "top_k", "asample", -1, -1), seed, ids, strings, own)


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
