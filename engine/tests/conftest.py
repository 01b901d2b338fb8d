"""Tiny random models, written as Hugging Face folders once a session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from tagpr_engine.backbone import load
from tagpr_engine.training import TrainedModel

if TYPE_CHECKING:  # test_cuda runs where there is no HTTP client
    from wire_client import Client

    from tagpr_engine.engine import Engine

SKYRL = Path(__file__).resolve().parents[2] / "fixtures" / "skyrl"
VOCAB = 96
SIZES = {
    "vocab_size": VOCAB,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
}

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a GPU is skipped by name where there is none; no set-up can bring one (scripts/summary.mjs)."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.path.name == "test_cuda.py":
            item.add_marker(pytest.mark.skip(reason="needs a GPU"))


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of random models, each architecture with its unembedding tied to its embedding and not."""
    root = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    made = {
        "qwen": Qwen3ForCausalLM(Qwen3Config(**SIZES, tie_word_embeddings=True)),
        "llama": LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=False)),
        "qwen-untied": Qwen3ForCausalLM(Qwen3Config(**SIZES, tie_word_embeddings=False)),
        "llama-tied": LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=True)),
    }
    for name, model in made.items():
        model.save_pretrained(root / name)
    return {name: root / name for name in made}


def policy(folder: Path, **kwargs: object) -> TrainedModel:
    return TrainedModel(load(folder, torch.float32, "cpu"), folder.name, int(kwargs.pop("budget", 8192)), **kwargs)  # type: ignore[arg-type]


def group_tokens(seed: int = 0) -> list[np.ndarray]:
    """Sequences with shared prompts, a shared opening, lone ones, a duplicate and a prefix of another."""
    rng = np.random.default_rng(seed)
    opening = rng.integers(3, VOCAB, 20)
    out: list[np.ndarray] = []
    for _ in range(2):
        prompt = np.concatenate([opening, rng.integers(3, VOCAB, 24)])
        out += [np.concatenate([prompt, rng.integers(3, VOCAB, n)]) for n in (3, 9, 14)]
    out += [rng.integers(3, VOCAB, n) for n in (1, 2, 40)]
    return [t.astype(np.int64) for t in (*out, out[0], out[1][:44])]


@pytest.fixture(scope="module")
def engine(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Of a server in this process."""
    from tagpr_engine.engine import Engine, Settings

    root = tmp_path_factory.mktemp("app")
    return Engine(Settings([str(folders["qwen"]), str(folders["llama"])], root / "store", root / "models"))


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[Client]:
    from starlette.testclient import TestClient
    from wire_client import TOKEN, Client

    from tagpr_engine import app

    with TestClient(app.make_app(engine, TOKEN), headers={"X-API-Key": TOKEN}) as http:
        yield Client(http)
