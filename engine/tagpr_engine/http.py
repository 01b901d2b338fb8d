"""HTTP around the calls: the token, bodies read whole and in time, long polls, answers and refusals."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from typing import Any

import zstandard
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .errors import EngineError
from .worker import Future

MAX_BODY = 256 << 20
BODY_SECONDS = 60.0  # of silence in the middle of a body
PROTOBUF = "application/x-protobuf"


class Token:
    """Every request carries a token: X-API-Key, or Authorization: Bearer. An observer's opens what only reads."""

    def __init__(self, app: ASGIApp, token: str, observer: str | None) -> None:
        self.app, self.token = app, token.encode()
        self.observer = observer.encode() if observer else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is not None:
            await refused(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = dict(scope["headers"])
        given = headers.get(b"x-api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if hmac.compare_digest(given, self.token):
            return None
        if self.observer is None or not hmac.compare_digest(given, self.observer):
            return refusal("the token is missing or wrong (X-API-Key, or Authorization: Bearer)", 401)
        # Every GET reads and nothing else; a POST that tells something is a sign of life too, or takes a turn.
        if scope["method"] in ("GET", "HEAD"):
            return None
        return refusal("this token is an observer's: it may look (GET) and change nothing", 403)


async def raw_body(request: Request) -> bytes:
    """As it was sent; what came is kept on the request, so that a refusal can tell which number it releases."""
    parts: list[bytes] = []
    request.state.parts = parts
    size = 0
    stream = request.stream()
    seconds = None if request.app.state.owned else BODY_SECONDS
    while True:
        try:
            async with asyncio.timeout(seconds):
                part = await anext(stream)
        except StopAsyncIteration:
            return b"".join(parts)
        except TimeoutError:
            raise EngineError(f"the rest of the body did not come within {BODY_SECONDS:.0f} s", status=408) from None
        size += len(part)
        parts.append(part)
        if size > MAX_BODY:
            raise EngineError(f"the body is larger than {MAX_BODY >> 20} MiB", status=413)


async def body(request: Request) -> bytes:
    """Unpacked, where it was packed."""
    raw = await raw_body(request)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding == "zstd":
        try:
            told = zstandard.get_frame_parameters(raw).content_size
            raw = unpacked(raw, MAX_BODY + 1)
        except zstandard.ZstdError as error:
            raise EngineError("the body is not zstd") from error
        if told != zstandard.CONTENTSIZE_UNKNOWN and len(raw) < min(told, MAX_BODY):
            raise EngineError("the body is cut off: it unpacks to less than it says")
        if len(raw) > MAX_BODY:
            raise EngineError(f"the unpacked body is larger than {MAX_BODY >> 20} MiB", status=413)
    elif encoding != "identity":
        raise EngineError(f"Content-Encoding {encoding[:40]!r} is not served (served: zstd)", status=415)
    return raw


def unpacked(raw: bytes, most: int) -> bytes:
    """The first `most` bytes of what zstd frames hold."""
    with zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as reader:
        return reader.read(most)


async def json_body(request: Request) -> dict[str, Any]:
    raw = await body(request)
    try:
        given = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise EngineError(f"the body is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise EngineError("the body must be a JSON object", status=422)
    return given


async def wait(future: Future, seconds: float) -> bool:
    """Whether the future is done, waiting up to `seconds` for it."""
    if future.done.is_set():
        return True
    loop, event = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(event.set)

    future.wakes.append(wake)
    if not future.done.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
    with contextlib.suppress(ValueError):
        future.wakes.remove(wake)
    return future.done.is_set()


def answered(future: Future) -> Response:
    if future.error is not None:
        return JSONResponse({"error": sayable(future.error.message), "category": future.error.category})
    if isinstance(future.answer, bytes):
        return Response(future.answer, media_type=PROTOBUF)
    return JSONResponse(future.answer)


def refusal(detail: str, status: int) -> Response:
    return JSONResponse({"detail": sayable(detail)}, status)


def sayable(text: str) -> str:
    """A client's own words may hold half a character; what repeats them must still be text."""
    return text.encode("utf-8", "backslashreplace").decode()
