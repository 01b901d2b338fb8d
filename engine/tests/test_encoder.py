"""Text encoders: heads a user and makers of soft tokens, exact against autograd, saved and gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import VOCAB
from transformers import BertConfig, BertModel, BertTokenizer, LongformerConfig, LongformerModel
from wire_client import Client, Refused

from tagpr_engine import app
from tagpr_engine.encoder import TrainedEncoder, embedding_facts, heads_table, make_encoder
from tagpr_engine.engine import Engine, Settings
from tagpr_engine.errors import EngineError
from tagpr_engine.optimizer import Adam
from tagpr_engine.store import export, restore, save
from tagpr_engine.wire import Datum

H, D = 16, 32
SIZES = {
    "vocab_size": VOCAB,
    "hidden_size": H,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
}


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoders") / "bert"
    torch.manual_seed(1)
    BertModel(BertConfig(**SIZES)).save_pretrained(folder)
    (folder / "vocab.txt").write_text(
        "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(chr, range(97, 123))])
    )
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def scorer(folder: Path, users: int = 3, budget: int = 8192) -> TrainedEncoder:
    model = make_encoder(folder, "bert", "cpu", budget, 5, users, None)
    assert model.users is not None
    with torch.no_grad():
        model.users += torch.randn(model.users.shape, generator=torch.Generator().manual_seed(0)) * 0.1
    return model


def texts(count: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [np.concatenate([[2], rng.integers(5, 30, 3 + 2 * i), [3]]).astype(np.int64) for i in range(count)]


def vector(body: BertModel, tokens: np.ndarray) -> torch.Tensor:
    return body(input_ids=torch.from_numpy(tokens)[None]).last_hidden_state[0].mean(0)


def double(folder: Path) -> BertModel:
    return BertModel.from_pretrained(folder, attn_implementation="eager").double().eval()


def by_hand(row: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    first, bias, second, last = row.split([H * H, H, H, 1])
    return (torch.tanh(first.view(H, H) @ x + bias) * second).sum() + last[0]


def same(ours: torch.Tensor | None, theirs: torch.Tensor | None) -> bool:
    assert ours is not None and theirs is not None
    return float((ours.double() - theirs).norm() / theirs.norm().clamp(min=1e-9)) < 1e-5


@pytest.mark.parametrize("budget", [20, 8192])
@pytest.mark.parametrize("loss", ["logistic", "bradley_terry"])
def test_scores_and_gradients_are_autograds(bert: Path, loss: str, budget: int) -> None:
    model = scorer(bert, budget=budget)
    assert model.users is not None
    rows = [0, 1, 1, 3, 0, 1]
    labels = [1, 0, 1, 1, 0, 0]
    more = (
        [{"label": np.array([y])} for y in labels]
        if loss == "logistic"
        else [{"pair_id": np.array([i // 2]), "preferred": np.array([i % 2])} for i in range(6)]
    )
    data = [Datum(t, {"user_index": np.array([r]), **m}) for t, r, m in zip(texts(), rows, more, strict=True)]
    body, table = double(bert), model.users.detach().double().requires_grad_(True)
    scores = torch.stack([by_hand(table[r], vector(body, t)) for t, r in zip(texts(), rows, strict=True)])
    signs = torch.tensor([2.0 * y - 1 for y in labels])
    margins = scores * signs if loss == "logistic" else scores[1::2] - scores[::2]
    total = -torch.nn.functional.logsigmoid(margins).sum()
    total.backward()
    outputs, metrics = model.forward_backward(data, loss, {}, False)
    assert np.allclose(np.concatenate(outputs["logits"]), scores.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert metrics["loss:sum"] == pytest.approx(float(total.detach()), rel=1e-5)
    assert same(model.users.grad, table.grad)
    theirs = dict(body.named_parameters())
    for name, master in model.masters.items():
        grad = theirs[name.removeprefix("body.")].grad
        if grad is None or float(grad.norm()) < 1e-9:  # the pooler; keys' biases, which softmax doesn't see
            assert master.grad is None or float(master.grad.norm()) < 1e-6, name
        else:
            assert same(master.grad, grad), name


def test_heads_alone(bert: Path) -> None:
    model = scorer(bert)
    data = [Datum(t, {"user_index": np.array([2]), "label": np.array([1])}) for t in texts()]
    before = {n: m.detach().clone() for n, m in model.masters.items()}
    rows = model.users.detach().clone()
    first = model.forward_backward(data, "logistic", {"heads_only": 1.0}, False)[1]["loss:sum"]
    for _ in range(20):
        model.optim_step(Adam(learning_rate=1e-2, weight_decay=0.1))
        last = model.forward_backward(data, "logistic", {"heads_only": 1.0}, False)[1]["loss:sum"]
    assert last < first / 2
    assert all(torch.equal(before[n], m) for n, m in model.masters.items()), "the base stays as it was"
    assert (model.users.detach() != rows).any(1).tolist() == [False, False, True, False], "and so do other heads"


def test_saved_and_gone_on_with(bert: Path, tmp_path: Path) -> None:
    data = [Datum(t, {"user_index": np.array([i % 3]), "label": np.array([i % 2])}) for i, t in enumerate(texts())]

    def steps(model: TrainedEncoder, count: int) -> None:
        for _ in range(count):
            model.forward_backward(data, "logistic", {}, False)
            model.optim_step(Adam(learning_rate=1e-3))

    whole, cut = scorer(bert), scorer(bert)
    steps(whole, 4)
    steps(cut, 2)
    path = save(tmp_path, "m", "weights", "two", cut, False)
    again = make_encoder(bert, "bert", "cpu", 8192, 99, 3, None)
    restore(tmp_path / "m/weights/two", path, again, True)
    steps(again, 2)
    assert all(torch.equal(whole.masters[n], again.masters[n]) for n in whole.masters)
    assert torch.equal(whole.users, again.users)
    # for other users: the base, and heads that begin as the mean of the trained ones
    fresh = make_encoder(bert, "bert", "cpu", 8192, 99, 7, None)
    restore(tmp_path / "m/weights/two", path, fresh, False)
    assert torch.allclose(fresh.users.detach(), cut.users.detach()[1:].mean(0).expand(8, -1))
    with pytest.raises(EngineError, match="user_embeddings 3, this model 7"):
        restore(tmp_path / "m/weights/two", path, fresh, True)
    with pytest.raises(EngineError, match="text encoder"):
        export(tmp_path / "m/weights/two", tmp_path / "out", "float32")


def maker(bert: Path, folders: dict[str, Path]) -> TrainedEncoder:
    return make_encoder(bert, "bert", "cpu", 20, 5, None, folders["qwen"])


def asked(gradients: bool) -> list[Datum]:
    rng = np.random.default_rng(4)
    out: list[Datum] = []
    for i, tokens in enumerate(texts(3)):
        inputs = {"items": rng.normal(size=(2 + i) * H).astype(np.float32)}
        if gradients:
            inputs["gradients"] = rng.normal(size=2 * D).astype(np.float32)
        out.append(Datum(tokens, inputs))
    return out


def test_soft_prompts_and_their_gradients_are_autograds(bert: Path, folders: dict[str, Path]) -> None:
    model = maker(bert, folders)
    body = double(bert)
    own = {n: m.detach().double().requires_grad_(True) for n, m in model.masters.items() if n.startswith("projector.")}

    def project(x: torch.Tensor) -> torch.Tensor:
        inner = torch.nn.functional.gelu(x @ own["projector.first.weight"].T + own["projector.first.bias"])
        outer = inner @ own["projector.second.weight"].T + own["projector.second.bias"]
        return outer * own["projector.scale"].detach()

    total = torch.zeros((), dtype=torch.float64)
    wanted: list[torch.Tensor] = []
    for one in asked(True):
        items = torch.nn.functional.normalize(torch.from_numpy(one.inputs["items"]).double().view(-1, H), dim=-1)
        x = torch.nn.functional.normalize(vector(body, one.tokens), dim=-1)
        soft = torch.stack([project(own["projector.instruction"]), (items @ x).softmax(0) @ project(items)])
        wanted.append(soft.detach())
        total = total + (soft * torch.from_numpy(one.inputs["gradients"]).double().view(2, D)).sum()
    total.backward()
    outputs, _ = model.forward_backward(asked(True), "soft_prompt", {}, False)
    for found, soft in zip(outputs["soft_tokens"], wanted, strict=True):
        assert np.linalg.norm(found - soft.numpy()) / soft.norm() < 1e-5
    for name, leaf in own.items():
        if name == "projector.scale":
            assert model.masters[name].grad is None, "the scale is calibrated, not learnt"
        else:
            assert same(model.masters[name].grad, leaf.grad), name
    for name, parameter in body.named_parameters():
        if parameter.grad is not None and float(parameter.grad.norm()) > 1e-9:
            assert same(model.masters[f"body.{name}"].grad, parameter.grad), name


def test_a_soft_token_begins_as_long_as_an_embedding(bert: Path, folders: dict[str, Path]) -> None:
    width, length = embedding_facts(folders["qwen"])
    assert width == D
    unit = torch.nn.functional.normalize(torch.randn(500, H, generator=torch.Generator().manual_seed(8)), dim=-1)
    with torch.no_grad():
        norms = maker(bert, folders).backbone.model.projector(unit).norm(dim=-1)
    assert float(norms.mean()) == pytest.approx(length, rel=0.05)


def test_attention_learns_which_item_counts(bert: Path, folders: dict[str, Path]) -> None:
    """The item that goes with a text is the one whose projection the loss wants: attention ends on it."""
    rng = np.random.default_rng(0)
    items = rng.normal(size=(4, H)).astype(np.float32)
    model = maker(bert, folders)
    kinds = [np.array([2, 5 + 4 * k, 6 + 4 * k, 7 + 4 * k, 3]) for k in range(4)]
    data = [Datum(t, {"items": items.reshape(-1)}) for t in kinds]
    wanted = rng.normal(size=(4, D)).astype(np.float32)
    for _ in range(150):
        made, _ = model.forward_backward(data, "soft_prompt", {}, True)
        pull = [np.stack([np.zeros(D, np.float32), s[1] - w]) for s, w in zip(made["soft_tokens"], wanted, strict=True)]
        learn = [
            Datum(d.tokens, {**d.inputs, "gradients": g.reshape(-1).astype(np.float32)})
            for d, g in zip(data, pull, strict=True)
        ]
        model.forward_backward(learn, "soft_prompt", {}, False)
        model.optim_step(Adam(learning_rate=3e-3))
    attention = np.stack(model.forward_backward(data, "soft_prompt", {}, True)[0]["attention"])
    assert np.allclose(attention.sum(1), 1, atol=1e-5)
    assert len(set(attention.argmax(1).tolist())) >= 3, "different texts look at different items"


@pytest.mark.parametrize(
    ("loss", "inputs", "forward_only", "says"),
    [
        ("soft_prompt", {"items": np.zeros(H, np.float32)}, False, "takes gradients and items"),
        ("soft_prompt", {"items": np.zeros(H + 1, np.float32)}, True, "a vector has 16"),
        ("logistic", {"label": np.array([1])}, False, "does not fit a model that makes soft prompts"),
    ],
)
def test_makers_refuse(
    bert: Path, folders: dict[str, Path], loss: str, inputs: dict[str, np.ndarray], forward_only: bool, says: str
) -> None:
    with pytest.raises(EngineError, match=says):
        maker(bert, folders).forward_backward([Datum(np.array([2, 5, 3]), inputs)], loss, {}, forward_only)


@pytest.mark.parametrize(
    ("loss", "inputs", "says"),
    [
        ("logistic", {"label": np.array([2])}, "must be 0 or 1"),
        ("logistic", {"label": np.array([1]), "user_index": np.array([9])}, "rows 0..3"),
        ("soft_prompt", {"items": np.zeros(H, np.float32)}, "does not fit a reward model"),
        ("cross_entropy", {"target_tokens": np.array([2, 5, 3])}, "does not fit a reward model"),
    ],
)
def test_scorers_refuse(bert: Path, loss: str, inputs: dict[str, np.ndarray], says: str) -> None:
    with pytest.raises(EngineError, match=says):
        scorer(bert).forward_backward([Datum(np.array([2, 5, 3]), inputs)], loss, {}, False)


def test_a_longformer_is_a_text_encoder(tmp_path: Path) -> None:
    config = LongformerConfig(**{**SIZES, "max_position_embeddings": 66}, attention_window=[8, 8], pad_token_id=1)
    LongformerModel(config).save_pretrained(tmp_path)
    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *map(chr, range(97, 123))]
    (tmp_path / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    model = make_encoder(tmp_path, "longformer", "cpu", 8192, 0, 2, None)
    assert model.backbone.context == 64
    data = [Datum(t[:40], {"label": np.array([1])}) for t in texts(12)]
    metrics = model.forward_backward(data, "logistic", {}, False)[1]
    assert np.isfinite(metrics["loss:sum"])
    alone = model.forward_backward(data[:1], "logistic", {}, True)[0]["logits"][0]
    assert np.allclose(alone, model.forward_backward(data, "logistic", {}, True)[0]["logits"][0], atol=1e-5)


def test_over_the_wire(bert: Path, folders: dict[str, Path], tmp_path: Path) -> None:
    from starlette.testclient import TestClient
    from wire_client import TOKEN

    engine = Engine(Settings([str(folders["qwen"]), str(bert)], tmp_path / "store", tmp_path / "models"))
    with TestClient(app.make_app(engine, TOKEN), headers={"X-API-Key": TOKEN}) as http:
        client = Client(http)
        found = client.http.get("/api/v1/get_server_capabilities").json()["extensions"]
        assert found["text_encoders"] == "1"
        model = client.model("bert", model_role="soft_prompt", projects_to="qwen")
        info = client.post("get_info", model_id=model)
        assert info["model_data"]["model_role"] == "soft_prompt"
        saved = client.wait(client.post("save_weights_for_sampler", model_id=model, path="best"))["path"]
        again = client.model("bert", model_role="soft_prompt", projects_to="qwen")
        client.wait(client.post("load_weights", model_id=again, path=saved, optimizer=False))
        session = client.post("create_sampling_session", session_id=client.session, model_path=saved)
        prompt = {"chunks": [{"type": "encoded_text", "tokens": [5]}]}
        asked = {"prompt": prompt, "sampling_params": {"max_tokens": 1}}
        with pytest.raises(Refused, match="soft prompt model; it can't be sampled from"):
            client.wait(client.post("asample", sampling_session_id=session["sampling_session_id"], **asked))
        for body, says in (
            ({"base_model": "bert"}, "is a text encoder"),
            ({"base_model": "qwen", "model_role": "soft_prompt", "projects_to": "qwen"}, "is no text encoder"),
            ({"base_model": "bert", "model_role": "soft_prompt"}, "projects_to goes with"),
            ({"base_model": "bert", "model_role": "reward", "projects_to": "qwen"}, "projects_to goes with"),
            ({"base_model": "bert", "model_role": "reward", "lora_config": {"rank": 4}}, "trained whole"),
        ):
            with pytest.raises(Refused, match=says):
                client.model(body.pop("base_model"), **body)


def test_heads_begin_equal() -> None:
    table = heads_table(H, 3, 7)
    assert table.shape == (4, H * H + 2 * H + 1)
    assert torch.equal(table[0], table[3])
