"""Which call stands behind which address."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import __version__
from .checkpoint_calls import CheckpointCalls
from .engine import Engine
from .errors import EngineError
from .future_calls import POLL_SECONDS, FutureCalls
from .http import PROTOBUF, body, json_body, wait
from .model_calls import ModelCalls
from .refused_calls import refused_routes
from .run_calls import RunCalls
from .sampling_calls import SamplingCalls
from .session_calls import SessionCalls
from .streams import StreamedAnswer

EXTENSIONS = {
    "reward_model": "1",
    "user_embeddings": "1",
    "bradley_terry": "1",
    "reward_score": "1",
    "gspo": "1",
    "only_weighted": "2",
    "ordered_batches": "1",
    "release_sampler": "1",
    "sampled_logprobs": "1",
    "export": "1",
    "embeddings": "1",
    "sample_stream": "1",
    "soft_tokens": "1",
    "text_encoders": "1",
}
# what older official clients ask about, too: protobuf from 0.23 on, forward by way of forward_backward
CLIENT_CONFIG = {
    "pjwt_auth_enabled": False,
    "parallel_fwdbwd_chunks": True,
    "proto_write_fwdbwd": True,
    "proto_compress_fwdbwd": True,
    "fwd_via_fwdbwd": True,
}
CHECKPOINT = "training_runs/{id}/checkpoints/{kind}/{name}"

Call = Callable[[dict[str, Any]], Mapping[str, Any]]


def _post(path: str, call: Call) -> Route:
    async def handler(request: Request) -> Response:
        return JSONResponse(call(await json_body(request)))

    return Route(f"/api/v1/{path}", handler, methods=["POST"])


def _get(path: str, answer: Callable[[Request], Any]) -> Route:
    async def handler(request: Request) -> Response:
        return JSONResponse(answer(request))

    return Route(f"/api/v1/{path}", handler, methods=["GET"])


def routes(engine: Engine) -> list[Route]:
    return [
        *_facts(engine),
        *_sessions(engine),
        *_models(engine),
        *_sampling(engine),
        *_store(engine),
        *refused_routes(),
    ]


def _facts(engine: Engine) -> list[Route]:
    models = ModelCalls(engine)
    futures = FutureCalls(engine)
    return [
        _get("healthz", lambda _: {"status": "ok"}),
        _get("get_server_capabilities", lambda _: {**models.capabilities(EXTENSIONS), "engine_version": __version__}),
        _post("client/config", lambda _: CLIENT_CONFIG),
        _post("client/dynamic_config", lambda _: {"sample_cancel_enabled": True}),
        _post("telemetry", lambda _: {"status": "accepted"}),
        Route("/api/v1/retrieve_future", futures.retrieve, methods=["POST"]),
        _post("cancel_future", futures.cancel),
    ]


def _sessions(engine: Engine) -> list[Route]:
    calls = SessionCalls(engine)

    async def finish(request: Request) -> Response:
        return JSONResponse(calls.finish(request.path_params["id"], await json_body(request)))

    return [
        _post("create_session", calls.create),
        _post("session_heartbeat", calls.heartbeat),
        _get("sessions", lambda r: calls.listed(r.query_params)),
        _post("sessions/search", calls.search),
        _get("sessions/{id}", lambda r: calls.get(r.path_params["id"])),
        Route("/api/v1/sessions/{id}/finish", finish, methods=["POST"]),
    ]


def _models(engine: Engine) -> list[Route]:
    models, checkpoints = ModelCalls(engine), CheckpointCalls(engine)

    async def forward_backward(request: Request) -> Response:
        sent = await body(request)
        if request.headers.get("content-type", "").split(";")[0] != PROTOBUF:
            raise EngineError(
                f"forward_backward takes a body of type {PROTOBUF}: use the tinker SDK from 0.23.0 on", status=415
            )
        return JSONResponse(models.forward_backward(sent))

    return [
        _post("create_model", models.create_model),
        _post("get_info", models.get_info),
        _post("unload_model", models.unload_model),
        Route("/api/v1/forward_backward", forward_backward, methods=["POST"]),
        _post("optim_step", models.optim_step),
        _post("save_weights", checkpoints.save_weights),
        _post("save_weights_for_sampler", checkpoints.save_weights_for_sampler),
        _post("load_weights", checkpoints.load_weights),
        _post("export", checkpoints.export),
    ]


def _sampling(engine: Engine) -> list[Route]:
    calls = SamplingCalls(engine)

    async def asample(request: Request) -> Response:
        return JSONResponse(calls.asample(await json_body(request), request.headers.get("x-tagpr-batch")))

    async def sample_stream(request: Request) -> Response:
        return StreamedAnswer(calls.sample_stream(await json_body(request)))

    async def release(request: Request) -> Response:
        return JSONResponse(calls.release(request.path_params["id"]))

    async def embeddings(request: Request) -> Response:
        given = await json_body(request)
        future, job = calls.embeddings(given)
        engine.worker.submit(job)
        while not await wait(future, POLL_SECONDS):
            if await request.is_disconnected():
                return Response(status_code=499)
        if future.error is not None:
            raise future.error
        answer: Any = future.answer
        if given.get("encoding_format") == "base64":
            for item in answer["data"]:
                vector = item["embedding"]
                item["embedding"] = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        return JSONResponse(answer)

    return [
        _post("create_sampling_session", calls.create_sampling_session),
        _post("join_sampling_session", calls.join),
        Route("/api/v1/asample", asample, methods=["POST"]),
        Route("/api/v1/sample_stream", sample_stream, methods=["POST"]),
        _get("samplers/{id}", lambda r: calls.sampler_info(r.path_params["id"])),
        Route("/api/v1/samplers/{id}", release, methods=["DELETE"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
    ]


def _store(engine: Engine) -> list[Route]:
    calls = RunCalls(engine)

    def path_of(request: Request) -> str:
        at = request.path_params
        return f"tinker://{at['id']}/{at['kind']}/{at['name']}"

    async def delete(request: Request) -> Response:
        return JSONResponse(calls.delete(path_of(request)))

    async def ttl(request: Request) -> Response:
        return JSONResponse(calls.set_ttl(path_of(request), await json_body(request)))

    async def copy(request: Request) -> Response:
        return JSONResponse(calls.copy(await json_body(request), request.headers.get("x-idempotency-key")))

    return [
        _get("training_runs", lambda r: calls.runs(r.query_params)),
        _get("training_runs/{id}", lambda r: calls.run(r.path_params["id"])),
        _get("training_runs/{id}/checkpoints", lambda r: calls.of_run(r.path_params["id"])),
        _get("checkpoints", lambda r: calls.of_everybody(r.query_params)),
        Route(f"/api/v1/{CHECKPOINT}", delete, methods=["DELETE"]),
        Route(f"/api/v1/{CHECKPOINT}/ttl", ttl, methods=["PUT"]),
        Route("/api/v1/copy_weights", copy, methods=["POST"]),
        _post("weights_info", calls.weights_info),
    ]
