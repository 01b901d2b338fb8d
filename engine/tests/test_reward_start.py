"""How a reward model begins, and what its users and pairs may have of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import policy
from test_reward import pairs, replace, reward_model

from tagpr_engine import lora
from tagpr_engine.backbone import load
from tagpr_engine.engine import user_table
from tagpr_engine.errors import EngineError
from tagpr_engine.optimizer import Adam
from tagpr_engine.store import restore, save
from tagpr_engine.training import TrainedModel


def test_rows_start_equal_or_as_far_apart_as_was_said(folders: dict[str, Path]) -> None:
    backbone = load(folders["qwen"], torch.float32, "cpu", True, 3)
    equal, apart = user_table(backbone, 500, 3), user_table(backbone, 500, 3, 0.5)
    assert (equal == equal[0]).all()
    assert torch.equal(apart[0], equal[0])  # the unknown user stands where all did
    deviation = float(backbone.embed.weight.detach().std())
    assert float((apart[1:] - apart[0]).std()) == pytest.approx(0.5 * deviation, rel=0.02)
    assert torch.equal(user_table(backbone, 500, 3, 0.5), apart)


def test_users_learn_at_a_rate_of_their_own(folders: dict[str, Path]) -> None:
    one, fast = reward_model(folders["qwen"], 4), reward_model(folders["qwen"], 4)
    start = one.users.detach().clone()
    for model, rate in ((one, None), (fast, 1e-2)):
        model.forward_backward(pairs(True), "bradley_terry", {}, False)
        model.optim_step(Adam(learning_rate=1e-3), rate)
    assert torch.allclose(fast.users.detach() - start, 10 * (one.users.detach() - start), atol=1e-6)
    for name in one.masters:
        assert torch.equal(one.masters[name], fast.masters[name])


def test_a_pair_counts_with_its_weight(folders: dict[str, Path]) -> None:
    plain, weighed = reward_model(folders["qwen"], None), reward_model(folders["qwen"], None)
    data = pairs(False)
    # Twice the pair 0 and none of the pair 1, against the pair 0 in two calls and the pair 1 left out.
    weights = {0: 2.0, 1: 0.0}
    sent = [replace(d, weights=np.array([weights.get(int(d.inputs["pair_id"][0]), 1.0)], np.float32)) for d in data]
    weighed.forward_backward(sent, "bradley_terry", {}, False)
    plain.forward_backward([d for d in data if int(d.inputs["pair_id"][0]) != 1], "bradley_terry", {}, False)
    plain.forward_backward([d for d in data if int(d.inputs["pair_id"][0]) == 0], "bradley_terry", {}, False)
    for name, master in plain.masters.items():
        assert torch.allclose(master.grad, weighed.masters[name].grad, atol=1e-5), name
    with pytest.raises(EngineError, match="at least 0"):
        weighed.forward_backward([replace(d, weights=np.array([-1.0])) for d in data], "bradley_terry", {}, False)


def test_a_policys_weights_begin_a_reward_model_which_keeps_its_head_and_rows(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    taught = policy(folders["qwen"])
    with torch.no_grad():
        for master in taught.masters.values():
            master.add_(0.01)
    path = save(tmp_path, "m", "sampler_weights", "sft", taught, False)
    model = reward_model(folders["qwen"], 4)
    head, rows = model.masters["score.weight"].clone(), model.users.detach().clone()
    restore(tmp_path / "m" / "sampler_weights" / "sft", path, model, False)
    assert torch.equal(model.masters["score.weight"], head) and torch.equal(model.users.detach(), rows)
    inner = {n: m for n, m in model.masters.items() if n != "score.weight"}
    assert len(inner) > 3
    for name, master in inner.items():
        assert torch.equal(master, taught.masters[name]), name
    with pytest.raises(EngineError, match="model_role policy, this model reward"):
        restore(tmp_path / "m" / "sampler_weights" / "sft", path, model, True)


@pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16])
def test_a_reward_model_of_adapters_trains_its_head_and_comes_back_from_disk(
    folders: dict[str, Path], tmp_path: Path, compute: torch.dtype
) -> None:
    def made() -> TrainedModel:
        backbone = load(folders["qwen"], torch.float32, "cpu", True, 3)
        for name, p in backbone.model.named_parameters():
            p.data = p.data.to(torch.float32 if name == "score.weight" else compute)
        adapter = lora.attach(backbone.model, 4, 3)
        return TrainedModel(backbone, "m", 8192, compute, adapter, user_table(backbone, 4, 3, 0.1))

    model = made()
    assert {n for n in model.masters if not n.endswith(("lora_a", "lora_b"))} == {"score.weight"}
    before = model.forward_backward(pairs(True), "bradley_terry", {}, True)[1]["loss:sum"]
    head = model.masters["score.weight"].clone()
    for _ in range(8):
        model.forward_backward(pairs(True), "bradley_terry", {}, False)
        model.optim_step(Adam(learning_rate=1e-2))
    assert model.forward_backward(pairs(True), "bradley_terry", {}, True)[1]["loss:sum"] < before
    assert not torch.equal(model.masters["score.weight"], head)
    path = save(tmp_path, "m", "weights", "w", model, False)
    again = made()
    restore(tmp_path / "m" / "weights" / "w", path, again, True)
    scores = [m.forward_backward(pairs(True), "bradley_terry", {}, True)[0]["logits"] for m in (model, again)]
    assert np.array_equal(np.concatenate(scores[0]), np.concatenate(scores[1]))
    merged = load(tmp_path / "m" / "weights" / "w", torch.float32, "cpu", True)
    assert torch.equal(merged.head.weight, model.masters["score.weight"])
