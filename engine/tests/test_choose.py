"""Device and compute type are chosen by what was measured, and hardware has one name from start to start."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tagpr_engine import choose as module
from tagpr_engine.choose import MARGIN, Work, choose, measure
from tagpr_engine.errors import EngineError
from tagpr_engine.hardware import describe

WORK = Work(prompt=24, completion=4, rollouts=2)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.mark.parametrize("rank", [0, 4])
@pytest.mark.parametrize("name", ["qwen", "llama"])
def test_both_types_do_a_group_of_the_run(folders: dict[str, Path], name: str, rank: int) -> None:
    found = measure(folders[name], "cpu", Work(24, 4, 2, rank))
    assert set(found) == {"float32", "bfloat16"}
    assert all(seconds > 0 for seconds in found.values())


@pytest.mark.parametrize(
    ("float32", "bfloat16", "taken"),
    [(1.0, MARGIN, "bfloat16"), (1.0, MARGIN + 0.01, "float32"), (1.0, 3.0, "float32")],
)
def test_bf16_has_to_be_faster_by_a_margin(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float, taken: str
) -> None:
    def stub(_folder: Path, _device: str, _work: Work) -> dict[str, float]:
        return {"float32": float32, "bfloat16": bfloat16}

    def even(_folder: Path) -> dict[str, float]:
        return {"float32": 1.0, "bfloat16": 1.0}

    monkeypatch.setattr(module, "measure", stub)
    monkeypatch.setattr(module, "products", even)
    told = choose(folders["qwen"], "auto", "auto", WORK)
    assert (told["device"], told["dtype"], told["measured"]) == (DEVICE, taken, "group")
    assert told["seconds"] == {"float32": float32, "bfloat16": bfloat16}


def test_a_product_far_slower_in_bf16_settles_it_without_a_group(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path, _device: str, _work: Work) -> dict[str, float]:
        pytest.fail("measured a group")

    def behind(_folder: Path) -> dict[str, float]:
        return {"float32": 1.0, "bfloat16": module.HOPELESS}

    monkeypatch.setattr(module, "measure", refuse)
    monkeypatch.setattr(module, "products", behind)
    told = choose(folders["qwen"], "cpu", "auto", WORK)
    assert (told["dtype"], told["measured"]) == ("float32", "product")
    assert told["seconds"] == behind(folders["qwen"])


def test_a_product_is_timed_in_both_types(folders: dict[str, Path]) -> None:
    found = module.products(folders["llama"])
    assert set(found) == {"float32", "bfloat16"}
    assert all(seconds > 0 for seconds in found.values())


def test_what_is_given_is_kept_and_nothing_is_measured(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path, _device: str, _work: Work) -> dict[str, float]:
        pytest.fail("measured")

    monkeypatch.setattr(module, "measure", refuse)
    assert choose(folders["qwen"], "cpu", "bfloat16", WORK)["dtype"] == "bfloat16"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(folders: dict[str, Path]) -> None:
    with pytest.raises(EngineError, match="no GPU"):
        choose(folders["qwen"], "cuda", "float32", WORK)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no config\.json"):
        choose(tmp_path, "cpu", "auto", WORK)


def test_hardware_is_named_the_same_way_each_time() -> None:
    assert describe("cpu") == describe("cpu")
    assert describe("cpu").startswith("cpu: ")
    assert "threads" in describe("cpu")
