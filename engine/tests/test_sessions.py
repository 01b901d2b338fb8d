"""What is kept of sessions, runs and checkpoints, and for how long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from in_process import GREEDY, message, settle
from wire_client import Client, Refused

from tagpr_engine import app, catalog, store
from tagpr_engine.engine import Engine


def test_a_finished_session_keeps_its_first_reason_and_nothing_else(client: Client, engine: Engine) -> None:
    mine = Client(client.http)
    model = mine.model("qwen")
    queued = mine.send(message(model, 1))  # what was asked for before is still done
    mine.post(f"sessions/{mine.session}/finish", reason={"type": "errored"}, detail="out of patience")
    mine.wait(queued)
    mine.post(f"sessions/{mine.session}/finish", reason={"type": "success"}, detail=None)
    settle(engine)
    assert model not in engine.models and model not in engine.lanes
    found = client.post("sessions/search", session_id=mine.session)["sessions"]
    assert found[0]["status"] == {
        "type": "client_finished",
        "reason": {"type": "errored"},
        "detail": "out of patience",
    }
    for call, body in (
        ("session_heartbeat", {"session_id": mine.session}),
        ("create_model", {"session_id": mine.session, "base_model": "qwen"}),
        ("create_sampling_session", {"session_id": mine.session, "base_model": "qwen"}),
    ):
        with pytest.raises(Refused, match=r"410 .*was finished by its client"):
            mine.post(call, **body)
    with pytest.raises(Refused, match=r"404 session 'nosuch' is unknown"):
        mine.post("sessions/nosuch/finish", reason={"type": "success"})
    with pytest.raises(Refused, match=r"422 .*reason.type must be one of"):
        client.post(f"sessions/{client.session}/finish", reason="done")


def test_sessions_are_found_by_what_was_said_of_them(client: Client) -> None:
    made = [
        client.post("create_session", display_name=f"Night run {i}", user_metadata={"lot": "7", "no": str(i)})
        for i in range(3)
    ]
    ids = [m["session_id"] for m in made][::-1]

    def search(**query: object) -> list[str]:
        return [s["session_id"] for s in client.post("sessions/search", **query)["sessions"]]

    assert search(display_name="RUN night") == ids
    assert search(user_metadata={"lot": "7", "no": "1"}) == [ids[1]]
    assert search(session_id=ids[0], display_name="no such words") == [ids[0]]
    assert search(user_metadata={"lot": "7"}, statuses=[{"type": "failed"}]) == []
    first = client.post("sessions/search", user_metadata={"lot": "7"}, limit=2)
    assert [s["session_id"] for s in first["sessions"]] == ids[:2]
    assert search(user_metadata={"lot": "7"}, limit=2, cursor=first["next_cursor"]) == ids[2:]
    listed = client.http.get("/api/v1/sessions", params={"limit": 2, "offset": 1}).json()["sessions"]
    assert listed == ids[1:]
    told = client.http.get(f"/api/v1/sessions/{ids[0]}").json()
    assert told["display_name"] == "Night run 2" and told["user_metadata"] == {"lot": "7", "no": "2"}


def test_metadata_comes_back_with_the_run_and_with_each_checkpoint(client: Client, engine: Engine) -> None:
    model = client.model("qwen", user_metadata={"who": "me"})
    path = client.wait(client.post("save_weights", model_id=model, path="a", user_metadata={"step": "3"}))["path"]
    client.wait(client.post("save_weights_for_sampler", model_id=model, path="b"))

    def listed() -> dict[str, object]:
        found = client.http.get(f"/api/v1/training_runs/{model}/checkpoints").json()["checkpoints"]
        return {c["checkpoint_id"]: c["user_metadata"] for c in found}

    def run() -> object:
        return client.http.get(f"/api/v1/training_runs/{model}").json()["user_metadata"]

    assert listed() == {"weights/a": {"step": "3"}, "sampler_weights/b": None}
    assert run() == {"who": "me"}
    client.wait(client.post("unload_model", model_id=model))
    assert run() == {"who": "me"}  # read from the store
    seq = {"session_id": client.session, "model_seq_id": 77}
    again = client.wait(client.post("load_weights", path=path, optimizer=True, **seq))["model_id"]
    assert engine.models[again].user_metadata == {"who": "me"}


def test_a_time_to_live_is_kept(client: Client, engine: Engine) -> None:
    model, root = client.model("qwen"), engine.settings.store
    path = client.wait(client.post("save_weights", model_id=model, path="a", ttl_seconds=3600))["path"]
    where = f"/api/v1/training_runs/{model}/checkpoints/weights/a/ttl"

    def expires() -> object:
        return client.http.get(f"/api/v1/training_runs/{model}/checkpoints").json()["checkpoints"][0]["expires_at"]

    assert expires() is not None
    assert client.http.put(where, json={"ttl_seconds": None}).status_code == 200
    assert expires() is None
    for bad in (5, 3_600.5, "1h", 10**12):
        assert client.http.put(where, json={"ttl_seconds": bad}).status_code == 422
        with pytest.raises(Refused, match=r"422 save_weights: ttl_seconds"):
            client.post("save_weights", model_id=model, path="b", ttl_seconds=bad)
    catalog.set_expiry(root, path, "2020-01-01T00:00:00+00:00")
    with pytest.raises(Refused, match="404"):
        client.post("weights_info", tinker_path=path)
    assert client.http.get(f"/api/v1/training_runs/{model}/checkpoints").json() == {"checkpoints": []}
    app.sweep(engine)
    assert not (root / model / "weights" / "a").exists()
    client.wait(client.post("save_weights", model_id=model, path="a"))  # the name is free again


def test_what_was_sampled_is_not_read_anew_because_its_time_was_set(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    path = client.wait(client.post("save_weights_for_sampler", model_id=model, path="s"))["path"]
    folder = store.folder_of(engine.settings.store, path)
    before = store.written(folder)
    catalog.set_expiry(engine.settings.store, path, "2099-01-01T00:00:00+00:00")
    assert store.written(folder) == before
    client.wait(client.sample([5], model_path=path, sampling_params=GREEDY))


def test_everybodys_checkpoints_come_by_pages(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    for name in "xyz":
        client.wait(client.post("save_weights", model_id=model, path=name))
    total = client.http.get("/api/v1/checkpoints").json()["cursor"]["total_count"]
    pages = [
        client.http.get("/api/v1/checkpoints", params={"limit": 2, "offset": at}).json()["checkpoints"]
        for at in range(0, total, 2)
    ]
    paths = [c["tinker_path"] for page in pages for c in page]
    assert len(paths) == len(set(paths)) == total
    assert {f"tinker://{model}/weights/{name}" for name in "xyz"} <= set(paths)
    assert client.http.get("/api/v1/checkpoints", params={"limit": "²"}).status_code == 422


def test_a_copy_stands_alone_and_one_key_makes_one(client: Client, engine: Engine) -> None:
    model = client.model("qwen", lora_config={"rank": 2, "train_mlp": False})
    path = client.wait(client.post("save_weights", model_id=model, path="a"))["path"]
    headers = {"X-Idempotency-Key": "k1"}
    first, second = (client.post("copy_weights", headers, source_path=path)["tinker_path"] for _ in range(2))
    other = client.post("copy_weights", source_path=path)["tinker_path"]
    assert first == second != other
    client._ok(client.http.delete(f"/api/v1/training_runs/{model}/checkpoints/weights/a"))
    info = client.post("weights_info", tinker_path=first)
    assert (info["lora_rank"], info["train_attn"], info["train_mlp"]) == (2, True, False)
    fresh = client.model("qwen", lora_config={"rank": 2, "train_mlp": False})
    client.wait(client.post("load_weights", model_id=fresh, path=first, optimizer=True))


def test_a_store_of_an_older_or_newer_engine_is_read(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    path = client.wait(client.post("save_weights", model_id=model, path="a"))["path"]
    file: Path = store.folder_of(engine.settings.store, path) / "engine.json"
    whole = json.loads(file.read_text())
    old = {k: v for k, v in whole.items() if k not in ("user_metadata", "run_metadata", "expires_at", "lora_parts")}
    for found in (old, {**whole, "of_tomorrow": 1}):
        file.write_text(json.dumps(found))
        assert client.post("weights_info", tinker_path=path)["base_model"] == "qwen"
