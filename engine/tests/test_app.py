"""The server in this process: several models, their lifetimes, and failures that cost nothing else."""

from __future__ import annotations

import dataclasses
import gc
import os
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch
from in_process import GREEDY, message, settle, step
from wire_client import Client, Refused, datum, read_samples

from tagpr_engine import app, store
from tagpr_engine.awake import Awake
from tagpr_engine.engine import MAX_SAMPLERS, Engine
from tagpr_engine.errors import EngineError
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.sessions import Sessions


def test_policy_reference_and_reward_live_together(client: Client, engine: Engine) -> None:
    policy, other = client.model("qwen"), client.model("llama", lora_config={"rank": 4})
    reward = client.model("qwen", model_role="reward", user_embeddings=2)
    prompt = {"prompt": [5, 6], "sampling_params": GREEDY}
    reference = read_samples(client.wait(client.sample(base_model="qwen", **prompt)))
    scored = pb.ForwardBackwardRequest(model_id=reward, loss_fn="reward_score", forward_only=True)
    datum(scored, [5, 6, 7], user_index=np.array([1]))
    before = client.forward_backward(scored)[0]["logits"][0]
    for _ in range(4):
        for model in (policy, other):
            client.forward_backward(message(model))
            step(client, model)
    assert read_samples(client.wait(client.sample(base_model="qwen", **prompt))) == reference
    assert client.forward_backward(scored)[0]["logits"][0] == before
    told = {m: client.post("get_info", model_id=m) for m in (policy, other, reward)}
    assert [t["lora_rank"] for t in told.values()] == [None, 4, None]
    assert told[reward]["model_data"]["user_embeddings"] == 2
    client.wait(client.post("unload_model", model_id=other))
    assert other not in engine.models and other not in engine.lanes
    with pytest.raises(Refused, match="404"):
        client.send(message(other))
    client.forward_backward(message(policy))


def test_a_snapshot_is_sampled_while_training_moves_on(client: Client) -> None:
    model = client.model("qwen")

    def snapshot() -> str:
        return client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]

    def ask(session: str) -> list[list[int]]:
        return read_samples(client.wait(client.sample([5], sampling_session_id=session, sampling_params=GREEDY)))

    old = snapshot()
    first = ask(old)
    sent = []
    for _ in range(12):  # samples are asked for between steps that have not run yet
        sent.append(client.send(message(model)))
        sent.append(client.post("optim_step", model_id=model, adam_params={"learning_rate": 0.05}))
        assert ask(old) == first
    for queued in sent:
        client.wait(queued)
    new = snapshot()
    assert ask(new) != first
    assert ask(old) == first


def test_a_session_without_heartbeat_loses_its_models(client: Client, engine: Engine) -> None:
    silent = Client(client.http)
    model, kept = silent.model("qwen"), client.model("qwen")
    session = silent.wait(silent.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]
    waits = silent.send(message(model, seq=7))  # for requests that will never come
    engine.sessions.known[silent.session].last -= engine.settings.session_timeout + 1
    app.tend(engine)
    settle(engine)
    assert model not in engine.models and model not in engine.lanes and kept in engine.models
    assert session not in engine.sampling
    with pytest.raises(Refused, match="was unloaded"):
        silent.wait(waits)
    with pytest.raises(Refused, match="unknown or has ended"):
        silent.post("session_heartbeat", session_id=silent.session)
    engine.sessions.known[client.session].last -= engine.settings.session_timeout - 5
    client.post("session_heartbeat", session_id=client.session)
    app.tend(engine)
    settle(engine)
    assert kept in engine.models


def test_who_sleeps_is_not_silent() -> None:
    clock, sessions = [0.0], Sessions()
    sessions.create(None, None)

    def pass_by(awake: Awake, seconds: int, step: float = 1.0, beat: bool = True) -> float:
        told = 0.0
        for _ in range(int(seconds / step)):
            clock[0] += step
            for session in sessions.known.values() if beat else []:
                session.last = clock[0]
            told = awake.look()
        return told

    for owned in (True, False):
        for session in sessions.known.values():
            session.last = clock[0]
        awake = Awake(sessions, owned, lambda: clock[0])
        assert pass_by(awake, 100) == 100
        assert pass_by(awake, 1000, step=1000) == 0  # the engine was stopped
        assert pass_by(awake, 100) == 100
        # Its client was: an owned engine has one, whose silence is sleep.
        assert pass_by(awake, 400, beat=False) == (0 if owned else 500)
        assert pass_by(awake, 7) == (7 if owned else 507)


def test_nothing_ends_before_its_waking_time(client: Client, engine: Engine) -> None:
    silent = Client(client.http)
    model = silent.model("qwen")
    waits = silent.send(message(model, seq=7))
    timeout = engine.settings.session_timeout
    engine.sessions.known[silent.session].last -= 10 * timeout
    lane = engine.lanes[model]
    lane._held = {seq: (job, since - 10 * timeout) for seq, (job, since) in lane._held.items()}
    app.tend(engine, awake=engine.settings.gap_timeout - 1)
    assert 7 in lane._held
    app.tend(engine, awake=timeout - 1)
    with pytest.raises(Refused, match="never came"):
        silent.wait(waits)
    settle(engine)
    assert model in engine.models
    owned = engine.settings
    engine.settings = dataclasses.replace(owned, owned=True)
    app.tend(engine)
    settle(engine)
    engine.settings = owned
    assert model in engine.models
    app.tend(engine, awake=timeout + 1)
    settle(engine)
    assert model not in engine.models


def test_idle_models_and_samplers_are_let_go(client: Client, engine: Engine) -> None:
    """A model by unload_model at once, samplers of checkpoints beyond the last few by themselves."""
    model = client.model("qwen")
    alive = weakref.ref(engine.models[model].trained)
    client.forward_backward(message(model))
    step(client, model)
    snapshot = client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]

    def ask(**where: str) -> list[list[int]]:
        return read_samples(client.wait(client.sample([5], sampling_params=GREEDY, **where)))

    last = ask(sampling_session_id=snapshot)
    saved = [
        client.wait(client.post("save_weights_for_sampler", model_id=model, path=f"s{i}"))["path"]
        for i in range(MAX_SAMPLERS + 1)
    ]
    assert [ask(model_path=path) for path in saved] == [last] * len(saved)
    held = [folder.name for folder, _ in engine._samplers if folder.parent.name == "sampler_weights"]
    assert held == [path.rsplit("/", 1)[-1] for path in saved[1:]]
    assert ask(model_path=saved[0]) == last  # it is loaded again
    client.wait(client.post("unload_model", model_id=model))
    assert ask(sampling_session_id=snapshot) == ask(model_path=saved[1]) == last
    gc.collect()
    assert alive() is None


def test_what_is_saved_over_or_saved_again_is_what_is_sampled(client: Client, engine: Engine) -> None:
    model = client.model("qwen")

    def save() -> str:
        body = {"model_id": model, "path": "again", "overwrite": True}
        return client.wait(client.post("save_weights_for_sampler", **body))["path"]

    def ask(**where: str) -> list[list[int]]:
        return read_samples(client.wait(client.sample([5], sampling_params=GREEDY, **where)))

    def train() -> list[list[int]]:
        for _ in range(4):
            client.forward_backward(message(model))
            step(client, model, 0.1)
        snapshot = client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]
        return ask(sampling_session_id=snapshot)

    path = save()
    first, second = ask(model_path=path), train()
    assert first != second
    assert ask(model_path=path) == first
    save()
    assert ask(model_path=path) == second
    third = train()
    client._ok(client.http.delete(f"/api/v1/training_runs/{model}/checkpoints/sampler_weights/again"))
    save()
    assert ask(model_path=path) == third != second
    assert [folder.name for folder, _ in engine._samplers].count("again") == 1


def test_a_reward_model_is_not_sampled(client: Client) -> None:
    reward = client.model("qwen", model_role="reward")
    with pytest.raises(Refused, match="is a reward model; it can't be sampled from"):
        client.wait(client.post("save_weights_for_sampler", model_id=reward))


def test_an_adapter_loads_onto_its_base_by_whatever_name(
    client: Client, engine: Engine, folders: dict[str, Path]
) -> None:
    lora = {"rank": 4}
    by_folder = client.model(str(folders["qwen"]), lora_config=lora)
    path = client.wait(client.post("save_weights", model_id=by_folder, path="one"))["path"]
    for name, says in (("qwen", None), ("llama", "adapts .*qwen, this model is llama")):
        model = client.model(name, lora_config=lora)
        queued = client.post("load_weights", model_id=model, path=path, optimizer=True)
        if says is None:
            assert client.wait(queued)["model_id"] == model
        else:
            with pytest.raises(Refused, match=says):
                client.wait(queued)


def test_whatever_is_asked_of_a_model_is_a_sign_of_life(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    session = engine.models[model].session_id
    sampling = client.wait(client.post("save_weights_for_sampler", model_id=model))["sampling_session_id"]
    for ask in (
        lambda: client.post("get_info", model_id=model),
        lambda: client.wait(client.sample([5], sampling_params=GREEDY, sampling_session_id=sampling)),
    ):
        engine.sessions.known[session].last -= 1000.0
        assert session in [s.id for s in engine.sessions.silent(engine.settings.session_timeout)]
        ask()
        assert session not in [s.id for s in engine.sessions.silent(engine.settings.session_timeout)]


def test_an_empty_folder_hides_no_run(client: Client, engine: Engine) -> None:
    model = client.model("qwen")
    client.wait(client.post("save_weights", model_id=model, path="one"))
    client._ok(client.http.delete(f"/api/v1/training_runs/{model}/checkpoints/weights/one"))
    client.wait(client.post("unload_model", model_id=model))
    runs = client._ok(client.http.get("/api/v1/training_runs"))["training_runs"]
    assert model not in [run["training_run_id"] for run in runs]


def test_a_full_disk_is_reported_and_costs_nothing(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = client.model("qwen")
    client.forward_backward(message(model))
    whole = store.save_file

    def full(tensors: dict[str, torch.Tensor], file: Path, **kwargs: object) -> None:
        if file.name == "optimizer.safetensors":  # the weights still fitted
            raise OSError(28, os.strerror(28))
        whole(tensors, file, **kwargs)

    monkeypatch.setattr(store, "save_file", full)
    with pytest.raises(Refused, match=r"server: .*one could not be saved: No space left"):
        client.wait(client.post("save_weights", model_id=model, path="one"))
    assert list((engine.settings.store / model / "weights").iterdir()) == []
    monkeypatch.setattr(store, "save_file", whole)
    step(client, model)
    assert client.wait(client.post("save_weights", model_id=model, path="one"))["path"].endswith("/one")


def test_a_bad_accumulation_is_discarded_and_weights_stay(client: Client, engine: Engine) -> None:
    model = client.model("qwen", model_role="reward", user_embeddings=2)
    trained = engine.models[model].trained
    pairs = pb.ForwardBackwardRequest(model_id=model, loss_fn="bradley_terry")
    for preferred in (0, 1):
        sides = {"pair_id": np.array([1]), "preferred": np.array([preferred]), "user_index": np.array([1])}
        datum(pairs, [5, 6, 7 + preferred], **sides)
    client.forward_backward(pairs)
    step(client, model)
    before = {n: m.detach().clone() for n, m in trained.masters.items()}
    users, rows = trained.users.detach().clone(), trained.row_adam.exp_avg.clone()
    client.forward_backward(pairs)
    trained.users.grad[1, 0] = float("inf")
    with pytest.raises(Refused, match="the gradient's norm is inf"):
        step(client, model)
    half = pb.ForwardBackwardRequest(model_id=model, loss_fn="bradley_terry")
    half.data.add().CopyFrom(pairs.data[0])
    client.forward_backward(pairs)
    with pytest.raises(Refused, match="lacks its other side"):
        client.forward_backward(half)
    with pytest.raises(Refused, match="discarded after a failure"):
        step(client, model)
    assert torch.equal(trained.users, users) and torch.equal(trained.row_adam.exp_avg, rows)
    assert all(torch.equal(m, before[n]) for n, m in trained.masters.items())
    client.forward_backward(pairs)
    assert step(client, model)["step:max"] == 2


def test_loading_forgets_gradients_of_other_weights(client: Client) -> None:
    model = client.model("qwen")
    path = client.wait(client.post("save_weights", model_id=model, path="one"))["path"]
    client.forward_backward(message(model))
    client.wait(client.post("load_weights", model_id=model, path=path, optimizer=True))
    with pytest.raises(Refused, match="no gradient"):
        step(client, model)


@pytest.mark.parametrize("config", [False, [], {"train_mlp": "false"}, {"train_attn": 1}, {"seed": 1 << 63}])
def test_an_adapter_is_asked_for_in_the_right_types(client: Client, config: object) -> None:
    with pytest.raises(Refused, match=r"422 (create_model: )?lora_config"):
        client.model("qwen", lora_config=config)


def test_a_step_needs_its_settings_in_an_object(client: Client) -> None:
    model = client.model("qwen", lora_config={"rank": 2, "seed": (1 << 63) - 1, "train_mlp": None})
    client.forward_backward(message(model))
    with pytest.raises(Refused, match="422 optim_step: adam_params must be an object"):
        client.post("optim_step", model_id=model, adam_params=[])


def test_a_failed_request_keeps_no_tensors_alive(client: Client, engine: Engine) -> None:
    """What is raised holds the frames that it passed through, and they the graph of the backward pass."""
    model = client.model("qwen")
    queued = client.post("optim_step", model_id=model, adam_params={})
    with pytest.raises(Refused, match="no gradient"):
        client.wait(queued)
    future = engine.worker.find(queued["request_id"])
    assert future is not None and future.error is not None
    assert future.error.__traceback__ is None and future.error.__context__ is None


def test_a_model_that_could_not_be_loaded_leaves_nothing(client: Client, engine: Engine) -> None:
    lanes = set(engine.lanes)
    nothing = {"rank": 4, "train_attn": False, "train_mlp": False, "train_unembed": False}
    with pytest.raises(Refused, match="no attention or MLP"):
        client.model("qwen", model_role="reward", lora_config=nothing)
    assert set(engine.lanes) == lanes


def test_nothing_is_pickled(folders: dict[str, Path], tmp_path: Path) -> None:
    """No module reads or writes pickles, and a folder whose weights are one is refused."""
    for file in Path(app.__file__).parent.glob("*.py"):
        text = file.read_text()
        assert not any(w in text for w in ("import pickle", "torch.load", "torch.save", "allow_pickle", "joblib")), file
    (tmp_path / "config.json").write_bytes((folders["qwen"] / "config.json").read_bytes())
    torch.save({"model.norm.weight": torch.ones(32)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(EngineError, match="can't be loaded"):
        from tagpr_engine.backbone import load

        load(tmp_path, torch.float32, "cpu")
