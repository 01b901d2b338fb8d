"""The server in this process: requests in order and together, what is tolerated, bounded and refused."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import numpy as np
import pytest
import zstandard
from in_process import GREEDY, message
from wire_client import Client, Refused, datum, read_output, read_samples

from tagpr_engine import http, requests
from tagpr_engine.engine import Engine, SamplingSession
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.sampling import Request, Response
from tagpr_engine.worker import Job


def test_newer_envelope_fields_are_tolerated_and_logged_once(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "_logged", set())
    model = client.model("qwen")
    newer = message(model).SerializeToString() + b"\xf2\x07\x03abc"  # field 126
    headers = {"content-type": "application/x-protobuf"}
    with caplog.at_level(logging.WARNING, logger="tagpr_engine"):
        for _ in range(3):
            client.post("create_session", tags=[], priority="high")
            sent = client.http.post("/api/v1/forward_backward", content=newer, headers=headers)
            client.wait(sent.json())
            client.sample([5], base_model="qwen", sampling_params=GREEDY, trace_id="x")
    said = [r.getMessage() for r in caplog.records if "not known here" in r.getMessage()]
    assert len(said) == 3
    assert [next(s for s in said if w in s) for w in ("'priority'", "'field 126'", "'trace_id'")]


def test_bodies_are_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 1 << 20)
    headers = {"content-type": "application/x-protobuf"}
    large = client.http.post("/api/v1/forward_backward", content=b"x" * ((1 << 20) + 1), headers=headers)
    assert large.status_code == 413 and "larger than 1 MiB" in large.json()["detail"]
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (1 << 22))
    packed = client.http.post("/api/v1/forward_backward", content=bomb, headers={**headers, "content-encoding": "zstd"})
    assert packed.status_code == 413 and "unpacked" in packed.json()["detail"]
    gzip = client.http.post("/api/v1/forward_backward", content=b"", headers={**headers, "content-encoding": "gzip"})
    assert gzip.status_code == 415
    deep = client.http.post("/api/v1/create_session", content=b"[" * 200_000)
    assert deep.status_code == 400 and "not JSON" in deep.json()["detail"]
    assert client.http.post("/api/v1/create_session", content=b"[1]").status_code == 422


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"sampling_params": {**GREEDY, "temperature": float("nan")}}, "temperature"),
        ({"sampling_params": {**GREEDY, "top_p": 0}}, "top_p"),
        ({"sampling_params": {**GREEDY, "top_k": 1 << 70}}, "top_k"),
        ({"sampling_params": {**GREEDY, "seed": "a"}}, "seed"),
        ({"sampling_params": {**GREEDY, "stop": [1, "a"]}}, "stop"),
        ({"sampling_params": {**GREEDY, "repetition_penalty": 1.1}}, "'repetition_penalty'"),
        ({"sampling_params": GREEDY, "num_samples": 1 << 40}, "from 1 to 65536"),
        ({"sampling_params": GREEDY, "prompt": {"chunks": [{"tokens": [1 << 70]}]}}, "below 2"),
        ({"sampling_params": GREEDY, "prompt": {"chunks": [{"type": "image", "data": "", "format": "png"}]}}, "text"),
    ],
)
def test_sampling_parameters_are_checked(client: Client, body: dict[str, object], says: str) -> None:
    full = {"base_model": "qwen", "prompt": {"chunks": [{"tokens": [5]}]}, **body}
    response = client.http.post("/api/v1/asample", content=json.dumps(full))
    assert 400 <= response.status_code < 500 and says in response.json()["detail"]


def test_a_failure_costs_its_neighbours_nothing(client: Client, engine: Engine) -> None:
    """Requests that wait together are merged; one that can't be served is refused alone."""
    hold = engine.worker.future()
    gate = engine.worker.future()
    engine.worker.submit(Job([hold], lambda: [{"held": gate.done.wait()}]))
    good = [client.sample([5, i], base_model="qwen", sampling_params=GREEDY) for i in (6, 7)]
    bad = client.sample([5, 95, 96], base_model="qwen", sampling_params=GREEDY)
    gate.resolve({})
    assert all(len(read_samples(client.wait(queued))[0]) == 6 for queued in good)
    with pytest.raises(Refused, match="token 96"):
        client.wait(bad)


def test_requests_that_wait_together_are_one_pass_and_ordered_units_stay_apart(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled: list[int] = []
    real = engine.sample

    def counted(session: SamplingSession, asked: list[Request]) -> list[Response]:
        sampled.append(len(asked))
        return real(session, asked)

    monkeypatch.setattr(engine, "sample", counted)
    params = {"max_tokens": 6, "seed": 3, "stop": []}
    prompts = [[5, 6, 7], [5, 6, 8], [9]]

    def send(i: int, batch: str | None = None) -> dict[str, Any]:
        headers = None if batch is None else {"X-Tagpr-Batch": batch}
        return client.sample(prompts[i], headers, base_model="qwen", num_samples=2, sampling_params=params)

    alone = [read_samples(client.wait(send(i))) for i in range(3)]
    assert sampled == [1, 1, 1]
    sampled.clear()
    held, gate = engine.worker.future(), engine.worker.future()
    engine.worker.submit(Job([held], lambda: [{"held": gate.done.wait()}]))
    queued = [send(0), send(1), send(0, "unit/0/2"), send(1, "unit/1/2"), send(2)]
    gate.resolve({})
    found = [read_samples(client.wait(q)) for q in queued]
    assert sampled == [3, 2]  # what came without a unit, though one came last; then the unit
    assert found == [alone[i] for i in (0, 1, 0, 1, 2)]


def test_a_refused_request_holds_up_nobody(client: Client) -> None:
    """Some clients count its seq_id as used, as the official SDK does; others use it again, as ours does."""
    model = client.model("qwen")

    def optim(seq: int, **changes: object) -> dict[str, Any]:
        adam = {"learning_rate": 0.1, **changes}
        return client.post("optim_step", model_id=model, seq_id=seq, adam_params=adam)

    client.wait(client.send(message(model, 1)))
    with pytest.raises(Refused, match="learning_rate must be a finite number"):
        optim(2, learning_rate="fast")
    assert client.wait(optim(3))["metrics"]["step:max"] == 1
    client.wait(client.send(message(model, 2)))
    assert client.wait(optim(4))["metrics"]["step:max"] == 2
    with pytest.raises(Refused, match="409"):
        optim(4, learning_rate=0.2)


def test_a_request_that_never_came_ends_the_order_with_a_sentence(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    client.wait(client.send(message(model, 1)))
    third = client.send(message(model, 3))
    engine.lanes[model].expire(0.0)
    with pytest.raises(Refused, match=r"seq_id 2 never came: seq_id 3 waited .*Create the model anew"):
        client.wait(third)
    for _ in range(2):  # the second try is no more served than the first
        with pytest.raises(Refused, match=r"400 seq_id 2 never came"):
            client.post("optim_step", model_id=model, seq_id=2, adam_params={})
    with pytest.raises(Refused, match=r"400 seq_id 2 never came"):
        client.send(message(model, 4))
    with pytest.raises(Refused, match="422 seq_id must be a whole number"):
        client.post("optim_step", model_id=model, seq_id="3", adam_params={})


def test_a_compressed_body_is_read_whole_or_refused(client: Client) -> None:
    model = client.model("qwen")
    one, other = pb.ForwardBackwardRequest(), message(model)
    datum(one, [5, 6], target_tokens=np.array([6, 7]), weights=np.ones(2))
    frames = [zstandard.compress(part.SerializeToString()) for part in (other, one)]
    headers = {"content-type": "application/x-protobuf", "content-encoding": "zstd"}
    queued = client.http.post("/api/v1/forward_backward", content=b"".join(frames), headers=headers).json()
    assert read_output(client.wait(queued))[1]["datums:sum"] == 2
    large = zstandard.compress(os.urandom(1 << 20))
    answer = client.http.post("/api/v1/forward_backward", content=large[: 1 << 19], headers=headers)
    assert answer.status_code == 400 and "cut off" in answer.json()["detail"]


def test_answers_that_were_let_go_take_no_room(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    queued = client.send(message(model, 1))
    client.wait(queued)
    future = engine.worker.find(queued["request_id"])
    engine.worker.forget(-1.0)
    assert future is not None and future.answer is None
    with pytest.raises(Refused, match="let go"):
        client.wait(client.send(message(model, 1)))
