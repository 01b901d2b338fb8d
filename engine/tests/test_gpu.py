"""What stands around a GPU's kernels, on the CPU: its fallbacks, global state and memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from tagpr_engine import fused, graphs, heads, picking, segments
from tagpr_engine.decoding import DecodePlan
from tagpr_engine.repeatable import repeatable

GPU = torch.device("cuda:0")


class OnGpu(Tensor):
    """Says that it is there."""

    is_cuda = True  # type: ignore[assignment]


@pytest.mark.parametrize(("invert", "vocab", "width"), [(picking._invert, 600, 1), (picking._invert_wide, 40_000, 512)])
def test_running_sums_out_of_order_lead_to_no_token_of_probability_0(
    invert: Callable[[Tensor, Tensor], Tensor], vocab: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_threads(x: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
        """15 numbers a thread from left to right, on top of a tree's sum of the threads before."""
        parts = torch.nn.functional.pad(x.to(dtype or x.dtype), (0, -x.shape[-1] % 15)).unflatten(dim, (-1, 15))
        before, reach = parts.sum(-1).roll(1, -1), 1
        before[..., 0] = 0
        while reach < before.shape[-1]:
            before = torch.cat([before[..., :reach], before[..., reach:] + before[..., :-reach]], -1)
            reach *= 2
        sums = [before := before + parts[..., i] for i in range(15)]
        return torch.stack(sums, -1).flatten(-2)[..., : x.shape[-1]].contiguous()

    generator = torch.Generator().manual_seed(0)
    likely = torch.randint(0, vocab * 3 // 4, (2000, 40), generator=generator)
    probs = torch.zeros(2000, vocab).scatter_(1, likely, torch.rand(2000, 40, generator=generator) ** 3)
    probs /= probs.sum(1, keepdim=True)
    steps = by_threads(torch.nn.functional.pad(probs, (0, -vocab % width)).unflatten(1, (-1, width)).sum(-1), -1)
    monkeypatch.setattr(Tensor, "cumsum", by_threads)
    for _ in range(10):  # draws where a sum rises, and beside
        place = torch.randint(0, steps.shape[1], (2000, 1), generator=generator)
        nudge = torch.randint(-2, 3, (2000,), generator=generator) * 2.0**-24
        draws = (steps.gather(1, place).squeeze(1) / steps[:, -1] + nudge).clamp(0, 1 - 2.0**-23)
        tokens = invert(probs.as_subclass(OnGpu), draws)
        assert bool((probs.gather(1, tokens) > 0).all())


def test_a_function_that_can_not_be_compiled_runs_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError  # as compilers do, without a word

    monkeypatch.setattr(torch, "compile", refuse)
    monkeypatch.setattr(fused._State, "enabled", True)
    double = fused.fused(lambda x: x * 2)
    with caplog.at_level(logging.WARNING), fused.always():
        for _ in range(2):
            assert double(torch.ones(2).as_subclass(OnGpu)).tolist() == [2, 2]
    assert [r.getMessage() for r in caplog.records] == ["element-wise kernels stay uncompiled: AssertionError"]
    assert not fused._State.enabled and not fused._State.always


def test_a_step_that_can_not_be_captured_runs_as_it_stands_on_the_stream_it_was_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    streams = ["its own"]

    class Capture:
        def __init__(self, _: object) -> None: ...

        def __enter__(self) -> None:
            streams.append("the capture's")

        def __exit__(self, *_: object) -> None:
            raise RuntimeError

    cuda = SimpleNamespace(
        CUDAGraph=object, graph=Capture, current_stream=lambda: streams[-1], set_stream=streams.append
    )
    monkeypatch.setattr(torch, "cuda", cuda)
    monkeypatch.setattr(graphs._State, "enabled", True)
    key, value = torch.zeros(1, 1, 4, 2), torch.zeros(1, 1, 2, 4)
    plan = DecodePlan([key], [value], torch.tensor([2]), torch.tensor([0, 0]), 8, static=True)
    step = graphs.Step(lambda tokens: tokens + 1, plan)
    for _ in range(3):
        assert step(torch.tensor([1, 2]).as_subclass(OnGpu)).tolist() == [2, 3]
    assert streams == ["its own", "the capture's", "its own"] and not graphs._State.enabled


def test_one_order_of_sums_is_asked_of_a_gpu_alone_and_only_within() -> None:
    def state() -> tuple[bool, bool]:
        return torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()

    with repeatable(torch.device("cpu")):
        assert state() == (False, False)
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with pytest.raises(ValueError, match="within"), repeatable(GPU):
            assert state() == (True, False)
            raise ValueError("within")
        assert state() == (True, True)
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize(("gib", "chunk", "keep"), [(2, 64, 256), (8, 64, 256), (80, 640, 2560), (192, 1024, 4096)])
def test_logits_take_a_share_of_a_gpu_s_memory(
    gib: int, chunk: int, keep: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: SimpleNamespace(total_memory=gib << 30))
    assert heads.room.__wrapped__(GPU) == (chunk << 20, keep << 20)


@pytest.mark.parametrize(
    ("built", "capability", "found"), [(True, (7, 5), False), (True, (8, 6), True), (False, (9, 0), False)]
)
def test_flash_attention_is_for_builds_and_gpus_that_have_it(
    built: bool, capability: tuple[int, int], found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.backends.cuda, "is_flash_attention_available", lambda: built)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert segments.available.__wrapped__(GPU) == found
    monkeypatch.setattr(torch.version, "cuda", None)  # AMD's build
    assert not segments.available.__wrapped__(GPU)
