"""Connections that cost nothing for ever: half-sent requests end, and what can't be held is let go at once."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
import time
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger("tagpr_engine")
HEAD_SECONDS = 60.0  # from the first byte of a request (or the connection) to the end of its headers
SPARE = 64  # descriptors that stay free for files: weights, checkpoints
SAID_AGAIN = 600.0  # seconds until the same shortage is worth another line


class Http(H11Protocol):
    """uvicorn's own times only what is idle between two requests."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()  # the headers are there; the body has its own time
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_SECONDS, self._end)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _end(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.close()


class Listener(socket.socket):
    """Accepts as long as descriptors last, and a little less; the rest is closed at once, in one line of the log.

    asyncio tries again and again for all of its backlog where it meets "too many open files", a line each time.
    """

    _said = -SAID_AGAIN

    def accept(self) -> tuple[socket.socket, Any]:
        try:
            connection, address = super().accept()
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                raise
            self._say(str(error))
            raise BlockingIOError from None
        if connection.fileno() < most_descriptors() - SPARE:
            return connection, address
        connection.close()
        self._say("too many connections")
        raise BlockingIOError

    def _say(self, what: str) -> None:
        now = time.monotonic()
        if now - self._said >= SAID_AGAIN:
            self._said = now
            log.warning("%s (at most %d descriptors): new ones are closed at once", what, most_descriptors())


def most_descriptors() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
