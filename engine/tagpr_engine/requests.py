"""Reading JSON bodies: known keys with known types, or a sentence that says which key is wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .errors import EngineError

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
    if not _is_text(value):
        raise EngineError(f"{call}: {key} {value[:80]!r} holds half a character", status=422)
    return value


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can write and nothing can send back
        return False
    return True


def optional_text(body: Body, key: str, call: str) -> str | None:
    return None if body.get(key) is None else text(body, key, call)


MAX_INTEGER = 1 << 31
MAX_SEED = (1 << 63) - 1


def integer(body: Body, key: str, call: str, default: int | None = None, low: int = 0, high: int = MAX_INTEGER) -> int:
    value = body.get(key, default)
    if value is None:
        value = default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise EngineError(f"{call}: {key} must be a whole number from {low} to {high}, not {short(value)}", status=422)
    return value


def number(body: Body, key: str, call: str, default: float, low: float, high: float) -> float:
    """A number of any size may come: JSON has no largest one."""
    value = body.get(key)
    if value is None:
        return default
    fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    if not fits:
        raise EngineError(f"{call}: {key} must be a number from {low:g} to {high:g}, not {short(value)}")
    return float(value)


def short(value: object) -> str:
    """A value of a client's as a message repeats it."""
    said = repr(value)
    return said if len(said) <= 80 else f"{said[:80]}…"


MAX_METADATA = 1 << 16


def metadata(body: Body, call: str) -> dict[str, Any] | None:
    """`user_metadata`: an object that can be written down and read back."""
    value = body.get("user_metadata")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise EngineError(f"{call}: user_metadata must be an object", status=422)
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())
    except (ValueError, RecursionError) as error:  # UnicodeEncodeError too
        raise EngineError(f"{call}: user_metadata is no plain JSON (NaN, or half a character)", status=422) from error
    if size > MAX_METADATA:
        raise EngineError(f"{call}: user_metadata takes {size} bytes; at most {MAX_METADATA}", status=422)
    return value


HOUR, TEN_YEARS = 3600, 3650 * 24 * 3600


def expiry(body: Body, call: str) -> str | None:
    """`ttl_seconds` from now, as a time; None: never."""
    if body.get("ttl_seconds") is None:
        return None
    seconds = integer(body, "ttl_seconds", call, None, HOUR, TEN_YEARS)
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def page(query: Mapping[str, str], call: str, limit: int) -> tuple[int, int]:
    """(limit, offset) of a list's page."""
    return _whole(query, "limit", call, limit), _whole(query, "offset", call, 0)


def _whole(query: Mapping[str, str], key: str, call: str, default: int) -> int:
    given = query.get(key, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise EngineError(f"{call}: {key} must be a whole number, not {given[:40]!r}", status=422)
    return int(given)
