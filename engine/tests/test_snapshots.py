"""Unnamed samplers live as long as their session, in memory or in the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from in_process import GREEDY, message, settle, step
from starlette.testclient import TestClient
from wire_client import TOKEN, Client, Refused, read_samples

from tagpr_engine import app, snapshots
from tagpr_engine.engine import Engine, Settings


@pytest.fixture
def tight(folders: dict[str, Path], tmp_path: Path) -> Iterator[tuple[Client, Engine]]:
    """A server with no memory to spare: every snapshot but the newest is in the store."""
    engine = Engine(Settings([str(folders["qwen"])], tmp_path / "store", tmp_path / "models", snapshot_memory=0))
    with TestClient(app.make_app(engine, TOKEN), headers={"X-API-Key": TOKEN}) as http:
        yield Client(http), engine


def snapshot(client: Client, model: str) -> str:
    return client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]


def ask(client: Client, session: str) -> bytes:
    params = {"max_tokens": 4, "seed": 3, "stop": []}
    return client.wait(client.sample([5], sampling_session_id=session, sampling_params=params))


@pytest.mark.parametrize("rank", [0, 4])
def test_all_of_a_session_are_sampled_bit_for_bit_wherever_they_are(tight: tuple[Client, Engine], rank: int) -> None:
    client, engine = tight
    model = client.model("qwen", lora_config={"rank": rank, "seed": 1})
    made: list[tuple[str, bytes]] = []
    for _ in range(7):
        client.forward_backward(message(model))
        step(client, model)
        session = snapshot(client, model)
        made.append((session, ask(client, session)))
    assert len({answer for _, answer in made}) == 7
    assert sum(held.spilled is not None for held in engine.snapshots.held.values()) == 6
    assert [ask(client, session) for session, _ in made] == [answer for _, answer in made]
    client.wait(client.post("unload_model", model_id=model))
    assert [ask(client, session) for session, _ in made] == [answer for _, answer in made]
    assert len(list(engine.snapshots.folder.iterdir())) == 7


def test_they_end_with_their_session_or_when_their_client_lets_them_go(tight: tuple[Client, Engine]) -> None:
    client, engine = tight
    model = client.model("qwen")
    first, second, third = (snapshot(client, model) for _ in range(3))
    assert client.http.delete(f"/api/v1/samplers/{first}").status_code == 200
    settle(engine)
    assert client.http.delete(f"/api/v1/samplers/{first}").status_code == 404
    with pytest.raises(Refused, match=r"404 .*was let go"):
        ask(client, first)
    assert ask(client, second) == ask(client, third)
    client.post(f"sessions/{client.session}/finish", reason={"type": "success"}, detail=None)
    settle(engine)
    assert engine.snapshots.held == {} and not engine.snapshots.folder.exists()


def test_a_full_store_is_said_and_costs_no_other_snapshot(
    tight: tuple[Client, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, engine = tight
    model = client.model("qwen")
    first = snapshot(client, model)
    before = ask(client, first)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "save_file", full)
    with pytest.raises(Refused, match=r"server: a snapshot could not be kept: .*--snapshot-memory.*No space left"):
        snapshot(client, model)
    assert ask(client, first) == before
    assert list(engine.snapshots.held) == [first]


def test_what_a_killed_engine_left_is_removed(tmp_path: Path) -> None:
    dead, alive = tmp_path / ".snapshots-999999999-ab", tmp_path / ".snapshots-1-ab"
    for folder in (dead, alive):
        folder.mkdir()
    snapshots.Snapshots(tmp_path, 0)
    assert not dead.exists() and alive.exists()


def test_one_with_a_time_to_live_goes_when_it_is_over(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    session = client.wait(client.post("save_weights_for_sampler", model_id=model, ttl_seconds=3600))
    session_id = session["sampling_session_id"]
    app.sweep(engine)
    assert read_samples(client.wait(client.sample([5], sampling_session_id=session_id, sampling_params=GREEDY)))
    engine.snapshots.held[session_id].expires_at = "2020-01-01T00:00:00+00:00"
    app.sweep(engine)
    with pytest.raises(Refused, match="404"):
        client.sample([5], sampling_session_id=session_id, sampling_params=GREEDY)
