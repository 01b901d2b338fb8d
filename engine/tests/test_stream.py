"""Streams over HTTP: lines as they come, refusals, requests that are given up, and turns with other work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from in_process import GREEDY, message, step
from wire_client import Client, Refused, read_samples, start

from tagpr_engine.engine import Engine
from tagpr_engine.worker import Job

LONG = {"max_tokens": 200, "temperature": 0, "stop": []}


def ask(prompt: list[int], params: dict[str, Any] = GREEDY, **body: Any) -> dict[str, Any]:
    full = {"base_model": "qwen", "prompt": {"chunks": [{"tokens": prompt}]}, "sampling_params": params}
    return {**full, **body}


def stream(client: Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.http.post("/api/v1/sample_stream", json=body)
    if answer.status_code != 200:
        raise Refused(f"{answer.status_code} {answer.json()['detail']}")
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def tokens(lines: list[dict[str, Any]], sample: int = 0) -> list[int]:
    return [t for line in lines if line.get("sample") == sample for t in line["tokens"]]


def test_the_tokens_of_asample_come_line_by_line(client: Client) -> None:
    body = ask([5, 6, 7], {"max_tokens": 6, "temperature": 1, "seed": 4, "stop": []}, num_samples=2)
    lines = stream(client, body)
    assert lines[0] == {"request_id": lines[0]["request_id"]}
    ends = [line["stop_reason"] for line in lines[1:] if line["sample"] == 1]
    assert ends == [None] * 5 + ["length"]
    whole = read_samples(client.wait(client.post("asample", **body)))
    assert [tokens(lines, i) for i in range(2)] == whole


def test_snapshots_and_checkpoints_stream_too(client: Client) -> None:
    model = client.model("qwen")
    client.wait(client.send(message(model, 1)))
    step(client, model, 0.5)
    snapshot = client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]
    saved = client.wait(client.post("save_weights_for_sampler", model_id=model, path="streamed"))["path"]
    where = {"base_model": None, "sampling_session_id": snapshot}
    found = tokens(stream(client, ask([5, 6, 7], **where)))
    assert found == read_samples(client.wait(client.post("asample", **ask([5, 6, 7], **where))))[0]
    assert found == tokens(stream(client, ask([5, 6, 7], base_model=None, model_path=saved)))
    assert found != tokens(stream(client, ask([5, 6, 7])))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (ask([5], prompt_logprobs=True), "tokens alone"),
        (ask([5], topk_sample_logprobs=2), "tokens alone"),
        (ask([5], {**GREEDY, "top_p": 0}), "top_p"),
        (ask([5], base_model="gone"), "not served"),
    ],
)
def test_what_can_be_refused_at_once_is(client: Client, body: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=says):
        stream(client, body)


def test_what_only_the_model_tells_is_refused_in_the_stream(client: Client) -> None:
    lines = stream(client, ask([5, 96]))
    assert lines[-1]["category"] == "user" and "token 96" in lines[-1]["error"]
    assert "exceed the model's context" in stream(client, ask([5] * 100, LONG))[-1]["error"]


def test_other_work_takes_turns_with_streams(client: Client, engine: Engine) -> None:
    """A stream of 200 tokens is one job a token: what is asked meanwhile does not wait for its end."""
    seen: list[int] = []
    counted: list[int] = []
    real = engine.worker.submit

    def submit(job: Job) -> None:
        counted.append(1)
        if len(counted) == 20:
            real(Job([], lambda: seen.append(len(counted)) or []))
        real(job)

    engine.worker.submit = submit  # type: ignore[method-assign]
    try:
        assert len(tokens(stream(client, ask([5, 6], LONG)))) == 200
    finally:
        engine.worker.submit = real  # type: ignore[method-assign]
    assert seen and seen[0] < 30 < len(counted)


@pytest.fixture(scope="module")
def narrow(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with room for one long request at a time."""
    root = tmp_path_factory.mktemp("narrow")
    process, url = start("--model", folders["qwen"], "--store", root, "--cache-tokens", 256)
    yield Client(url)
    process.terminate()
    process.wait()


def test_a_client_that_goes_away_makes_room_for_the_next(narrow: Client) -> None:
    body = ask([5, 6], LONG)
    for _ in range(3):
        with narrow.http.stream("POST", "/api/v1/sample_stream", json=body) as answer:
            lines = answer.iter_lines()
            assert "request_id" in json.loads(next(lines))
            assert json.loads(next(lines))["sample"] == 0
    assert len(tokens(stream(narrow, body))) == 200


def test_cancel_future_ends_a_stream(narrow: Client) -> None:
    with narrow.http.stream("POST", "/api/v1/sample_stream", json=ask([5, 6], LONG)) as answer:
        lines = answer.iter_lines()
        narrow.post("cancel_future", request_id=json.loads(next(lines))["request_id"])
        last = json.loads(list(lines)[-1])
    assert "cancelled" in last["error"]
