"""Checkpoints: what was saved comes back, moments included; half-written ones do not exist."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import policy
from safetensors.torch import load_file
from test_reward import pairs, reward_model
from test_training import make_data, pick
from transformers import AutoModelForCausalLM

from tagpr_engine import store
from tagpr_engine.backbone import load
from tagpr_engine.errors import EngineError
from tagpr_engine.lora import attach
from tagpr_engine.optimizer import Adam
from tagpr_engine.training import TrainedModel


def lora_policy(folder: Path, seed: int) -> TrainedModel:
    backbone = load(folder, torch.float32, "cpu")
    return TrainedModel(backbone, folder.name, 8192, adapter=attach(backbone.model, 4, seed))


@pytest.mark.parametrize("kind", ["full", "lora", "bf16", "reward"])
def test_a_restored_model_goes_on_as_if_never_stopped(folders: dict[str, Path], tmp_path: Path, kind: str) -> None:
    make = {
        "full": lambda seed: policy(folders["llama"]),
        "lora": lambda seed: lora_policy(folders["llama"], seed),
        "bf16": lambda seed: policy(folders["qwen"], compute=torch.bfloat16),
        "reward": lambda seed: reward_model(folders["qwen"], 4),
    }[kind]
    loss = "bradley_terry" if kind == "reward" else "cross_entropy"
    data = pairs(True) if kind == "reward" else [pick(d, "target_tokens", "weights") for d in make_data()]
    first = make(1)
    for _ in range(3):
        first.forward_backward(data, loss, {}, False)
        first.optim_step(Adam(learning_rate=1e-2))
    path = store.save(tmp_path, "model_a", "weights", "one", first, False)
    second = make(2)
    store.restore(store.folder_of(tmp_path, path), path, second, True)
    for _ in range(2):
        a, b = (m.forward_backward(data, loss, {}, False) for m in (first, second))
        assert a[1] == b[1]
        assert all(np.array_equal(x, y) for name in a[0] for x, y in zip(a[0][name], b[0][name], strict=True))
        assert first.optim_step(Adam(learning_rate=1e-2)) == second.optim_step(Adam(learning_rate=1e-2))
    for name in first.masters:
        assert torch.equal(first.masters[name], second.masters[name])
    if first.users is not None:
        assert torch.equal(first.users, second.users)


def test_a_checkpoint_is_a_plain_hugging_face_folder(folders: dict[str, Path], tmp_path: Path) -> None:
    model = lora_policy(folders["qwen"], 1)
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    model.forward_backward(data, "cross_entropy", {}, False)
    model.optim_step(Adam(learning_rate=1e-2))
    path = store.save(tmp_path, "model_a", "sampler_weights", "one", model, False)
    store.export(store.folder_of(tmp_path, path), tmp_path / "out", "float32")
    theirs = policy(tmp_path / "out").forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
    ours = model.forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"]
    assert max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True)) < 1e-4
    AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert not any((tmp_path / "out" / name).exists() for name in ("optimizer.safetensors", "adapter.safetensors"))
    store.export(store.folder_of(tmp_path, path), tmp_path / "half", "bfloat16")
    assert {t.dtype for t in load_file(tmp_path / "half" / "model.safetensors").values()} == {torch.bfloat16}


def test_weights_saved_for_sampling_can_be_trained_on_adapters_too(folders: dict[str, Path], tmp_path: Path) -> None:
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    first, second = lora_policy(folders["qwen"], 1), lora_policy(folders["qwen"], 2)
    first.forward_backward(data, "cross_entropy", {}, False)
    first.optim_step(Adam(learning_rate=1e-2))
    path = store.save(tmp_path, "model_a", "sampler_weights", "best", first, False)
    folder = store.folder_of(tmp_path, path)
    with pytest.raises(EngineError, match="no optimizer state"):
        store.restore(folder, path, second, True)
    store.restore(folder, path, second, False)
    assert all(torch.equal(first.masters[name], second.masters[name]) for name in first.masters)
    second.forward_backward(data, "cross_entropy", {}, False)
    second.optim_step(Adam(learning_rate=1e-2))
    assert not all(torch.equal(first.masters[name], second.masters[name]) for name in first.masters)


def test_adapters_begin_a_policy_that_is_trained_in_full(folders: dict[str, Path], tmp_path: Path) -> None:
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    adapters, whole = lora_policy(folders["qwen"], 1), policy(folders["qwen"])
    adapters.forward_backward(data, "cross_entropy", {}, False)
    adapters.optim_step(Adam(learning_rate=1e-2))
    path = store.save(tmp_path, "model_a", "weights", "best", adapters, False)
    folder = store.folder_of(tmp_path, path)
    with pytest.raises(EngineError, match="lora rank 4, this model 0"):
        store.restore(folder, path, whole, True)
    store.restore(folder, path, whole, False)
    ours, theirs = (m.forward_backward(data, "cross_entropy", {}, True)[0]["logprobs"] for m in (adapters, whole))
    assert max(np.abs(a - b).max() for a, b in zip(ours, theirs, strict=True)) < 1e-4
    whole.forward_backward(data, "cross_entropy", {}, False)
    whole.optim_step(Adam(learning_rate=1e-2))


def test_an_adapter_in_bf16_is_saved_with_what_its_masters_know(folders: dict[str, Path]) -> None:
    """The base is exact in bf16, so a small update, rounded to it, would be none."""
    backbone = load(folders["qwen"], torch.float32, "cpu")
    for p in backbone.model.parameters():
        p.data = p.data.to(torch.bfloat16)
    model = TrainedModel(backbone, "qwen", 8192, torch.bfloat16, attach(backbone.model, 4, 1))
    before = {name: t.clone() for name, t in model.full_weights().items()}
    for name, master in model.masters.items():
        if name.endswith("lora_b"):
            master.fill_(1e-6)
    after = model.full_weights()
    moved = "model.layers.0.mlp.up_proj.weight"
    assert after[moved].dtype == torch.float32
    difference = (after[moved] - before[moved]).abs()
    assert 0 < difference.max() < 2**-9 * before[moved].abs().max()
    assert all(torch.equal(before[name], after[name]) for name in before if "_proj" not in name)


def test_a_failed_save_leaves_nothing(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = policy(folders["qwen"])

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(store, "save_file", full)
    with pytest.raises(EngineError, match="No space left"):
        store.save(tmp_path, "model_a", "weights", "one", model, False)
    assert list((tmp_path / "model_a" / "weights").iterdir()) == []
    with pytest.raises(EngineError, match="does not exist"):
        store.folder_of(tmp_path, "tinker://model_a/weights/one")


def test_a_write_that_the_system_cuts_short_leaves_nothing(folders: dict[str, Path], tmp_path: Path) -> None:
    """No fake: the system refuses to let a file grow, as it does when the disk is full; the save before stays whole."""
    model = policy(folders["qwen"])
    path = store.save(tmp_path, "model_a", "weights", "one", model, False)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(EngineError, match=r"could not be saved: .*File too large") as caught:
            store.save(tmp_path, "model_a", "weights", "one", model, True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.category == "server"
    assert [f.name for f in (tmp_path / "model_a" / "weights").iterdir()] == ["one"]
    store.restore(store.folder_of(tmp_path, path), path, policy(folders["qwen"]), True)


def test_names_and_paths_are_checked(folders: dict[str, Path], tmp_path: Path) -> None:
    model = policy(folders["qwen"])
    path = store.save(tmp_path, "model_a", "weights", "one", model, False)
    with pytest.raises(EngineError, match="exists already"):
        store.save(tmp_path, "model_a", "weights", "one", model, False)
    store.save(tmp_path, "model_a", "weights", "one", model, True)
    for bad in ("../x", "a/b", "", ".hidden"):
        with pytest.raises(EngineError):
            store.save(tmp_path, "model_a", "weights", bad, model, False)
    for bad in ("tinker://model_a/weights/../../x", "file:///etc", "tinker://model_a/other/one"):
        with pytest.raises(EngineError):
            store.folder_of(tmp_path, bad)
    with pytest.raises(EngineError, match="model_role"):
        store.restore(store.folder_of(tmp_path, path), path, reward_model(folders["qwen"], None), True)
    with pytest.raises(EngineError, match="does not fit"):
        store.restore(store.folder_of(tmp_path, path), path, policy(folders["llama"]), True)


def test_a_snapshot_stays_while_training_moves_on(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"])
    data = [pick(d, "target_tokens", "weights") for d in make_data()]
    snapshot = model.snapshot()
    before = {n: t.clone() for n, t in snapshot.whole().items()}
    model.forward_backward(data, "cross_entropy", {}, False)
    model.optim_step(Adam(learning_rate=1e-2))
    assert all(torch.equal(snapshot.weights[n], before[n]) for n in before)
    assert not torch.equal(model.snapshot().weights["model.norm.weight"], before["model.norm.weight"])


def test_an_adapter_comes_back_with_the_parts_that_it_had(folders: dict[str, Path], tmp_path: Path) -> None:
    def adapted(**parts: bool) -> TrainedModel:
        backbone = load(folders["llama"], torch.float32, "cpu")
        return TrainedModel(backbone, "llama", 8192, adapter=attach(backbone.model, 4, 1, **parts))

    whole, less = adapted(train_unembed=True), adapted()
    paths = {
        name: store.save(tmp_path, name, "weights", "one", m, False) for name, m in (("whole", whole), ("less", less))
    }
    metas = {name: store.read_meta(store.folder_of(tmp_path, path)) for name, path in paths.items()}
    assert metas["whole"].lora_parts == ["train_attn", "train_mlp", "train_unembed"]
    assert metas["less"].lora_parts == ["train_attn", "train_mlp"]
    for target, name in ((less, "whole"), (whole, "less")):
        before = {n: m.clone() for n, m in target.masters.items()}
        with pytest.raises(EngineError, match=r"does not fit this model .*lm_head.lora_a"):
            store.restore(store.folder_of(tmp_path, paths[name]), paths[name], target, True)
        assert all(torch.equal(before[n], m) for n, m in target.masters.items())


def test_weights_without_their_optimizer_begin_with_none(folders: dict[str, Path], tmp_path: Path) -> None:
    data = [pick(d, "target_tokens", "weights") for d in make_data()]

    def go(model: TrainedModel, steps: int) -> float:
        for _ in range(steps):
            model.forward_backward(data, "cross_entropy", {}, False)
            last = model.optim_step(Adam(learning_rate=1e-2))
        return last["step:max"]

    fresh, used = policy(folders["qwen"]), policy(folders["qwen"])
    path = store.save(tmp_path, "model_a", "weights", "one", fresh, False)
    go(used, 3)
    store.restore(store.folder_of(tmp_path, path), path, used, False)
    assert go(fresh, 2) == go(used, 2) == 2
    assert all(torch.equal(fresh.masters[n], used.masters[n]) for n in fresh.masters)


def test_a_checkpoint_that_was_to_be_replaced_and_was_not_is_still_there(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = policy(folders["qwen"])
    path = store.save(tmp_path, "model_a", "weights", "my-own", model, False)
    folder = store.folder_of(tmp_path, path)
    rename = os.rename

    def fails(source: Path, target: Path) -> None:
        if source.name.startswith(".tmp-"):
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fails)
    with pytest.raises(EngineError, match="could not be saved"):
        store.save(tmp_path, "model_a", "weights", "my-own", model, True)
    monkeypatch.undo()
    assert [p.name for p in folder.parent.iterdir()] == ["my-own"]
    # killed between the two: the next start gives it back
    replaced = folder.parent / f"{store._REPLACED}0123456789ab-my-own"
    rename(folder, replaced)
    store.sweep(tmp_path)
    assert store.folder_of(tmp_path, path) == folder
    # killed while the old one was being removed: what is left of it never comes back
    replaced.mkdir()
    store.sweep(tmp_path)
    assert not replaced.exists()
    replaced.mkdir()
    store.delete(tmp_path, path)
    store.sweep(tmp_path)
    with pytest.raises(EngineError, match="does not exist"):
        store.folder_of(tmp_path, path)


def test_sweeping_removes_what_was_left_long_ago_and_minds_nobody_elses_saves(tmp_path: Path) -> None:
    kind = tmp_path / "model_a" / "weights"
    for name in (".tmp-left", ".old-left", ".tmp-going-on", "one"):
        (kind / name).mkdir(parents=True)
    for name in (".tmp-left", ".old-left", "one"):
        os.utime(kind / name, (0, 0))
    (kind / ".tmp-renamed-just-now").symlink_to(tmp_path / "nowhere")
    store.sweep(tmp_path)
    assert sorted(path.name for path in kind.iterdir()) == [".tmp-going-on", ".tmp-renamed-just-now", "one"]
