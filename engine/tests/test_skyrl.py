"""A recorded SkyRL server and its model: our numbers are its numbers, and its client's requests are ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from conftest import SKYRL
from wire_client import Client, read_output, start

from tagpr_engine.gen import tinker_pb2 as pb


def exchanges() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SKYRL / "exchanges.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    process, url = start("--model", SKYRL / "tiny-qwen3", "--store", tmp_path_factory.mktemp("store"))
    yield Client(url)
    process.terminate()
    process.wait(20)


def recorded(label: str, path: str) -> dict[str, Any]:
    return next(e for e in exchanges() if e["label"] == label and e["path"].endswith(path))


def test_forward_only_gives_the_recorded_logprobs(client: Client) -> None:
    sent = pb.ForwardBackwardRequest()
    sent.ParseFromString(base64.b64decode(recorded("forward only", "/forward_backward")["request"]["base64"]))
    sent.model_id, sent.seq_id = client.model("tiny-qwen3"), 0
    ours = client.forward_backward(sent)[0]
    theirs = read_output(base64.b64decode(recorded("forward only", "/retrieve_future")["response"]["base64"]))[0]
    for name in ("logprobs", "elementwise_loss"):
        for a, b in zip(ours[name], theirs[name], strict=True):
            assert np.abs(a - b).max() < 1e-5


def test_greedy_sampling_gives_the_recorded_tokens(client: Client) -> None:
    asked = recorded("sample with stop and prompt logprobs", "/asample")["request"]["json"]
    answer = recorded("sample with stop and prompt logprobs", "/retrieve_future")["response"]["base64"]
    ours, theirs = pb.SampleResponse(), pb.SampleResponse()
    ours.ParseFromString(client.wait(client.post("asample", **asked)))
    theirs.ParseFromString(base64.b64decode(answer))
    assert ours.sequences[0].tokens == theirs.sequences[0].tokens
    a, b = (np.frombuffer(m.sequences[0].logprobs, "<f4") for m in (ours, theirs))
    assert np.abs(a - b).max() < 1e-5
    a, b = (np.frombuffer(m.prompt_logprobs, "<f4") for m in (ours, theirs))
    assert np.isnan(a[0]) and np.abs(a[1:] - b).max() < 1e-5


def test_its_requests_are_understood(client: Client) -> None:
    """Every recorded request that SkyRL answered is answered, in order, with ids of our own."""
    ids: dict[str, str] = {}
    asked: dict[str, str] = {}
    for exchange in exchanges():
        if exchange["label"].startswith("error"):
            break
        body = exchange["request"].get("json")
        path, response = exchange["path"], exchange["response"]
        for old, new in ids.items():
            path = path.replace(old, new)
            body = json.loads(json.dumps(body).replace(old, new)) if body is not None else None
        if path.endswith("retrieve_future"):
            got = client.wait({"request_id": asked[exchange["request"]["json"]["request_id"]]})
        elif "base64" in exchange["request"]:
            sent = pb.ForwardBackwardRequest()
            sent.ParseFromString(base64.b64decode(exchange["request"]["base64"]))
            sent.model_id = ids.get(sent.model_id, sent.model_id)
            got = client.send(sent)
        elif exchange["method"] == "GET":
            got = client.http.get(path).raise_for_status().json()
        else:
            got = client.post(path.removeprefix("/api/v1/"), **body)
        if response["content_type"] != "application/json":
            continue
        theirs = json.loads(response["text"])
        assert set(theirs) - {"lora_config"} <= set(got), exchange["label"]
        for key in ("session_id", "model_id", "sampling_session_id"):
            if isinstance(theirs.get(key), str):
                ids[theirs[key]] = got[key]
        if "request_id" in theirs:
            asked[theirs["request_id"]] = got["request_id"]
