"""Low-rank adapters on the linear layers of a model. alpha is 32, as on the other Tinker servers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .backbone import Weights
from .errors import EngineError

ALPHA = 32.0
PARTS = ("train_attn", "train_mlp", "train_unembed")


class LoraLinear(nn.Module):
    """base(x) + alpha/rank * x A^T B^T; A is [rank, in] (seeded), B is [out, rank] (zero)."""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base
        self.scale = ALPHA / rank
        self.out_features = base.out_features
        bound = base.in_features**-0.5
        a = (torch.rand(rank, base.in_features, generator=generator) * 2 - 1) * bound
        self.a = nn.Parameter(a.to(base.weight))
        self.b = nn.Parameter(torch.zeros(base.out_features, rank).to(base.weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + (x @ self.a.T) @ self.b.T * self.scale


@dataclass
class Lora:
    model: nn.Module
    rank: int
    parts: list[str]  # of PARTS, what is adapted
    layers: dict[str, LoraLinear]

    def parameters(self) -> dict[str, nn.Parameter]:
        out: dict[str, nn.Parameter] = {}
        for name, layer in self.layers.items():
            out[f"{name}.lora_a"], out[f"{name}.lora_b"] = layer.a, layer.b
        return out

    @torch.no_grad()
    def merged(self, masters: Weights, dtype: torch.dtype) -> Weights:
        """The model's weights under their plain names, with the adapters' fp32 masters added in."""
        out: Weights = {}
        for name, p in self.base().items():
            owner, _, leaf = name.rpartition(".")
            layer = self.layers.get(owner)
            if layer is None:
                out[name] = masters.get(name, p).to(dtype)  # a reward model's head is trained too
                continue
            if leaf == "weight":  # in the product's own memory: an unembedding is among the largest arrays there are
                product = masters[f"{owner}.lora_b"] @ masters[f"{owner}.lora_a"]
                out[name] = product.mul_(layer.scale).add_(p).to(dtype)
            else:
                out[name] = p.to(dtype)
        return out

    def base(self) -> Weights:
        """The model's weights under their plain names, without the adapters; nothing is copied."""
        out: Weights = {}
        for name, p in self.model.named_parameters(remove_duplicate=False):
            owner, _, leaf = name.rpartition(".")
            if leaf in ("a", "b") and owner in self.layers:
                continue
            plain = owner.removesuffix(".base")
            out[f"{plain}.{leaf}" if plain in self.layers else name] = p.detach()
        return out


def attach(
    model: nn.Module, rank: int, seed: int, train_attn: bool = True, train_mlp: bool = True, train_unembed: bool = False
) -> Lora:
    """Wrap the attention and MLP projections (and the unembedding, when asked for) in place."""
    generator = torch.Generator().manual_seed(seed)
    head = getattr(model, "lm_head", None)
    layers: dict[str, LoraLinear] = {}
    for name, module in list(model.named_modules()):
        if not isinstance(module, nn.Linear):
            continue
        parts = name.split(".")
        wanted = (train_attn and "self_attn" in parts) or (train_mlp and "mlp" in parts)
        wanted = wanted or (train_unembed and module is head)
        if wanted:
            layers[name] = LoraLinear(module, rank, generator)
            setattr(model.get_submodule(".".join(parts[:-1])), parts[-1], layers[name])
    if not layers:
        raise EngineError(f"LoRA: {type(model).__name__} has no attention or MLP projections by the usual names")
    chosen = dict(zip(PARTS, (train_attn, train_mlp, train_unembed), strict=True))
    return Lora(model, rank, [part for part, on in chosen.items() if on], layers)
