"""Calls of the protocol that a local engine has no use for, each with the sentence that says so.

400 and 404 are final for the official SDK; it asks again after 408, 409, 429 and every 5xx.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .errors import EngineError
from .http import raw_body

_OLD = (
    "this engine takes forward and forward_backward in protobuf only; use the tinker SDK from 0.23.0 on "
    "(tried up to 0.38.0)"
)
_DOWNLOAD = (
    "this engine gives no archives: POST /api/v1/export {path, target} writes a checkpoint as a plain folder "
    "on its own machine"
)
_BILL = "this engine keeps no accounts: nothing is billed or audited"
_PROJECT = "this engine has no projects: a session belongs to whoever has the token"
_PUBLIC = "this engine publishes nothing: whoever has its token reads every checkpoint"
_KEY = "this engine knows one token and no accounts: there is nothing to exchange it for"
_CHECKPOINT = "training_runs/{id}/checkpoints/{kind}/{name}"

REFUSED: list[tuple[str, str, str]] = [
    ("POST", "forward", _OLD),
    ("GET", f"{_CHECKPOINT}/archive", _DOWNLOAD),
    ("GET", f"{_CHECKPOINT}/external_weights_urls", _DOWNLOAD),
    ("POST", "save_weights_external", _DOWNLOAD),
    ("POST", f"{_CHECKPOINT}/publish", _PUBLIC),
    ("DELETE", f"{_CHECKPOINT}/publish", _PUBLIC),
    ("PUT", "sessions/{id}/project", _PROJECT),
    ("GET", "sessions/{id}/trace_export", "this engine records no traces"),
    ("GET", "audit", _BILL),
    ("GET", "billing/usage/events", _BILL),
    ("GET", "billing/usage/checkpoints/current", _BILL),
    ("POST", "auth/token", _KEY),
    ("GET", "auth/apikey/me", _KEY),
    ("DELETE", "auth/apikey/me", _KEY),
    ("POST", "retrieve_futures", "this engine answers request by request: ask retrieve_future"),
    (
        "POST",
        "create_custom_loss",
        "this engine runs no losses of clients: forward_backward_custom computes them on the client",
    ),
]


def refused_routes() -> list[Route]:
    def route(method: str, path: str, said: str) -> Route:
        async def handler(request: Request) -> Response:
            await raw_body(request)  # its number, if it has one, is given back
            raise EngineError(said)

        return Route(f"/api/v1/{path}", handler, methods=[method])

    return [route(*given) for given in REFUSED]
