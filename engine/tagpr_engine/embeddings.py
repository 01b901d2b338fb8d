"""Sentence embeddings: an encoder, pooled as its sentence-transformers configuration says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from .errors import EngineError

BATCH = 64


@dataclass
class Embedder:
    model: torch.nn.Module
    tokenizer: Any
    limit: int
    cls: bool
    normalize: bool

    @torch.inference_mode()
    def embed(self, texts: list[str]) -> tuple[list[list[float]], int]:
        """Vectors in the order of the texts, and the number of tokens read. Long texts are cut at the model's limit."""
        ids: list[list[int]] = self.tokenizer(texts, truncation=True, max_length=self.limit)["input_ids"]
        out: list[list[float]] = [[] for _ in texts]
        ordered = sorted(range(len(texts)), key=lambda i: len(ids[i]))
        for lo in range(0, len(ordered), BATCH):
            piece = ordered[lo : lo + BATCH]
            longest = max(len(ids[i]) for i in piece)
            tokens = torch.zeros(len(piece), longest, dtype=torch.int64)
            mask = torch.zeros(len(piece), longest, dtype=torch.int64)
            for row, i in enumerate(piece):
                tokens[row, : len(ids[i])] = torch.tensor(ids[i])
                mask[row, : len(ids[i])] = 1
            device = next(self.model.parameters()).device
            pooled = pool(self.model, tokens.to(device), mask.to(device), self.cls)
            if self.normalize:
                pooled = torch.nn.functional.normalize(pooled, dim=-1)
            for row, i in enumerate(piece):
                out[i] = pooled[row].tolist()
        return out, sum(len(i) for i in ids)


def pool(model: torch.nn.Module, tokens: Tensor, mask: Tensor, cls: bool) -> Tensor:
    """tokens and mask [B, S] -> one vector a text, [B, H] in fp32: the first token's state, or the mean over tokens."""
    more: dict[str, Tensor] = {}
    if (
        getattr(model.config, "model_type", "") == "longformer"
    ):  # the first token sees all others, as its authors have it
        more["global_attention_mask"] = torch.zeros_like(mask)
        more["global_attention_mask"][:, 0] = 1
    hidden = model(input_ids=tokens, attention_mask=mask, **more).last_hidden_state
    hidden = hidden if hidden.dtype == torch.float64 else hidden.float()
    weight = mask.unsqueeze(-1).to(hidden.dtype)
    return hidden[:, 0] if cls else (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)


def load_embedder(folder: Path, device: str) -> Embedder:
    modules: list[dict[str, Any]] = _json(folder / "modules.json") or []
    kinds = [str(m["type"]).rsplit(".", 1)[-1] for m in modules]
    unknown = set(kinds) - {"Transformer", "Pooling", "Normalize"}
    if unknown:
        raise EngineError(f"{folder}: sentence-transformers modules {sorted(unknown)} are not served")
    pooling: dict[str, Any] = {}
    for module in modules:
        if str(module["type"]).endswith("Pooling"):
            pooling = _json(folder / module["path"] / "config.json") or {}
    cls = bool(pooling.get("pooling_mode_cls_token", False))
    if pooling and not cls and not pooling.get("pooling_mode_mean_tokens", False):
        raise EngineError(f"{folder}: only mean and cls pooling are served")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, use_safetensors=True, local_files_only=True)
    limit = int((_json(folder / "sentence_bert_config.json") or {}).get("max_seq_length") or 512)
    # without a sentence-transformers configuration: mean pooling, as Contriever has it
    if model.config.model_type == "longformer":
        cls, limit = True, int(model.config.max_position_embeddings) - 2
    return Embedder(model.eval().to(device), tokenizer, limit, cls, "Normalize" in kinds)


def _json(path: Path) -> Any:
    return json.loads(path.read_text()) if path.is_file() else None
