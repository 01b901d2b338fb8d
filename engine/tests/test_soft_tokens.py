"""Soft tokens: vectors in a prompt's place, whose gradients and samples are the plain computation's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import VOCAB, policy
from transformers import AutoModelForCausalLM
from wire_client import Client, Refused, datum

from tagpr_engine import lora
from tagpr_engine.backbone import load
from tagpr_engine.errors import EngineError
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.optimizer import Adam
from tagpr_engine.routes import EXTENSIONS
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum

WIDTH = 32
FORWARD = {"soft_gradients": 1.0, "only_weighted": 1.0}


def data(seed: int = 0, count: int = 5) -> list[Datum]:
    """Prompts with a shared opening, two soft tokens, a tail and a completion; one datum has no soft token."""
    rng = np.random.default_rng(seed)
    opening = rng.integers(3, VOCAB, 20)
    out: list[Datum] = []
    for i in range(count):
        soft = i != 3
        middle = np.array([-1, -2]) if soft else rng.integers(3, VOCAB, 2)
        tokens = np.concatenate([opening, middle, rng.integers(3, VOCAB, 6 + 4 * i)]).astype(np.int64)
        inputs = {
            "target_tokens": rng.integers(3, VOCAB, tokens.size),
            "weights": (np.arange(tokens.size) > tokens.size - 4).astype(np.float32) / 7,
        }
        if soft:
            inputs["soft_tokens"] = rng.normal(size=2 * WIDTH).astype(np.float32)
        out.append(Datum(tokens, inputs))
    return out


def plain(folder: Path, given: list[Datum]) -> tuple[float, list[np.ndarray | None]]:
    """The loss and the soft tokens' gradients by transformers and autograd, in float64."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").double()
    total = torch.zeros((), dtype=torch.float64)
    leaves: list[torch.Tensor | None] = []
    for one in given:
        embedded = model.get_input_embeddings()(torch.from_numpy(np.maximum(one.tokens, 0)))
        leaf = None
        if "soft_tokens" in one.inputs:
            leaf = torch.from_numpy(one.inputs["soft_tokens"].reshape(2, WIDTH)).double().requires_grad_(True)
            embedded = embedded.detach().clone()
            for row in range(2):
                embedded[int(np.flatnonzero(one.tokens == -1 - row)[0])] = leaf[row]
        leaves.append(leaf)
        logprobs = model(inputs_embeds=embedded[None]).logits[0].log_softmax(-1)
        targets = torch.from_numpy(one.inputs["target_tokens"])
        picked = logprobs.gather(1, targets[:, None])[:, 0]
        total = total - (picked * torch.from_numpy(one.inputs["weights"])).sum()
    total.backward()
    return float(total.detach()), [None if x is None or x.grad is None else x.grad.numpy() for x in leaves]


@pytest.mark.parametrize("name", ["qwen", "llama"])
@pytest.mark.parametrize("budget", [40, 8192])
@pytest.mark.parametrize("rank", [0, 1])
def test_gradients_are_autograds(folders: dict[str, Path], name: str, budget: int, rank: int) -> None:
    backbone = load(folders[name], torch.float32, "cpu")
    # an adapter that was never trained adds nothing: how a model is held that only passes gradients on
    adapter = lora.attach(backbone.model, rank, 0) if rank else None
    model = TrainedModel(backbone, name, budget, adapter=adapter)
    given = data()
    outputs, metrics = model.forward_backward(given, "cross_entropy", FORWARD, True)
    loss, gradients = plain(folders[name], given)
    assert metrics["loss:sum"] == pytest.approx(loss, rel=1e-5)
    for found, wanted in zip(outputs["soft_gradients"], gradients, strict=True):
        if wanted is None:
            assert found.shape == (0, WIDTH)
            continue
        assert np.linalg.norm(found - wanted) / np.linalg.norm(wanted) < 1e-5
    assert all(p.grad is None for p in model.masters.values()), "the model's own weights get no gradient"
    with pytest.raises(EngineError, match="no gradient"):
        model.optim_step(Adam())


def test_equal_prompts_with_other_vectors_are_not_one(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"])
    one = data(count=1)[0]
    rng = np.random.default_rng(9)
    other = Datum(one.tokens, {**one.inputs, "soft_tokens": rng.normal(size=2 * WIDTH).astype(np.float32)})
    both = model.forward_backward([one, other], "cross_entropy", {"only_weighted": 1.0}, True)[0]["logprobs"]
    alone = [
        model.forward_backward([d], "cross_entropy", {"only_weighted": 1.0}, True)[0]["logprobs"][0]
        for d in (one, other)
    ]
    assert np.allclose(both[0], alone[0], atol=1e-5) and np.allclose(both[1], alone[1], atol=1e-5)
    assert not np.allclose(both[0], both[1], atol=1e-3)


@pytest.mark.parametrize(
    ("soft", "tokens", "loss", "config", "says"),
    [
        (np.zeros(WIDTH + 1), [-1, 5], "cross_entropy", {}, "a row has 32"),
        (np.zeros(WIDTH), [-2, 5], "cross_entropy", {}, "stands for row 1"),
        (None, [-1, 5], "cross_entropy", {}, "holds token -1"),
        (None, [4, 5], "cross_entropy", {"soft_gradients": 1.0}, "no datum has soft_tokens"),
        (np.zeros(WIDTH), [-1, 5], "gspo", {}, "go with cross_entropy"),
    ],
)
def test_refusals(
    folders: dict[str, Path], soft: np.ndarray | None, tokens: list[int], loss: str, config: dict[str, float], says: str
) -> None:
    inputs = {"target_tokens": np.array([5, 6]), **({} if soft is None else {"soft_tokens": soft.astype(np.float32)})}
    with pytest.raises(EngineError, match=says):
        policy(folders["qwen"]).forward_backward([Datum(np.array(tokens), inputs)], loss, config, True)


def test_gradients_are_not_mixed_with_the_models_own(folders: dict[str, Path]) -> None:
    model = policy(folders["qwen"])
    with pytest.raises(EngineError, match="forward_only"):
        model.forward_backward(data(), "cross_entropy", {"soft_gradients": 1.0}, False)


GREEDY = {"max_tokens": 5, "temperature": 0, "stop": []}


def ask(client: Client, tokens: list[int], soft: np.ndarray | None, **more: object) -> pb.SampleResponse:
    body = {
        "base_model": "qwen",
        "prompt": {"chunks": [{"type": "encoded_text", "tokens": tokens}]},
        "sampling_params": GREEDY,
        **more,
    }
    if soft is not None:
        body["soft_tokens"] = {"dtype": "float32", "shape": list(soft.shape), "data": soft.reshape(-1).tolist()}
    return pb.SampleResponse.FromString(client.wait(client.post("asample", **body)))


def test_sampling_is_the_plain_computation(client: Client, folders: dict[str, Path]) -> None:
    assert EXTENSIONS["soft_tokens"] == "1"
    rng = np.random.default_rng(3)
    model = AutoModelForCausalLM.from_pretrained(folders["qwen"])
    for _ in range(4):
        soft = rng.normal(size=(2, WIDTH)).astype(np.float32)
        tokens = [5, 6, -1, -2, 7, 8, 9]
        found = ask(client, tokens, soft).sequences[0]
        rows = [soft[-1 - t] if t < 0 else model.get_input_embeddings().weight[t].detach().numpy() for t in tokens]
        embedded = torch.from_numpy(np.stack(rows))
        wanted: list[int] = []
        for _ in range(5):
            with torch.no_grad():
                best = int(model(inputs_embeds=embedded[None]).logits[0, -1].argmax())
            wanted.append(best)
            embedded = torch.cat([embedded, model.get_input_embeddings().weight[best].detach()[None]])
        assert np.frombuffer(found.tokens, "<i4").tolist() == wanted


def test_a_vector_that_is_a_tokens_embedding_is_that_token(client: Client, folders: dict[str, Path]) -> None:
    weight = AutoModelForCausalLM.from_pretrained(folders["qwen"]).get_input_embeddings().weight.detach().numpy()
    soft = ask(client, [5, -1, 8], weight[[17]])
    assert soft.sequences[0].tokens == ask(client, [5, 17, 8], None).sequences[0].tokens


@pytest.mark.parametrize(
    ("tokens", "soft", "more", "says"),
    [
        ([5, -1], None, {}, "holds token -1"),
        ([5, -2], np.zeros((1, WIDTH)), {}, "holds token -2"),
        ([5, -1], np.zeros((1, WIDTH - 1)), {}, "a row has 32"),
        ([5, -1], np.zeros((1, WIDTH)), {"prompt_logprobs": True}, "no log-probs of its own"),
    ],
)
def test_sampling_refuses(client: Client, tokens: list[int], soft: np.ndarray | None, more: dict, says: str) -> None:
    with pytest.raises(Refused, match=says):
        ask(client, tokens, soft, **more)


def test_over_the_wire(client: Client) -> None:
    """Flat tensors in, rows out."""
    model = client.wait(
        client.post(
            "create_model", session_id=client.session, base_model="qwen", lora_config={"rank": 1}, model_seq_id=0
        )
    )["model_id"]
    made = pb.ForwardBackwardRequest(model_id=model, seq_id=1, loss_fn="cross_entropy", forward_only=True)
    for key, value in FORWARD.items():
        made.loss_fn_config[key] = value
    for one in data(count=2):
        datum(made, one.tokens.tolist(), **one.inputs)
    answer = pb.ForwardBackwardOutput.FromString(client.wait(client.send(made)))
    field = answer.loss_fn_outputs[0].fields["soft_gradients"]
    assert list(field.trailing_shape) == [WIDTH]
    assert len(field.data) == 2 * 2 * WIDTH * 4
