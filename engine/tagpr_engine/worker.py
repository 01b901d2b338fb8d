"""One thread that computes, in order, and the futures that clients poll."""

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

    cancellable: bool = False  # its work changes nothing, so that it can be dropped

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

    def cancelled(self) -> bool:
        """Whether all that it would answer was given up."""
        return bool(self.futures) and all(f.cancellable and f.done.is_set() for f in self.futures)


def told(error: Exception) -> EngineError:
    """What a client is told of it; a fault of ours is logged, too."""
    if isinstance(error, EngineError):
        # Another one: what was raised holds the frames that it passed through, with all their tensors.
        return EngineError(error.message, error.category, error.status)
    log.error("a request failed", exc_info=error)
    return EngineError(f"engine error: {type(error).__name__}: {error}", "server", 500)


class Worker:
    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()
        self._ready = threading.Condition()
        self._futures: dict[str, Future] = {}
        self._count = 0
        self._thread = threading.Thread(target=self._loop, name="engine-worker", daemon=True)
        self._thread.start()

    def future(self, cancellable: bool = False) -> Future:
        with self._ready:
            self._count += 1
            made = Future(str(self._count), cancellable=cancellable)
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
        jobs = [job for job in jobs if not job.cancelled()]
        if not jobs:
            return
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
            said = told(error)
            for future in futures:
                future.resolve(None, said)
        else:
            for future, answer in zip(futures, answers, strict=True):
                future.resolve(answer)
