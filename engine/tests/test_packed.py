"""Decoding steps over packed weights: the plain step's logits, and only where they pay."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from test_sampling import PROMPTS, request, text
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from tagpr_engine import packed, sampling
from tagpr_engine.backbone import Backbone, load
from tagpr_engine.decoding import DecodePlan
from tagpr_engine.sampling import Limits, sample


def logits(backbone: Backbone, pack: bool, steps: int = 5) -> Tensor:
    """Of a few steps over a made-up prompt of two groups, [steps, B, V]; the last one with fewer rows."""
    config, gen = backbone.model.config, torch.Generator().manual_seed(0)
    heads, dim = config.num_key_value_heads, config.head_dim
    layers, dtype = config.num_hidden_layers, next(backbone.model.parameters()).dtype
    keys = [torch.randn(2, heads, dim, 6, generator=gen).to(dtype) for _ in range(layers)]
    values = [torch.randn(2, heads, 6, dim, generator=gen).to(dtype) for _ in range(layers)]
    plan = DecodePlan(keys, values, torch.tensor([6, 4]), torch.tensor([0, 0, 0, 1, 1]), steps)
    step = packed.PackedStep(backbone) if pack else None
    tokens, found = torch.tensor([5, 9, 13, 17, 21]), []
    for at in range(steps):
        if at == steps - 1:
            plan.keep(torch.tensor([0, 2, 4]))
            tokens = tokens[:3]
        plan.reserve()
        if step is not None:
            out = step(tokens, plan)
        else:
            hidden = backbone.hidden(tokens.unsqueeze(1), plan.begin_step().unsqueeze(1), plan)
            out = backbone.head(hidden[:, 0]).float()
        plan.advance()
        tokens = out.argmax(-1)
        found.append(out[:3])
    return torch.stack(found)


@pytest.fixture
def biased(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, attention_bias=True, mlp_bias=True, initializer_range=0.2,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(p)
    model.save_pretrained(tmp_path / "biased")
    return tmp_path / "biased"


@torch.inference_mode()
def test_logits_are_those_of_plain_steps(folders: dict[str, Path], biased: Path) -> None:
    for folder in (*folders.values(), biased):
        backbone = load(folder, torch.float32, "cpu")
        plain = logits(backbone, False)
        assert float((logits(backbone, True) - plain).abs().max()) < 1e-5 * float(plain.abs().max()), folder.name
        if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            continue
        low = logits(load(folder, torch.bfloat16, "cpu"), True)
        assert float((low[0] - plain[0]).norm() / plain[0].norm()) < 0.05, folder.name


def test_weights_are_packed_once_a_wave_and_only_where_it_pays(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = load(folders["qwen"], torch.float32, "cpu")
    assert not packed.possible(backbone)  # its weights stay in the caches
    monkeypatch.setattr(packed, "BYTES", 0)
    assert packed.possible(backbone)
    with monkeypatch.context() as other:
        other.setattr(packed, "MOST", 1000)
        assert not packed.possible(backbone)
    with monkeypatch.context() as other:
        other.setattr(backbone, "narrows", False)  # layers that we don't know
        assert not packed.possible(backbone)
    low = load(folders["qwen"], torch.bfloat16, "cpu")
    assert packed.possible(low) == torch.ops.mkldnn._is_mkldnn_bf16_supported()
    assert packed.worth(packed.ROWS, packed.TAKEN, packed.STEPS)
    assert not packed.worth(packed.ROWS + 1, packed.TAKEN, packed.STEPS)
    assert not packed.worth(packed.ROWS, packed.TAKEN - 1, 100)
    assert not packed.worth(packed.ROWS, packed.TAKEN, packed.STEPS - 1)

    made: list[Backbone] = []

    class Counted(packed.PackedStep):
        def __init__(self, backbone: Backbone) -> None:
            made.append(backbone)
            super().__init__(backbone)

    monkeypatch.setattr(sampling.packed, "PackedStep", Counted)
    asked = [request(p, 2, seed=i, max_tokens=40, stop_ids=()) for i, p in enumerate(PROMPTS)]
    sample(backbone, asked, Limits(), text)
    assert len(made) == 1
    sample(backbone, asked, Limits(rows=4), text)  # several waves
    assert len(made) > 2
