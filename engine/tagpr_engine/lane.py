"""The order of requests within a model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .errors import EngineError
from .worker import Future, Job


class Lane:
    """Runs a model's requests in the order of their seq_id (1, 2, 3, …), however they arrive. 0 or none: at once."""

    def __init__(self, submit: Callable[[Job], None]) -> None:
        self._submit = submit
        self._next = 1
        self._held: dict[int, tuple[Job, float]] = {}
        self._seen: dict[int, tuple[str, Future]] = {}
        self._refused: set[int] = set()
        self._broken: str | None = None
        self.saving: set[str] = set()  # names of checkpoints that are asked for and not written yet
        self._lock = threading.Lock()

    def repeated(self, seq: int | None, digest: str) -> Future | None:
        """The future of the very same request sent before (a retry). Raises EngineError on a used seq_id."""
        if not seq or seq < 1:
            return None
        with self._lock:
            if self._broken is not None and seq >= self._next:
                raise EngineError(self._broken)  # 400: official clients ask again and again after a 409
            if seq in self._seen:
                if self._seen[seq][0] == digest:
                    return self._seen[seq][1]
                raise EngineError(
                    f"seq_id {seq} was used by another request of this model (next: {self._next})", status=409
                )
            if seq < self._next and seq not in self._refused:
                raise EngineError(f"seq_id {seq} is over (next: {self._next})", status=409)
            return None

    def put(self, seq: int | None, digest: str, job: Job) -> None:
        if not seq or seq < 1:
            self._submit(job)
            return
        with self._lock:
            self._seen[seq] = (digest, job.futures[0])
            if len(self._seen) > 256:
                del self._seen[min(s for s in self._seen if s != seq)]
            self._refused.discard(seq)
            if seq < self._next:
                self._submit(job)
                return
            self._held[seq] = (job, time.monotonic())
            self._go_on()

    def refuse(self, seq: int) -> None:
        """This request was refused before it was queued: the next need not wait for it. Some clients count its seq_id
        as used, others use it again; both do."""
        with self._lock:
            if self._broken is not None or seq < self._next or seq in self._held:
                return
            self._refused.add(seq)
            self._go_on()

    def _go_on(self) -> None:
        while self._next in self._held or self._next in self._refused:
            if self._next in self._held:
                self._submit(self._held.pop(self._next)[0])
            self._next += 1

    def expire(self, seconds: float) -> None:
        """Fail what waits for a seq_id that never came, and what comes after it: without it the order is lost."""
        with self._lock:
            limit = time.monotonic() - seconds
            late = [s for s, (_, since) in self._held.items() if since < limit]
            if not late:
                return
            self._broken = (
                f"seq_id {self._next} never came: seq_id {min(late)} waited {seconds:.0f} s for it. "
                "Create the model anew, from its last checkpoint"
            )
            for seq in list(self._held):
                self._fail(seq, EngineError(self._broken))

    def close(self, why: str) -> None:
        """Fail what still waits: the model is gone."""
        with self._lock:
            for seq in list(self._held):
                self._fail(seq, EngineError(why, status=404))

    def _fail(self, seq: int, error: EngineError) -> None:
        job, _ = self._held.pop(seq)
        for future in job.futures:
            future.resolve(None, error)
