"""What is refused is refused at once, in a sentence, with a status that says whether to ask again, and costs nobody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from in_process import GREEDY, message, step
from wire_client import Client, Refused, datum, read_samples

from tagpr_engine import http
from tagpr_engine.engine import Engine
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.refused_calls import REFUSED
from tagpr_engine.worker import Job

PROTO = {"content-type": "application/x-protobuf"}


@pytest.mark.parametrize(("method", "path", "said"), REFUSED)
def test_calls_of_the_protocol_that_are_not_served_say_why(client: Client, method: str, path: str, said: str) -> None:
    address = path.format(id="a", kind="weights", name="b")
    answer = client.http.request(method, f"/api/v1/{address}", json=None if method == "GET" else {})
    assert answer.status_code == 400 and answer.json() == {"detail": said}


def test_a_call_that_nobody_knows_is_named(client: Client) -> None:
    answer = client.http.post("/api/v1/fly", json={})
    assert answer.status_code == 404
    assert answer.json() == {"detail": "POST /api/v1/fly is no call of this engine"}
    assert client.http.get("/api/v1/optim_step").status_code == 405


def numbered(model: str, seq: int) -> list[tuple[str, dict[str, Any]]]:
    """Requests that are refused, in every way that there is."""
    text = json.dumps({"model_id": model, "seq_id": seq, "forward_backward_input": {}, "adam_params": []})
    whole = message(model, seq).SerializeToString()
    return [
        ("fly", {"content": text}),
        ("forward", {"content": text}),
        ("save_weights_external", {"content": text}),
        ("forward_backward", {"content": text, "headers": {"content-type": "application/json"}}),
        ("forward_backward", {"content": zstandard.compress(text.encode()), "headers": {"content-encoding": "zstd"}}),
        ("forward_backward", {"content": whole, "headers": {**PROTO, "content-encoding": "gzip"}}),
        ("forward_backward", {"content": whole + b"\x1a\xff", "headers": PROTO}),
        ("forward_backward", {"content": whole + b"\0" * 2000, "headers": PROTO}),  # larger than may be
        ("optim_step", {"content": text}),
    ]


@pytest.mark.parametrize("at", range(9))
def test_a_refused_request_gives_its_number_back(client: Client, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 1500)
    model = client.model("qwen")
    path, sent = numbered(model, 1)[at]
    answer = client.http.post(f"/api/v1/{path}", **sent)
    assert 400 <= answer.status_code < 500 and answer.json()["detail"]
    client.wait(client.send(message(model, 2)))  # what comes next does not wait for it
    assert client.wait(client.post("optim_step", model_id=model, seq_id=3, adam_params={}))["metrics"]["step:max"] == 1


def test_old_clients_are_told_which_one_to_use(client: Client) -> None:
    for path in ("forward", "forward_backward"):
        detail = client.http.post(f"/api/v1/{path}", json={"model_id": "m", "seq_id": 1}).json()["detail"]
        assert "tinker SDK from 0.23.0 on" in detail
    told = client.post("client/config", sdk_version="0.23.0")
    assert told["proto_write_fwdbwd"] and told["fwd_via_fwdbwd"]


def test_a_taken_name_is_a_conflict_at_once_and_no_path_of_the_server(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    held, gate = engine.worker.future(), engine.worker.future()
    engine.worker.submit(Job([held], lambda: [{"held": gate.done.wait()}]))
    first = client.post("save_weights", model_id=model, path="one", seq_id=1)
    assert client.post("save_weights", model_id=model, path="one", seq_id=1) == first  # a retry of the same request
    for seq in (2, 3):
        said = f"409 tinker://{model}/weights/one exists already; give another name, or overwrite it"
        with pytest.raises(Refused, match=said):  # while the first one is still to be written, and after it
            client.post("save_weights", model_id=model, path="one", seq_id=seq)
        # the official SDK repeats a 409 for five minutes, a 400 never
        with pytest.raises(Refused, match=r"400 tinker://.* exists already"):
            client.post("save_weights", model_id=model, path="one", seq_id=seq)
        gate.resolve({})
        client.wait(first)
    client.wait(client.post("save_weights", model_id=model, path="one", seq_id=4, overwrite=True))


def test_numbers_of_any_size_and_text_of_any_kind_are_answered(client: Client, engine: Engine) -> None:
    """As JSON writes them: a number has no largest one, and \\ud800 is half a character."""
    prompt = '"prompt": {"chunks": [{"tokens": [5]}]}, "base_model": "qwen"'
    huge = "1" + "0" * 400
    session = f'"session_id": "{client.session}", "base_model": "qwen"'
    models = set(engine.models)
    for path, body, status in (
        ("asample", f'{{{prompt}, "sampling_params": {{"temperature": {huge}}}}}', 400),
        ("asample", f'{{{prompt}, "sampling_params": {{"top_p": -{huge}}}}}', 400),
        ("asample", f'{{{prompt}, "sampling_params": {{"temperature": Infinity}}}}', 400),
        ("asample", f'{{{prompt}, "num_samples": {huge}, "sampling_params": {{}}}}', 422),
        ("asample", f'{{{prompt}, "sampling_params": {{"max_tokens": {huge}}}}}', 422),
        ("optim_step", f'{{"model_id": "x", "adam_params": {{"learning_rate": {huge}}}}}', 400),
        ("create_model", f'{{{session}, "lora_config": {{"rank": NaN}}}}', 422),
        ("create_model", f'{{{session}, "lora_config": {{"seed": {huge}}}}}', 422),
        ("create_model", f'{{{session}, "lora_config": {{"train_mlp": "\\ud800"}}}}', 422),
        ("create_model", f'{{{session}, "lora_config": {{"alpha": NaN}}}}', 400),
        ("create_model", f'{{{session}, "user_metadata": {{"a": NaN}}}}', 422),
        ("create_model", f'{{{session}, "user_metadata": {{"\\ud800": 1}}}}', 422),
        ("create_model", f'{{{session}, "model_role": "\\ud800"}}', 400),
        ("create_model", f'{{{session}, "model_role": []}}', 400),
        ("create_model", '{"session_id": "\\ud800", "base_model": "qwen"}', 422),
        ("create_model", f'{{"session_id": "{client.session}", "base_model": "\\udfff"}}', 422),
        ("sessions/search", '{"statuses": 5}', 422),
        ("sessions/search", '{"statuses": [{"type": "active", "reasons": 5}]}', 422),
        ("retrieve_future", '{"request_id": "\\ud800"}', 404),
    ):
        answer = client.http.post(f"/api/v1/{path}", content=body)
        assert (answer.status_code, path, body) == (status, path, body)
        assert 0 < len(answer.json()["detail"]) < 400
    assert set(engine.models) == models
    lora = '{"rank": 2, "\\ud800": NaN, "later": Infinity}'  # fields that a newer client adds are never sent back
    queued = client.http.post("/api/v1/create_model", content=f'{{{session}, "lora_config": {lora}}}').json()
    assert client.wait(queued)["lora_config"] == {"rank": 2, "seed": 0}


@pytest.mark.parametrize(
    "header", ["a/²/3", "a/1/²", "a/-1/2", "a/1/1", "/0/1", "a/0", "a//1", "a/0/1/2", "a/0/9999999", "a" * 200 + "/0/1"]
)
def test_an_odd_batch_header_is_refused(client: Client, header: str) -> None:
    body = {"base_model": "qwen", "prompt": {"chunks": [{"tokens": [5]}]}, "sampling_params": GREEDY}
    answer = client.http.post("/api/v1/asample", json=body, headers={"X-Tagpr-Batch": header.encode()})
    assert answer.status_code == 400 and "X-Tagpr-Batch" in answer.json()["detail"]


def test_one_broken_model_is_named_and_hides_no_other(
    client: Client, engine: Engine, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = set(engine.lanes)
    whole = {p.name: p.read_bytes() for p in folders["qwen"].iterdir()}
    for at, (file, content, says) in enumerate(
        [
            ("config.json", b"{half", "config.json can't be read"),
            ("config.json", b"[]", "config.json is no JSON object"),
            ("config.json", b"\xff\xfe", "config.json can't be read"),
            ("config.json", b'{"model_type": "nosuch"}', "config.json can't be read"),
            ("model.safetensors", whole["model.safetensors"][:-100], "model.safetensors is damaged or cut off"),
            ("model.safetensors", whole["model.safetensors"][:5], "model.safetensors is damaged or cut off"),
        ]
    ):
        folder = tmp_path / f"broken{at}"
        folder.mkdir()
        for name, found in {**whole, file: content}.items():
            (folder / name).write_bytes(found)
        monkeypatch.setitem(engine.folders, f"broken{at}", folder)
        with pytest.raises(Refused, match=says):
            client.model(f"broken{at}")
        assert len(client.http.get("/api/v1/get_server_capabilities").json()["supported_models"]) >= 3
    told = {m["model_name"]: m for m in client.http.get("/api/v1/get_server_capabilities").json()["supported_models"]}
    assert not told["broken0"]["trainable"] and "can't be read" in told["broken0"]["fault"]
    assert told["broken5"]["trainable"] and set(engine.lanes) == lanes


def test_a_damaged_checkpoint_is_named_and_the_model_stays_as_it_was(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    client.forward_backward(message(model))
    step(client, model)
    path = client.wait(client.post("save_weights", model_id=model, path="cut"))["path"]
    before = {n: m.detach().clone() for n, m in engine.models[model].trained.masters.items()}
    folder = engine.settings.store / model / "weights" / "cut"
    for name in ("optimizer.safetensors", "model.safetensors", "engine.json"):
        file = folder / name
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(Refused, match=rf"{name}.*(damaged or cut off|can't be read)"):
            client.wait(client.post("load_weights", model_id=model, path=path, optimizer=True))
        file.write_bytes(whole)
    meta = json.loads((folder / "engine.json").read_text())
    assert meta["format"] == 1
    for later in (2, "x", None, 0):
        (folder / "engine.json").write_text(json.dumps({**meta, "format": later}))
        with pytest.raises(Refused, match=r"is of format .*, this engine reads 1: a later TagPR has written it"):
            client.wait(client.post("load_weights", model_id=model, path=path, optimizer=True))
    del meta["format"]  # as engines wrote it before they named it
    (folder / "engine.json").write_text(json.dumps(meta))
    assert all(bool((before[n] == m).all()) for n, m in engine.models[model].trained.masters.items())
    client.wait(client.post("load_weights", model_id=model, path=path, optimizer=True))


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize(
    "adam", [{"learning_rate": 1e308}, {"eps": 0, "learning_rate": 1e-3}, {"weight_decay": 1e300, "learning_rate": 1.0}]
)
def test_a_step_that_makes_weights_infinite_is_refused(
    client: Client, engine: Engine, rank: int, adam: dict[str, float]
) -> None:
    # its embedding is its own: rows of tokens that were not there have a gradient of 0, and 0 / (0 + eps) is NaN
    model = client.model("llama", lora_config={"rank": rank, "seed": 1})
    trained = engine.models[model].trained
    client.forward_backward(message(model))
    step(client, model)
    before = {n: m.detach().clone() for n, m in trained.masters.items()}
    moments = [{k: v.clone() for k, v in s.items()} for s in trained.optimizer.state.values()]
    client.forward_backward(message(model))
    queued = client.post("optim_step", model_id=model, adam_params=adam)
    if adam.get("eps") == 0 and rank == 2:
        client.wait(queued)  # every adapter's weight has a gradient: nothing is divided by 0
        return
    with pytest.raises(Refused, match="weights become infinite or NaN; they and AdamW's moments are as they were"):
        client.wait(queued)
    assert all(bool((before[n] == m).all()) for n, m in trained.masters.items())
    for old, new in zip(moments, trained.optimizer.state.values(), strict=True):
        assert all(bool((old[k] == new[k]).all()) for k in old)
    client.forward_backward(message(model))
    assert step(client, model)["step:max"] == 2


def test_a_given_up_sample_is_not_computed(client: Client, engine: Engine) -> None:
    held, gate = engine.worker.future(), engine.worker.future()
    engine.worker.submit(Job([held], lambda: [{"held": gate.done.wait()}]))
    kept, waiting = (client.sample([5, i], base_model="qwen", sampling_params=GREEDY) for i in (6, 7))
    client.post("cancel_future", request_id=waiting["request_id"])
    with pytest.raises(Refused, match=r"user: request '.*' was cancelled"):
        client.wait(waiting)
    gate.resolve({})
    assert len(read_samples(client.wait(kept))[0]) == 6
    client.post("cancel_future", request_id=kept["request_id"])  # over already: nothing to give up
    assert read_samples(client.wait(kept))
    with pytest.raises(Refused, match="404"):
        client.post("cancel_future", request_id="nosuch")


def test_giving_up_ends_the_work_and_leaves_the_rest_as_it_was(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tagpr_engine import sampling

    steps: list[int] = []
    real = sampling._Wave._logits
    params = {"max_tokens": 200, "seed": 3, "stop": []}
    few = {**params, "max_tokens": 8}
    alone = read_samples(client.wait(client.sample([5, 6], base_model="qwen", sampling_params=few)))
    held, gate = engine.worker.future(), engine.worker.future()
    engine.worker.submit(Job([held], lambda: [{"held": gate.done.wait()}]))
    short = client.sample([5, 6], base_model="qwen", sampling_params=few)
    long = client.sample([5, 7], base_model="qwen", sampling_params=params)

    def counted(self: Any, picked: Any, plan: Any) -> Any:
        steps.append(picked.numel())
        if len(steps) == 3:
            client.post("cancel_future", request_id=long["request_id"])
        return real(self, picked, plan)

    monkeypatch.setattr(sampling._Wave, "_logits", counted)
    gate.resolve({})
    assert read_samples(client.wait(short)) == alone
    assert len(steps) < 12 and steps[-1] == 1


def test_what_changes_a_model_is_not_given_up(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    held, gate = engine.worker.future(), engine.worker.future()
    engine.worker.submit(Job([held], lambda: [{"held": gate.done.wait()}]))
    queued = client.send(message(model, 1))
    with pytest.raises(Refused, match=r"400 .*only sampling can be cancelled"):
        client.post("cancel_future", request_id=queued["request_id"])
    gate.resolve({})
    client.wait(queued)


def test_a_body_that_stays_away_ends_and_keeps_its_number(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    from starlette.applications import Starlette
    from starlette.requests import Request

    monkeypatch.setattr(http, "BODY_SECONDS", 0.01)
    app = Starlette()

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {}

    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "app": app}, receive)  # type: ignore[arg-type]
    app.state.owned = False
    with pytest.raises(http.EngineError, match="did not come within") as caught:
        asyncio.run(http.body(request))
    assert caught.value.status == 408
    app.state.owned = True  # its only client may be suspended in the middle of a body
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(http.body(request), 0.2))


def test_an_image_is_refused_and_costs_no_number(client: Client) -> None:
    model = client.model("qwen")
    sent = pb.ForwardBackwardRequest(model_id=model, seq_id=1, loss_fn="cross_entropy")
    datum(sent, [5], target_tokens=np.array([6]))
    sent.data[0].model_input.add().image.format = "png"
    with pytest.raises(Refused, match="text only"):
        client.wait(client.send(sent))
    client.wait(client.send(message(model, 2)))
