"""Reward models: the plain Bradley-Terry loss, users' rows, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import VOCAB
from torch import Tensor
from transformers import AutoModelForSequenceClassification

from tagpr_engine.backbone import load
from tagpr_engine.engine import user_table
from tagpr_engine.errors import EngineError
from tagpr_engine.optimizer import Adam
from tagpr_engine.store import write_folder, write_model
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum


def reward_model(folder: Path, users: int | None, budget: int = 8192) -> TrainedModel:
    backbone = load(folder, torch.float32, "cpu", reward=True, seed=3)
    table = None if users is None else user_table(backbone, users, 3)
    return TrainedModel(backbone, "m", budget, users=table)


def pairs(users: bool, count: int = 5) -> list[Datum]:
    rng = np.random.default_rng(0)
    out: list[Datum] = []
    for pair in range(count):
        prompt = rng.integers(3, VOCAB, 25)
        for preferred in (0, 1):
            tokens = np.concatenate([prompt, rng.integers(3, VOCAB, 4 + 5 * preferred)]).astype(np.int64)
            inputs = {"pair_id": np.array([pair]), "preferred": np.array([preferred])}
            if users:
                inputs["user_index"] = np.array([(0, 1, 1, 4, 2)[pair]])
            out.append(Datum(tokens, inputs))
    return [out[i] for i in rng.permutation(len(out))]


def plain_scores(model: torch.nn.Module, users: Tensor | None, data: list[Datum]) -> list[Tensor]:
    out: list[Tensor] = []
    for datum in data:
        embedded = model.get_input_embeddings()(torch.from_numpy(datum.tokens))
        if users is not None:
            embedded = torch.cat([users[int(datum.inputs["user_index"][0])][None], embedded])
        out.append(model.score(model.model(inputs_embeds=embedded[None]).last_hidden_state[0, -1])[0])
    return out


@pytest.mark.parametrize("name", ["qwen", "llama"])
@pytest.mark.parametrize("users", [None, 4])
@pytest.mark.parametrize("budget", [40, 8192])
def test_loss_and_gradients_are_those_of_the_plain_computation(
    folders: dict[str, Path], tmp_path: Path, name: str, users: int | None, budget: int
) -> None:
    model = reward_model(folders[name], users, budget)
    if model.users is not None:
        model.users.data += torch.randn(model.users.shape, generator=torch.Generator().manual_seed(0)) * 0.1
    write_folder(tmp_path / "m", lambda folder: write_model(folder, model))
    theirs = AutoModelForSequenceClassification.from_pretrained(tmp_path / "m", attn_implementation="eager")
    table = None if model.users is None else model.users.detach().clone().requires_grad_(True)
    data = pairs(users is not None)
    outputs, metrics = model.forward_backward(data, "bradley_terry", {}, False)
    scores = plain_scores(theirs, table, data)
    assert np.allclose([float(o[0]) for o in outputs["logits"]], [float(s.detach()) for s in scores], atol=1e-5)
    total = torch.zeros(())
    for pair in range(5):
        sides = {
            int(d.inputs["preferred"][0]): s
            for d, s in zip(data, scores, strict=True)
            if d.inputs["pair_id"][0] == pair
        }
        total = total - torch.nn.functional.logsigmoid(sides[1] - sides[0])
    total.backward()
    assert metrics["loss:sum"] == pytest.approx(float(total.detach()), rel=1e-5)
    for key, parameter in theirs.named_parameters():
        ours = model.named[key].grad
        assert ours is not None and (ours - parameter.grad).norm() / parameter.grad.norm() < 1e-5, key
    if table is not None and model.users is not None:
        assert (model.users.grad - table.grad).norm() / table.grad.norm() < 1e-5


def test_absent_users_do_not_move(folders: dict[str, Path]) -> None:
    model = reward_model(folders["qwen"], 6)
    adam = Adam(learning_rate=1e-2, weight_decay=0.1)
    model.forward_backward(pairs(True), "bradley_terry", {}, False)
    model.optim_step(adam)
    before = model.users.detach().clone()
    one = [d for d in pairs(True) if int(d.inputs["user_index"][0]) == 4]
    for _ in range(3):
        model.forward_backward(one, "bradley_terry", {}, False)
        model.optim_step(adam)
    moved = (model.users.detach() != before).any(1).tolist()
    assert moved == [False, False, False, False, True, False, False]
    assert model.row_adam.steps.tolist() == [1, 1, 1, 0, 4, 0, 0]


def test_the_table_is_trained_by_adamw(folders: dict[str, Path]) -> None:
    model = reward_model(folders["qwen"], 4)
    theirs = torch.nn.Parameter(model.users.detach().clone())
    optimizer = torch.optim.AdamW([theirs], lr=1e-2, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1)
    everyone = pairs(True)
    for _ in range(3):
        model.forward_backward(everyone, "bradley_terry", {}, False)
        theirs.grad = model.users.grad.clone()
        optimizer.step()
        model.optim_step(Adam(1e-2, 0.8, 0.9, 1e-6, 0.1))
        seen = [0, 1, 2, 4]
        assert torch.allclose(model.users.detach()[seen], theirs.detach()[seen], atol=1e-6)


def test_scores_without_gradient(folders: dict[str, Path]) -> None:
    model = reward_model(folders["qwen"], 4)
    data = [Datum(d.tokens, {"user_index": d.inputs["user_index"]}) for d in pairs(True)]
    scored = model.forward_backward(data, "reward_score", {}, True)[0]["logits"]
    alone = [model.forward_backward([d], "reward_score", {}, True)[0]["logits"][0] for d in data]
    assert np.allclose(np.concatenate(scored), np.concatenate(alone), atol=1e-5)
    with pytest.raises(EngineError, match="forward_only"):
        model.forward_backward(data, "reward_score", {}, False)


def test_a_fresh_head_follows_the_seed_and_a_saved_one_is_kept(folders: dict[str, Path], tmp_path: Path) -> None:
    one, same = (load(folders["qwen"], torch.float32, "cpu", True, 5) for _ in range(2))
    other = load(folders["qwen"], torch.float32, "cpu", True, 6)
    assert torch.equal(one.head.weight, same.head.weight)
    assert not torch.equal(one.head.weight, other.head.weight)
    write_folder(tmp_path / "m", lambda folder: write_model(folder, TrainedModel(one, "m", 8192)))
    again = load(tmp_path / "m", torch.float32, "cpu", True, 9)
    assert torch.equal(again.head.weight, one.head.weight)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[:-1], "lacks its other side"),
        (lambda data: [*data, data[0]], "two datums"),
        (lambda data: [replace(d, preferred=np.array([2])) for d in data], "must be 0 or 1"),
        (lambda data: [replace(d, user_index=np.array([9])) for d in data], "rows 0..4"),
        (lambda data: [replace(d, pair_id=np.array([0.5], np.float32)) for d in data], "must be int64"),
    ],
)
def test_bad_pairs_are_refused(folders: dict[str, Path], spoil, says: str) -> None:
    with pytest.raises(EngineError, match=says):
        reward_model(folders["qwen"], 4).forward_backward(spoil(pairs(True)), "bradley_terry", {}, False)


def test_user_index_needs_a_table(folders: dict[str, Path]) -> None:
    with pytest.raises(EngineError, match="without user_embeddings"):
        reward_model(folders["qwen"], None).forward_backward(pairs(True), "bradley_terry", {}, False)


def test_a_reward_model_takes_no_policy_loss(folders: dict[str, Path]) -> None:
    datum = Datum(np.array([5, 6]), {"target_tokens": np.array([6, 7])})
    with pytest.raises(EngineError, match="does not fit a reward model"):
        reward_model(folders["qwen"], None).forward_backward([datum], "cross_entropy", {}, False)


def replace(datum: Datum, **inputs: np.ndarray) -> Datum:
    return Datum(datum.tokens, {**datum.inputs, **inputs})
