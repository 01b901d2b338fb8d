"""The server as an ASGI application: its routes, what becomes of a refusal, and what is tended to while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from . import catalog
from .awake import Awake
from .engine import Engine
from .errors import EngineError
from .http import Token, raw_body, refusal
from .numbering import number_of
from .routes import routes
from .worker import Job

log = logging.getLogger("tagpr_engine")
KEEP_ANSWERS = 600.0
SWEEP = 60  # seconds between two looks for checkpoints whose time has run out


class _Refusals:
    """What a refused request leaves behind: its number is free, and asking again is no use."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._conflicts: dict[bytes, None] = {}

    async def sentence(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, EngineError)
        if error.status != 408:  # that one comes again, with its number
            self._release(request)
        return refusal(error.message, self._final(request, error.status))

    async def unknown(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        with contextlib.suppress(EngineError, ClientDisconnect):
            await raw_body(request)
        self._release(request)
        said = f"{request.method} {request.url.path[:200]} is no call of this engine"
        return refusal(said, error.status_code)

    async def fault(self, request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        self._release(request)
        return refusal(f"engine error: {type(error).__name__}: {error}", 500)

    def _release(self, request: Request) -> None:
        number = number_of(request)
        if number is not None:
            self.engine.refused(*number)

    def _final(self, request: Request, status: int) -> int:
        """The official SDK sends a request again for five minutes after a 409: the same one then gets a 400, which it
        takes for an answer."""
        if status != 409:
            return status
        parts: list[bytes] = getattr(request.state, "parts", [])
        key = hashlib.sha256(b"\0".join([request.url.path.encode(), *parts])).digest()
        if key in self._conflicts:
            return 400
        self._conflicts[key] = None
        if len(self._conflicts) > 1000:
            del self._conflicts[next(iter(self._conflicts))]
        return status


def tend(engine: Engine, awake: float = math.inf) -> None:
    """End silent sessions, fail what waits for requests that never came, drop old answers: after their time, awake.
    The one client of an owned engine is only ever asleep: when it ends, so does the engine."""
    settings = engine.settings
    if awake > settings.gap_timeout:
        engine.batches.expire(settings.gap_timeout)
        for lane in list(engine.lanes.values()):
            lane.expire(settings.gap_timeout)
    if awake > KEEP_ANSWERS:
        engine.worker.forget(KEEP_ANSWERS)
    if settings.owned or awake <= settings.session_timeout:
        return
    for session in engine.sessions.silent(settings.session_timeout):
        session.status = None
        engine.worker.submit(Job([], lambda s=session.id: engine.end_session(s) or []))


def sweep(engine: Engine) -> None:
    """Let go what was kept for a time that is over (on the worker)."""
    catalog.sweep_expired(engine.settings.store)
    now = datetime.now(UTC).isoformat()
    for sampling_id in [i for i, h in engine.snapshots.held.items() if h.expires_at is not None and h.expires_at < now]:
        engine.drop_sampling(sampling_id)


async def _tend_every_second(engine: Engine) -> None:
    awake = Awake(engine.sessions, engine.settings.owned)
    count = 0
    while True:
        await asyncio.sleep(1.0)
        tend(engine, awake.look())
        count += 1
        if count % SWEEP == 0:
            engine.worker.submit(Job([], lambda: sweep(engine) or []))


def make_app(engine: Engine, token: str, observer: str | None = None) -> ASGIApp:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        task = asyncio.create_task(_tend_every_second(engine))
        try:
            yield
        finally:
            task.cancel()

    refusals = _Refusals(engine)
    handlers = {
        EngineError: refusals.sentence,
        404: refusals.unknown,
        405: refusals.unknown,
        Exception: refusals.fault,
    }
    app = Starlette(routes=routes(engine), lifespan=lifespan, exception_handlers=handlers)
    app.state.owned = engine.settings.owned
    return Token(app, token, observer)
