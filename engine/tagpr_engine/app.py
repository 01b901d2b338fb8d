"""HTTP around the calls: the token, the size of bodies, errors as sentences, long polls."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import zstandard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import __version__, store
from .checkpoint_calls import CheckpointCalls
from .engine import Engine
from .errors import EngineError
from .model_calls import ModelCalls
from .sampling_calls import SamplingCalls
from .worker import Future, Job

MAX_BODY = 256 << 20
POLL_SECONDS = 25.0
KEEP_ANSWERS = 600.0
EXTENSIONS = {
    "reward_model": "1",
    "user_embeddings": "1",
    "bradley_terry": "1",
    "reward_score": "1",
    "gspo": "1",
    "only_weighted": "1",
    "ordered_batches": "1",
    "export": "1",
    "embeddings": "1",
}
PROTOBUF = "application/x-protobuf"

Handler = Callable[[Request], Awaitable[Response]]


class _Token:
    """Every request carries a token: X-API-Key, or Authorization: Bearer. An observer's opens what only reads."""

    def __init__(self, app: ASGIApp, token: str, observer: str | None) -> None:
        self.app, self.token = app, token.encode()
        self.observer = observer.encode() if observer else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is not None:
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = dict(scope["headers"])
        given = headers.get(b"x-api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if hmac.compare_digest(given, self.token):
            return None
        if self.observer is None or not hmac.compare_digest(given, self.observer):
            return _told("the token is missing or wrong (X-API-Key, or Authorization: Bearer)", 401)
        # Every GET reads and nothing else; a POST that tells something is a sign of life too, or takes a turn.
        if scope["method"] in ("GET", "HEAD"):
            return None
        return _told("this token is an observer's: it may look (GET) and change nothing", 403)


def _told(detail: str, status: int) -> Response:
    return JSONResponse({"detail": detail}, status)


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise EngineError(f"the body is larger than {MAX_BODY >> 20} MiB", status=413)
        parts.append(part)
    raw = b"".join(parts)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding == "zstd":
        try:
            told = zstandard.get_frame_parameters(raw).content_size
            with zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as reader:
                raw = reader.read(MAX_BODY + 1)
        except zstandard.ZstdError as error:
            raise EngineError("the body is not zstd") from error
        if told != zstandard.CONTENTSIZE_UNKNOWN and len(raw) < min(told, MAX_BODY):
            raise EngineError("the body is cut off: it unpacks to less than it says")
        if len(raw) > MAX_BODY:
            raise EngineError(f"the unpacked body is larger than {MAX_BODY >> 20} MiB", status=413)
    elif encoding != "identity":
        raise EngineError(f"Content-Encoding {encoding} is not served (served: zstd)", status=415)
    return raw


async def _json(request: Request) -> dict[str, Any]:
    raw = await _body(request)
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise EngineError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise EngineError("the body must be a JSON object", status=422)
    return body


async def _wait(future: Future, seconds: float) -> bool:
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


def _answered(future: Future) -> Response:
    if future.error is not None:
        return JSONResponse({"error": future.error.message, "category": future.error.category})
    if isinstance(future.answer, bytes):
        return Response(future.answer, media_type=PROTOBUF)
    return JSONResponse(future.answer)


def _routes(engine: Engine) -> list[Route]:
    models, checkpoints, samples = ModelCalls(engine), CheckpointCalls(engine), SamplingCalls(engine)

    def post(path: str, call: Callable[[dict[str, Any]], dict[str, Any]]) -> Route:
        async def handler(request: Request) -> Response:
            body = await _json(request)
            try:
                return JSONResponse(call(body))
            except Exception:
                engine.refused(body.get("model_id"), body.get("seq_id"))
                raise

        return Route(f"/api/v1/{path}", handler, methods=["POST"])

    def get(path: str, answer: Callable[[Request], Any]) -> Route:
        async def handler(request: Request) -> Response:
            return JSONResponse(answer(request))

        return Route(f"/api/v1/{path}", handler, methods=["GET"])

    async def forward_backward(request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0] != PROTOBUF:
            raise EngineError(f"forward_backward takes a body of type {PROTOBUF}", status=415)
        return JSONResponse(models.forward_backward(await _body(request)))

    async def asample(request: Request) -> Response:
        return JSONResponse(samples.asample(await _json(request), request.headers.get("x-tagpr-batch")))

    async def retrieve(request: Request) -> Response:
        body = await _json(request)
        future = engine.worker.find(str(body.get("request_id")))
        if future is None:
            raise EngineError(f"request {body.get('request_id')!r} is unknown, or its answer was let go", status=404)
        if not await _wait(future, POLL_SECONDS):
            again = {"type": "try_again", "request_id": future.id, "queue_state": "active"}
            return JSONResponse(again, 408)
        return _answered(future)

    async def embeddings(request: Request) -> Response:
        body = await _json(request)
        future, job = samples.embeddings(body)
        engine.worker.submit(job)
        while not await _wait(future, POLL_SECONDS):
            pass
        if future.error is not None:
            raise future.error
        answer: Any = future.answer
        if body.get("encoding_format") == "base64":
            for item in answer["data"]:
                vector = item["embedding"]
                item["embedding"] = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        return JSONResponse(answer)

    async def delete_checkpoint(request: Request) -> Response:
        at = request.path_params
        return JSONResponse(checkpoints.delete_checkpoint(at["id"], at["kind"], at["name"]))

    root = engine.settings.store
    checkpoint = "/api/v1/training_runs/{id}/checkpoints/{kind}/{name}"
    return [
        Route(checkpoint, delete_checkpoint, methods=["DELETE"]),
        get("healthz", lambda _: {"status": "ok"}),
        get("get_server_capabilities", lambda _: {**models.capabilities(EXTENSIONS), "engine_version": __version__}),
        post(
            "client/config",
            lambda _: {"pjwt_auth_enabled": False, "parallel_fwdbwd_chunks": True, "proto_compress_fwdbwd": True},
        ),
        post("client/dynamic_config", lambda _: {}),
        post("telemetry", lambda _: {"status": "accepted"}),
        post("create_session", models.create_session),
        post("session_heartbeat", models.heartbeat),
        post("create_model", models.create_model),
        post("get_info", models.get_info),
        post("unload_model", models.unload_model),
        Route("/api/v1/forward_backward", forward_backward, methods=["POST"]),
        post("optim_step", models.optim_step),
        post("save_weights", checkpoints.save_weights),
        post("save_weights_for_sampler", checkpoints.save_weights_for_sampler),
        post("load_weights", checkpoints.load_weights),
        post("weights_info", checkpoints.weights_info),
        post("export", checkpoints.export),
        post("create_sampling_session", samples.create_sampling_session),
        Route("/api/v1/asample", asample, methods=["POST"]),
        Route("/api/v1/retrieve_future", retrieve, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        get("samplers/{id}", lambda r: samples.sampler_info(r.path_params["id"])),
        get("training_runs", lambda r: checkpoints.training_runs(r.query_params)),
        get("training_runs/{id}", lambda r: checkpoints.training_run(r.path_params["id"])),
        get(
            "training_runs/{id}/checkpoints",
            lambda r: {"checkpoints": store.list_checkpoints(root, r.path_params["id"])},
        ),
    ]


def tend(engine: Engine) -> None:
    """End silent sessions, fail what waits for requests that never came, drop old answers."""
    settings = engine.settings
    engine.batches.expire(settings.gap_timeout)
    for lane in list(engine.lanes.values()):
        lane.expire(settings.gap_timeout)
    engine.worker.forget(KEEP_ANSWERS)
    for session_id in engine.dead_sessions():
        engine.sessions.pop(session_id, None)
        engine.worker.submit(Job([], lambda s=session_id: engine.end_session(s) or []))


async def _tend_every_second(engine: Engine) -> None:
    while True:
        await asyncio.sleep(1.0)
        tend(engine)


def make_app(engine: Engine, token: str, observer: str | None = None) -> ASGIApp:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        task = asyncio.create_task(_tend_every_second(engine))
        try:
            yield
        finally:
            task.cancel()

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, EngineError)
        return _told(error.message, error.status)

    app = Starlette(routes=_routes(engine), lifespan=lifespan, exception_handlers={EngineError: refused})
    return _Token(app, token, observer)
