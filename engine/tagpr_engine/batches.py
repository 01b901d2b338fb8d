"""Requests that make one unit."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .errors import EngineError
from .worker import Future

_HEADER = re.compile(r"([!-.0-~]{1,128})/([0-9]{1,6})/([0-9]{1,6})")  # an id without "/", index, size


@dataclass
class _Batch:
    size: int
    since: float
    parts: dict[int, tuple[Future, Any]] = field(default_factory=dict)


class Batches:
    """Requests of one client that make one ordered unit: header `X-Tagpr-Batch: <id>/<index>/<size>`."""

    def __init__(self) -> None:
        self._open: dict[str, _Batch] = {}
        self._lock = threading.Lock()

    @staticmethod
    def read(header: str) -> tuple[str, int, int]:
        found = _HEADER.fullmatch(header)
        if found is None:
            raise EngineError(f"X-Tagpr-Batch {header[:80]!r} is not <id>/<index>/<size>")
        index, size = int(found[2]), int(found[3])
        if index >= size:
            raise EngineError(f"X-Tagpr-Batch {header[:80]!r}: the index must be below the size")
        return found[1], index, size

    def add(
        self, batch_id: str, index: int, size: int, future: Future, payload: Any
    ) -> list[tuple[Future, Any]] | None:
        """The whole batch in the order of its indices once the last part is there, else None."""
        with self._lock:
            batch = self._open.setdefault(batch_id, _Batch(size, time.monotonic()))
            if batch.size != size:
                raise EngineError(f"X-Tagpr-Batch {batch_id}: sizes {batch.size} and {size} in one batch")
            if index in batch.parts:
                raise EngineError(f"X-Tagpr-Batch {batch_id}: index {index} came twice")
            batch.parts[index] = (future, payload)
            if len(batch.parts) < size:
                return None
            del self._open[batch_id]
            return [batch.parts[i] for i in range(size)]

    def expire(self, seconds: float) -> None:
        with self._lock:
            limit = time.monotonic() - seconds
            for batch_id in [b for b, batch in self._open.items() if batch.since < limit]:
                batch = self._open.pop(batch_id)
                error = EngineError(
                    f"X-Tagpr-Batch {batch_id}: {len(batch.parts)} of {batch.size} requests came within {seconds:.0f} s"
                )
                for future, _ in batch.parts.values():
                    future.resolve(None, error)
