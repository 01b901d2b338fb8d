"""The server from outside: its life, its refusals, its order, and a restart on the same store."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import zstandard
from wire_client import TOKEN, Client, Refused, command, datum, environment, read_output, read_samples, start

from tagpr_engine.engine import Engine
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.routes import routes


@pytest.fixture(scope="module")
def server(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    store = tmp_path_factory.mktemp("store")
    options = ["--store", store, "--session-timeout", 600]
    process, url = start("--model", folders["qwen"], "--model", folders["llama"], *options)
    yield url, store
    process.terminate()
    assert process.wait(20) is not None


@pytest.fixture(scope="module")
def client(server: tuple[str, Path]) -> Client:
    return Client(server[0])


def message(model: str, seq: int = 0, forward_only: bool = False) -> pb.ForwardBackwardRequest:
    made = pb.ForwardBackwardRequest(model_id=model, seq_id=seq, loss_fn="cross_entropy", forward_only=forward_only)
    datum(made, [5, 6, 7, 8], target_tokens=np.array([6, 7, 8, 9]), weights=np.ones(4))
    return made


def test_a_token_is_always_needed(server: tuple[str, Path]) -> None:
    assert httpx.get(f"{server[0]}/api/v1/healthz").status_code == 401
    wrong = httpx.get(f"{server[0]}/api/v1/healthz", headers={"X-API-Key": "other"})
    assert wrong.status_code == 401 and "token" in wrong.json()["detail"]
    bearer = httpx.get(f"{server[0]}/api/v1/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
    assert bearer.json() == {"status": "ok"}


def test_an_observer_looks_and_changes_nothing(
    folders: dict[str, Path], engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGPR_OBSERVER_TOKEN", "tml-observer")
    process, url = start("--model", folders["qwen"], "--store", tmp_path)
    try:
        owner = Client(url)
        model = owner.model("qwen")
        path = owner.wait(owner.post("save_weights", model_id=model, path="one"))["path"]
        session = owner.wait(owner.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]
        with httpx.Client(base_url=url, headers={"X-API-Key": "tml-observer"}, timeout=60) as observer:
            runs = f"/api/v1/training_runs/{model}"
            reads = ["healthz", "get_server_capabilities", "training_runs", f"samplers/{session}"]
            for at in (*(f"/api/v1/{name}" for name in reads), runs, f"{runs}/checkpoints"):
                assert observer.get(at).status_code == 200, at
            gone = observer.delete(f"{runs}/checkpoints/weights/one")
            assert gone.status_code == 403 and "observer" in gone.json()["detail"]
            for route in routes(engine):
                if "POST" in (route.methods or ()):
                    assert observer.post(route.path, json={"model_id": model, "seq_id": 1}).status_code == 403, route
        listed = owner.http.get(f"{runs}/checkpoints").json()["checkpoints"]
        assert path in [one["tinker_path"] for one in listed]
        owner.forward_backward(message(model, seq=1))  # no observer's request took its turn
    finally:
        process.terminate()
        process.wait(20)


def test_it_listens_on_the_loopback_address_alone(server: tuple[str, Path]) -> None:
    """127.0.0.2 is this machine too: a server bound to every address would answer there."""
    with pytest.raises(httpx.ConnectError):
        httpx.get(server[0].replace("127.0.0.1", "127.0.0.2") + "/api/v1/healthz")


def test_capabilities(client: Client) -> None:
    told = client.http.get("/api/v1/get_server_capabilities").json()
    assert [m["trainable"] for m in told["supported_models"]] == [True, True]
    assert told["supported_models"][0]["max_context_length"] == 256
    assert {"bradley_terry", "user_embeddings", "ordered_batches", "export"} <= set(told["extensions"])


def test_zstd_and_plain_bodies_are_the_same(client: Client) -> None:
    model = client.model("qwen")
    plain = client.forward_backward(message(model, forward_only=True))
    packed = zstandard.ZstdCompressor().compress(message(model, forward_only=True).SerializeToString())
    headers = {"content-type": "application/x-protobuf", "content-encoding": "zstd"}
    queued = client.http.post("/api/v1/forward_backward", content=packed, headers=headers).json()
    assert read_output(client.wait(queued))[1] == plain[1]


def test_requests_run_in_the_order_of_their_seq_ids(client: Client) -> None:
    model = client.model("qwen")
    steps = [client.post("optim_step", model_id=model, seq_id=s, adam_params={"learning_rate": 0.1}) for s in (4, 2)]
    third = client.send(message(model, 3))
    first = client.send(message(model, 1))
    assert client.wait(steps[1])["metrics"]["step:max"] == 1
    assert client.wait(steps[0])["metrics"]["step:max"] == 2
    assert client.wait(first) != client.wait(third)
    assert client.send(message(model, 3))["request_id"] == third["request_id"]
    with pytest.raises(Refused, match="409"):
        client.post("optim_step", model_id=model, seq_id=3, adam_params={})


def test_a_batch_is_one_ordered_unit(client: Client) -> None:
    prompts = [[5, 6, 7], [9, 10], [5, 6, 7, 8]]
    params = {"max_tokens": 6, "seed": 3, "stop": []}

    def ask(order: list[int], batch: str) -> list[list[list[int]]]:
        queued = {
            i: client.sample(
                prompts[i],
                {"X-Tagpr-Batch": f"{batch}/{i}/3"},
                base_model="qwen",
                num_samples=2,
                sampling_params=params,
            )
            for i in order
        }
        return [read_samples(client.wait(queued[i])) for i in range(3)]

    assert ask([0, 1, 2], "a") == ask([2, 0, 1], "b")
    queued = client.sample(prompts[0], {"X-Tagpr-Batch": "c/0/2"}, base_model="qwen", sampling_params=params)
    with pytest.raises(Refused, match="came twice"):
        client.sample(prompts[0], {"X-Tagpr-Batch": "c/0/2"}, base_model="qwen", sampling_params=params)
    client.sample(prompts[1], {"X-Tagpr-Batch": "c/1/2"}, base_model="qwen", sampling_params=params)
    assert len(read_samples(client.wait(queued))) == 1
    assert len(queued["sample_sequence_ids"]) == 1


@pytest.mark.parametrize(
    ("call", "body", "says"),
    [
        ("asample", {"sampling_params": {"max_tokens": 4, "min_p": 0.1}, "base_model": "qwen"}, "'min_p'"),
        ("asample", {"sampling_params": {"max_tokens": 4, "temperature": -1}, "base_model": "qwen"}, "temperature"),
        ("asample", {"sampling_params": {"max_tokens": 4}, "base_model": "other"}, "404 base_model 'other'"),
        ("asample", {"sampling_params": {"max_tokens": 4}, "sampling_session_id": "x"}, "404 sampling session"),
        (
            "asample",
            {"sampling_params": {"max_tokens": 4}, "base_model": "qwen", "prompt_alt_tokens_k": 3},
            "prompt_alt_tokens_k is not served",
        ),
        ("create_model", {"base_model": "qwen", "model_role": "critic"}, "'critic' is not served"),
        ("create_model", {"base_model": "qwen", "user_embeddings": 3}, "model_role 'reward'"),
        ("create_model", {"base_model": "qwen", "optimizer_config": {"type": "dimuon"}}, "dimuon"),
        ("create_model", {"base_model": "nosuch"}, "404"),
        ("optim_step", {"model_id": "nosuch"}, "404"),
        ("optim_step", {"model_id": "x", "optimizer_params": {"type": "dimuon"}}, "'dimuon' is not served"),
        ("load_weights", {"model_id": "x", "path": "tinker://a/weights/b", "optimizer": True}, "404"),
        ("session_heartbeat", {"session_id": "nosuch"}, "404"),
        ("retrieve_future", {"request_id": "nosuch"}, "404"),
    ],
)
def test_what_is_not_served_is_refused_at_once(client: Client, call: str, body: dict[str, object], says: str) -> None:
    extra = {"prompt": {"chunks": [{"type": "encoded_text", "tokens": [5]}]}} if call == "asample" else {}
    session = {"session_id": client.session} if call == "create_model" else {}
    with pytest.raises(Refused, match=says):
        client.post(call, **{**session, **extra, **body})


def test_errors_of_computation_come_with_the_future(client: Client) -> None:
    model = client.model("qwen")
    bad = message(model)
    bad.data[0].loss_fn_inputs["weights"].dense = np.array([1, np.nan, 1, 1], "<f4").tobytes()
    with pytest.raises(Refused, match="user: datum 0: loss input 'weights' holds nan at position 1"):
        client.forward_backward(bad)
    with pytest.raises(Refused, match="discarded"):
        client.wait(client.post("optim_step", model_id=model, adam_params={}))
    with pytest.raises(Refused, match="context of 256"):
        client.wait(client.sample([5] * 250, base_model="qwen", sampling_params={"max_tokens": 20}))
    json_body = client.http.post("/api/v1/forward_backward", json={})
    assert json_body.status_code == 415


def test_a_run_goes_on_after_a_restart(folders: dict[str, Path], server: tuple[str, Path], client: Client) -> None:
    model = client.model("qwen")
    client.forward_backward(message(model))
    client.wait(client.post("optim_step", model_id=model, adam_params={"learning_rate": 0.01}))
    path = client.wait(client.post("save_weights", model_id=model, path="one"))["path"]
    sampler = client.wait(client.post("save_weights_for_sampler", model_id=model, path="one"))["path"]
    expected = client.forward_backward(message(model))[1]
    listed = client.http.get(f"/api/v1/training_runs/{model}/checkpoints").json()["checkpoints"]
    assert [c["tinker_path"] for c in listed] == [path, sampler]
    process, url = start("--model", folders["qwen"], "--store", server[1])
    try:
        other = Client(url)
        created = other.post("load_weights", session_id=other.session, model_seq_id=0, path=path, optimizer=True)
        again = other.wait(created)["model_id"]
        assert other.forward_backward(message(again))[1] == expected
        params = {"max_tokens": 8, "seed": 5, "stop": []}
        both = [
            read_samples(c.wait(c.sample([5, 6], model_path=sampler, num_samples=3, sampling_params=params)))
            for c in (client, other)
        ]
        assert both[0] == both[1]
    finally:
        process.terminate()
        process.wait(20)


def test_a_deleted_checkpoint_is_gone(client: Client) -> None:
    model = client.model("qwen")
    path = client.wait(client.post("save_weights", model_id=model, path="one"))["path"]
    where = f"/api/v1/training_runs/{model}/checkpoints/weights/one"
    assert client.http.delete(where).status_code == 200
    assert client.http.delete(where).status_code == 404
    with pytest.raises(Refused, match="does not exist"):
        client.post("load_weights", model_id=model, path=path, optimizer=True)


def test_snapshots_are_what_was_trained(client: Client) -> None:
    model = client.model("llama")
    for _ in range(30):
        client.forward_backward(message(model))
        client.wait(client.post("optim_step", model_id=model, adam_params={"learning_rate": 0.02}))
    session = client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]
    greedy = {"max_tokens": 4, "temperature": 0, "stop": [9]}
    asked = client.sample([5], sampling_session_id=session, sampling_params=greedy)
    assert read_samples(client.wait(asked)) == [[6, 7, 8, 9]]


def test_it_ends_with_its_stdin(folders: dict[str, Path], tmp_path: Path) -> None:
    process, _ = start("--model", folders["qwen"], "--store", tmp_path, "--watch-stdin")
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0


def fails(*args: object) -> str:
    done = subprocess.run(command(*args), capture_output=True, env={**environment(), "TINKER_API_KEY": ""}, check=False)
    assert done.returncode == 2 and done.stdout == b""
    return done.stderr.decode()


def test_a_start_that_can_not_work_says_why(
    folders: dict[str, Path], server: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = server[0].rsplit(":", 1)[1]
    options = ["--token", "t", "--store", tmp_path]
    taken = fails("serve", "--model", folders["qwen"], "--port", port, *options)
    assert f"port {port}" in taken and len(taken.strip().splitlines()) == 1
    for port in ("99999", "-1"):
        assert fails("serve", "--model", folders["qwen"], f"--port={port}", *options) == (
            f"tagpr_engine: --port {port} is no port (0 to 65535)\n"
        )
    assert "no such folder" in fails("serve", "--model", "nosuch/model", *options)
    monkeypatch.setenv("TAGPR_OBSERVER_TOKEN", "t")
    assert "an observer's must be another" in fails("serve", "--model", folders["qwen"], *options)
    assert "a token is required" in fails("serve", "--model", folders["qwen"], "--store", tmp_path)
