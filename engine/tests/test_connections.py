"""Connections from outside: half-sent requests end, and a flood costs the engine neither its log nor its life."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from wire_client import TOKEN, Client, command, environment

from tagpr_engine import connections
from tagpr_engine.connections import SPARE, Http, Listener


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server whose patience is short."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(0.5)  # longer than the patience with headers
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})

    listener = Listener(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=Http, loop="asyncio", log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listener.getsockname()
    server.should_exit = True
    thread.join(5)


def test_a_request_that_never_comes_whole_is_ended(address: tuple[str, int]) -> None:
    for said in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"):
        with socket.create_connection(address, timeout=10) as client:
            client.sendall(said)
            assert client.recv(100) == b""


def test_one_that_came_whole_has_its_time(address: tuple[str, int]) -> None:
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with socket.create_connection(address, timeout=10) as client:
        for _ in range(2):  # and the connection is kept for the next
            client.sendall(whole)
            found = b""
            while not found.endswith(b"ok"):
                found += client.recv(1000)
            time.sleep(0.3)
        client.sendall(whole[:9])  # half of a third
        assert client.recv(100) == b""


def test_what_can_not_be_held_is_closed_at_once_and_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    clients = [socket.create_connection(listener.getsockname()) for _ in range(4)]
    held, _ = listener.accept()
    monkeypatch.setattr(connections, "most_descriptors", lambda: held.fileno() + SPARE)
    with caplog.at_level(logging.WARNING, logger="tagpr_engine"):
        for client in clients[1:]:
            with pytest.raises(BlockingIOError):
                listener.accept()
            client.settimeout(10)
            assert client.recv(10) == b""
    assert len(caplog.records) == 1 and "too many connections" in caplog.records[0].getMessage()
    for each in (held, listener, *clients):
        each.close()


def test_a_flood_leaves_it_at_work(folders: dict[str, Path], tmp_path: Path) -> None:
    """More connections than it has descriptors: those who wait with one are still served, in a few lines of log."""
    full = command("serve", "--token", TOKEN, "--parent", os.getpid(), "--threads", 1)
    limited = [
        "bash",
        "-c",
        'ulimit -n 256; exec "$@"',
        "x",
        *full,
        "--model",
        str(folders["qwen"]),
        "--store",
        str(tmp_path),
    ]
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(limited, stdout=subprocess.PIPE, stderr=log, env=environment())
    assert process.stdout is not None
    url = process.stdout.readline().decode().split()[1]
    client = Client(url)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    host, port = url.removeprefix("http://").split(":")
    flood: list[socket.socket] = []
    try:
        for _ in range(600):
            flood.append(socket.create_connection((host, int(port)), timeout=10))
        model = client.model("qwen")
        assert client.wait(client.post("save_weights", model_id=model, path="one"))["path"].endswith("/one")
    finally:
        for each in flood:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert Client(url).session
    process.terminate()
    process.wait(20)
    assert len((tmp_path / "log").read_text().splitlines()) < 10
