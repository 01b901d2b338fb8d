"""Requests that stream: what the worker samples goes line by line to who asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .engine import Engine, SamplingSession
from .errors import EngineError
from .http import sayable
from .live import Asked, Live
from .sampling import Request, check
from .worker import Future, Job, told

NDJSON = "application/x-ndjson"

Line = dict[str, Any]


class Stream:
    """The lines of one request: made on the worker, sent by the event loop. It ends when its future is done."""

    def __init__(self, future: Future, samples: int) -> None:
        self.future, self.left = future, samples
        self._loop, self._lines = asyncio.get_running_loop(), asyncio.Queue[Line | None]()
        future.wakes.append(lambda: self._put(None))

    def token(self, sample: int, token: int, finish: str | None) -> None:
        self._put({"sample": sample, "tokens": [token], "stop_reason": finish})
        self.left -= finish is not None
        if self.left == 0:
            self.future.resolve({})

    def fail(self, error: Exception) -> None:
        self.future.resolve(None, told(error))

    def _put(self, line: Line | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    async def lines(self) -> AsyncIterator[str]:
        yield _text({"request_id": self.future.id})
        while (line := await self._lines.get()) is not None:
            yield _text(line)
        error = self.future.error
        if error is not None:
            yield _text({"error": sayable(error.message), "category": error.category})


def _text(line: Line) -> str:
    return json.dumps(line) + "\n"


class StreamedAnswer(StreamingResponse):
    """A client that goes away gives its request up: between two tokens its rows are free."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream.lines(), media_type=NDJSON)
        self.future = stream.future

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.future.resolve(None, EngineError("nobody waits for this request any more"))


class Streams:
    """One live batch a sampler. A turn is a job like any other, and queues behind them for its next one: streams and
    other work take turns."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._live: dict[tuple[str, str], Live] = {}
        self._turning: set[tuple[str, str]] = set()

    def start(self, session: SamplingSession, stream: Stream, read: Callable[[], Request]) -> None:
        """`read` makes the request on the worker, where the model's context and end tokens are known."""
        self.engine.worker.submit(Job([], lambda: self._join(session, stream, read)))

    # --- on the worker ---

    def _join(self, session: SamplingSession, stream: Stream, read: Callable[[], Request]) -> list[Any]:
        if stream.future.done.is_set():
            return []
        try:
            request = read()
            backbone = self.engine.sampler(session)
            check(backbone, request)
            live = self._live.get(session.key)
            if live is None or (live.backbone is not backbone and not live.busy):
                live = Live(backbone, self.engine.settings.limits, self.engine.decoder(backbone))
                self._live[session.key] = live
            live.add(Asked(request, stream))
        except Exception as error:
            stream.fail(error)
            return []
        if session.key not in self._turning:
            self._turning.add(session.key)
            self._queue(session)
        return []

    def _queue(self, session: SamplingSession) -> None:
        self.engine.worker.submit(Job([], lambda: self._turn(session)))

    def _turn(self, session: SamplingSession) -> list[Any]:
        live = self._live[session.key]
        try:
            self.engine.sampler(session)  # of a model's snapshots one at a time is in its seat
            live.turn()
        except Exception as error:
            live.fail(error)
        if live.busy:
            self._queue(session)
            return []
        self._turning.discard(session.key)
        self._prune()
        return []

    def _prune(self) -> None:
        """What is loaded no more, and snapshots, need no batch that waits for more."""
        loaded = self.engine.loaded()
        self._live = {k: live for k, live in self._live.items() if live.busy or any(live.backbone is b for b in loaded)}
