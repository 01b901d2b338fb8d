"""The life of the server: one line when it is ready, gone when its parent is."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass

import uvicorn

from .app import make_app
from .connections import Http, Listener
from .engine import Engine
from .errors import EngineError

log = logging.getLogger("tagpr_engine")
HOST = "127.0.0.1"
OWNERS = 30 * 86_400  # seconds


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            print(f"ready http://{HOST}:{sockets[0].getsockname()[1]}", flush=True)


def listen(port: int) -> socket.socket:
    """A loopback socket. Raises EngineError when the port is none, or taken."""
    if not 0 <= port <= 65_535:
        raise EngineError(f"--port {port} is no port (0 to 65535)")
    found = Listener(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError as error:
        found.close()
        raise EngineError(
            f"port {port} on {HOST} is not free ({error.strerror}); choose another with --port, or 0"
        ) from error
    return found


@dataclass(frozen=True)
class Tokens:
    """Whoever has `client` may do anything; whoever has `observer` may look."""

    client: str
    observer: str | None = None


def run(engine: Engine, tokens: Tokens, sock: socket.socket, parent: int | None, watch_stdin: bool) -> None:
    if tokens.observer is not None:
        log.info("observers find this engine at http://%s:%d", HOST, sock.getsockname()[1])
    config = uvicorn.Config(
        make_app(engine, tokens.client, tokens.observer),
        http=Http,
        loop="asyncio",  # the one that `Listener` is made for
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
        # Far longer than clients keep an idle connection: on a busy machine a client's own timer may be seconds late,
        # and a request sent into a connection that we just closed is lost.
        # An owner that sleeps comes back to the connections that it left.
        timeout_keep_alive=OWNERS if engine.settings.owned else 120,
    )
    server = _Server(config)

    def stop(why: str) -> None:
        log.info("stopping: %s", why)
        server.should_exit = True
        time.sleep(4)
        os._exit(0)  # the worker may be in a long computation; what it saves is renamed into place or not at all

    if parent is not None:
        threading.Thread(target=_watch_parent, args=(parent, stop), daemon=True).start()
    if watch_stdin:
        threading.Thread(target=_watch_stdin, args=(stop,), daemon=True).start()
    server.run(sockets=[sock])


def _watch_parent(parent: int, stop: object) -> None:
    ours = os.getppid() == parent
    while True:
        time.sleep(0.5)
        if ours and os.getppid() != parent:
            break
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            break
        except PermissionError:
            pass
    assert callable(stop)
    stop("the parent process is gone")


def _watch_stdin(stop: object) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    assert callable(stop)
    stop("stdin was closed")
