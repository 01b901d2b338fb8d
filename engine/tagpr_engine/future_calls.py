"""Calls on requests that were queued: ask for the answer, give it up."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .engine import Engine
from .errors import EngineError
from .http import answered, json_body, wait
from .queueing import Reply
from .requests import Body, short
from .worker import Future

POLL_SECONDS = 25.0


class FutureCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def _find(self, body: Body, call: str) -> Future:
        request_id = str(body.get("request_id"))
        future = self.engine.worker.find(request_id)
        if future is None:
            raise EngineError(f"{call}: request {short(request_id)} is unknown, or its answer was let go", status=404)
        return future

    async def retrieve(self, request: Request) -> Response:
        future = self._find(await json_body(request), "retrieve_future")
        if not await wait(future, POLL_SECONDS):
            again = {"type": "try_again", "request_id": future.id, "queue_state": "active"}
            return JSONResponse(again, 408)
        return answered(future)

    def cancel(self, body: Body) -> Reply:
        """Work that changes a model is never dropped: what comes after it counts on it."""
        future = self._find(body, "cancel_future")
        if not future.cancellable and not future.done.is_set():
            raise EngineError(f"cancel_future: request {future.id!r} does not sample; only sampling can be cancelled")
        future.resolve(None, EngineError(f"request {future.id!r} was cancelled"))
        return {"request_id": future.id, "status": "cancelled"}
