"""A server in a process of its own, and the smallest client that can talk to it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tagpr_engine.gen import tinker_pb2 as pb

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "tml-secret-token"  # the SDK wants this prefix


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "tagpr_engine", *[str(a) for a in args]]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def start(*args: object) -> tuple[subprocess.Popen[bytes], str]:
    """A running server and its address; `args` follow `serve --token … --parent …`."""
    full = command("serve", "--token", TOKEN, "--parent", os.getpid(), "--threads", 1, *args)
    process = subprocess.Popen(full, stdout=subprocess.PIPE, stdin=subprocess.PIPE, env=environment())
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    assert line.startswith("ready http://127.0.0.1:"), line
    return process, line.split()[1]


class Refused(Exception):
    pass


class Client:
    def __init__(self, at: str | httpx.Client) -> None:
        """at: a server's address, or an HTTP client that is bound to one."""
        self.http = httpx.Client(base_url=at, headers={"X-API-Key": TOKEN}, timeout=60) if isinstance(at, str) else at
        self.session = self.post("create_session", tags=[], user_metadata=None, sdk_version="test")["session_id"]

    def post(self, path: str, /, headers: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
        return self._ok(self.http.post(f"/api/v1/{path}", json=body, headers=headers))

    def _ok(self, response: httpx.Response) -> dict[str, Any]:
        if response.status_code != 200:
            raise Refused(f"{response.status_code} {response.json()['detail']}")
        return response.json()

    def wait(self, queued: dict[str, Any]) -> Any:
        """The answer of a future: bytes for protobuf, else JSON. Raises Refused on an error."""
        while True:
            response = self.http.post("/api/v1/retrieve_future", json={"request_id": queued["request_id"]})
            if response.status_code == 408:
                continue
            if response.headers["content-type"] == "application/x-protobuf":
                return response.content
            body = self._ok(response)
            if "error" in body:
                raise Refused(f"{body['category']}: {body['error']}")
            return body

    def model(self, base_model: str, **changes: Any) -> str:
        body = {"session_id": self.session, "model_seq_id": 0, "base_model": base_model, "lora_config": {"rank": 0}}
        return self.wait(self.post("create_model", **{**body, **changes}))["model_id"]

    def send(self, message: pb.ForwardBackwardRequest, **headers: str) -> dict[str, Any]:
        kind = {"content-type": "application/x-protobuf", **headers}
        return self._ok(self.http.post("/api/v1/forward_backward", content=message.SerializeToString(), headers=kind))

    def forward_backward(
        self, message: pb.ForwardBackwardRequest
    ) -> tuple[dict[str, list[np.ndarray]], dict[str, float]]:
        return read_output(self.wait(self.send(message)))

    def sample(self, prompt: list[int], headers: dict[str, str] | None = None, **body: Any) -> dict[str, Any]:
        chunks = [{"type": "encoded_text", "tokens": prompt}]
        return self.post("asample", headers, prompt={"chunks": chunks}, **body)


def datum(message: pb.ForwardBackwardRequest, tokens: list[int], **inputs: np.ndarray) -> None:
    made = message.data.add()
    made.model_input.add().encoded_text.tokens = np.array(tokens, "<i4").tobytes()
    for name, values in inputs.items():
        tensor = made.loss_fn_inputs[name]
        whole = values.dtype.kind == "i"
        tensor.dense = values.astype("<i8" if whole else "<f4").tobytes()
        tensor.dtype = pb.DTYPE_INT64 if whole else pb.DTYPE_FLOAT32
        tensor.shape.extend(values.shape)


def read_output(body: bytes) -> tuple[dict[str, list[np.ndarray]], dict[str, float]]:
    message = pb.ForwardBackwardOutput()
    message.ParseFromString(body)
    out: dict[str, list[np.ndarray]] = {}
    for name, field in message.loss_fn_outputs[0].fields.items():
        ends = np.frombuffer(field.offsets, "<i8")
        out[name] = [np.frombuffer(field.data[a:b], "<f4") for a, b in itertools.pairwise(ends)]
    return out, dict(message.metrics)


def read_samples(body: bytes) -> list[list[int]]:
    message = pb.SampleResponse()
    message.ParseFromString(body)
    return [np.frombuffer(s.tokens, "<i4").tolist() for s in message.sequences]
