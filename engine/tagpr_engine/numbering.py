"""Which number a refused request had: whoever sends the next one must not wait for it."""

from __future__ import annotations

import json

import zstandard
from starlette.requests import Request

from .http import PROTOBUF, unpacked

_HEAD = 64 << 10  # of a message: the number stands in front of the data
_JSON = 16 << 20  # no call in JSON that has a number is larger


def number_of(request: Request) -> tuple[str, int] | None:
    """(model_id, seq_id) of the body as far as it came; None where it names none."""
    parts: list[bytes] = getattr(request.state, "parts", [])
    raw = b"".join(parts)
    kind = request.headers.get("content-type", "").split(";")[0]
    if request.headers.get("content-encoding") == "zstd":
        try:
            raw = unpacked(raw, _HEAD if kind == PROTOBUF else _JSON)
        except zstandard.ZstdError:
            return None
    if kind == PROTOBUF:
        return _of_message(raw[:_HEAD])
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = (given.get("model_id"), given.get("seq_id")) if isinstance(given, dict) else (None, None)
    return found if isinstance(found[0], str) and type(found[1]) is int else None  # pyright: ignore


def _of_message(raw: bytes) -> tuple[str, int] | None:
    """Of the first two fields of a ForwardBackwardRequest, whatever comes behind them."""
    at, model_id = 0, None
    while at < len(raw):
        key, at = _varint(raw, at)
        value, at = _varint(raw, at)
        if key == 0x0A:  # field 1, a string
            model_id = raw[at : at + value].decode("utf-8", "replace")
            at += value
        elif key == 0x10 and model_id is not None:  # field 2, a number
            return model_id, value
        else:
            return None
    return None


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(raw) and shift < 64:
        value |= (raw[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not raw[at - 1] & 0x80:
            break
    return value, at
