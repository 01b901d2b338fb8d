"""One thread that computes, in order; futures that clients poll; the order of requests within a model."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import EngineError

log = logging.getLogger("tagpr_engine")

Answer = dict[str, Any] | bytes  # JSON, or a protobuf message


@dataclass
class Future:
    """An answer to come. `wake` is called (from the worker) when it is there."""

    id: str
    answer: Answer | None = None
    error: EngineError | None = None
    done: threading.Event = field(default_factory=threading.Event)
    finished: float = 0.0
    wakes: list[Callable[[], None]] = field(default_factory=list)

    def resolve(self, answer: Answer | None, error: EngineError | None = None) -> None:
        if self.done.is_set():
            return
        self.answer, self.error, self.finished = answer, error, time.monotonic()
        self.done.set()
        for wake in list(self.wakes):  # who waits takes itself out, on another thread
            wake()


@dataclass
class Job:
    """run() gives one answer a future. Jobs with equal `merge` keys that wait together are run by one `run_many`."""

    futures: list[Future]
    run: Callable[[], list[Answer]]
    merge: Any = None
    payload: Any = None
    run_many: Callable[[list[Any]], list[Answer]] | None = None


class Worker:
    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._ready = threading.Condition()
        self._futures: dict[str, Future] = {}
        self._count = 0
        self._thread = threading.Thread(target=self._loop, name="engine-worker", daemon=True)
        self._thread.start()

    def future(self) -> Future:
        with self._ready:
            self._count += 1
            made = Future(str(self._count))
            self._futures[made.id] = made
            return made

    def find(self, future_id: str) -> Future | None:
        return self._futures.get(future_id)

    def submit(self, job: Job) -> None:
        with self._ready:
            self._jobs.append(job)
            self._ready.notify()

    def forget(self, older_than: float) -> None:
        """Drop answers that have been ready for this many seconds."""
        limit = time.monotonic() - older_than
        with self._ready:
            old = [i for i, f in self._futures.items() if f.done.is_set() and f.finished < limit]
            for future_id in old:
                self._futures.pop(future_id).answer = None  # a lane may still hold the future

    def _loop(self) -> None:
        while True:
            with self._ready:
                while not self._jobs:
                    self._ready.wait()
                job = self._jobs.popleft()
                merged = [job]
                if job.merge is not None:
                    merged += [j for j in self._jobs if j.merge == job.merge]
                    self._jobs = deque(j for j in self._jobs if j.merge != job.merge)
            self._run(merged)

    def _run(self, jobs: list[Job]) -> None:
        futures = [future for job in jobs for future in job.futures]
        first = jobs[0]
        try:
            if len(jobs) > 1 and first.run_many is not None:
                answers = first.run_many([job.payload for job in jobs])
            else:
                answers = first.run()
        except Exception as error:
            if len(jobs) > 1:  # one bad request must not fail its neighbours
                for job in jobs:
                    self._run([job])
                return
            if isinstance(error, EngineError):
                # Another one: what was raised holds the frames that it passed through, with all their tensors.
                said = EngineError(error.message, error.category, error.status)
                for future in futures:
                    future.resolve(None, said)
                return
            log.exception("a request failed")
            wrapped = EngineError(f"engine error: {type(error).__name__}: {error}", "server", 500)
            for future in futures:
                future.resolve(None, wrapped)
        else:
            for future, answer in zip(futures, answers, strict=True):
                future.resolve(answer)


class Lane:
    """Runs a model's requests in the order of their seq_id (1, 2, 3, …), however they arrive. 0 or none: at once."""

    def __init__(self, submit: Callable[[Job], None]) -> None:
        self._submit = submit
        self._next = 1
        self._held: dict[int, tuple[Job, float]] = {}
        self._seen: dict[int, tuple[str, Future]] = {}
        self._refused: set[int] = set()
        self._broken: str | None = None
        self._lock = threading.Lock()

    def repeated(self, seq: int | None, digest: str) -> Future | None:
        """The future of the very same request sent before (a retry). Raises EngineError on a used seq_id."""
        if not seq or seq < 1:
            return None
        with self._lock:
            if self._broken is not None and seq >= self._next:
                raise EngineError(self._broken, status=409)
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
        parts = header.split("/")
        if len(parts) != 3 or not parts[0] or not parts[1].isdigit() or not parts[2].isdigit():
            raise EngineError(f"X-Tagpr-Batch {header!r} is not <id>/<index>/<size>")
        index, size = int(parts[1]), int(parts[2])
        if not 0 <= index < size:
            raise EngineError(f"X-Tagpr-Batch {header!r}: the index must be below the size")
        return parts[0], index, size

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
