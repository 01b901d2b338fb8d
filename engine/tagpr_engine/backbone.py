"""A transformers model as the engine uses it: a body (tokens to hidden states), a head, our attention inside."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, GenerationConfig

from . import attention, blocks
from .errors import EngineError, first_line
from .tree import Pack, Tokens, narrow, pack

Weights = dict[str, Tensor]  # every parameter's name, tied ones too


@dataclass
class Backbone:
    """model: the transformers model, with our attention inside.

    narrows: `hidden_of` skips what nobody looks at. recompute (only where `narrows`): activations are not kept for the
    backward pass but computed again.
    """

    model: Any  # a PreTrainedModel with its mixins, which transformers types loosely
    folder: Path
    vocab: int
    context: int
    eos: list[int]
    reward: bool
    narrows: bool = False
    recompute: bool = False

    @property
    def body(self) -> nn.Module:
        return getattr(self.model, self.model.base_model_prefix)  # pyright: ignore

    @property
    def head(self) -> nn.Module:
        return self.model.score if self.reward else self.model.get_output_embeddings()  # pyright: ignore

    @property
    def embed(self) -> nn.Module:
        return self.model.get_input_embeddings()  # pyright: ignore

    @property
    def width(self) -> int:
        """Of an embedding."""
        return int(self.embed.weight.shape[1])  # pyright: ignore

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    def hidden(
        self,
        tokens: Tensor,
        positions: Tensor,
        plan: attention.Plan,
        users: Tensor | None = None,
        wanted: Tensor | None = None,
    ) -> Tensor:
        """tokens, positions [B, S] -> hidden states [B, S, D]. A negative token -1-r is row r of `users`.

        wanted [R] (only where `narrows`): the rows that the last layer computes, [1, R, D].
        """
        if users is None:
            embedded = self.embed(tokens)
        else:
            plain = self.embed(tokens.clamp(min=0))
            soft = take(users, (-1 - tokens).clamp(min=0)).to(plain.dtype)
            embedded = torch.where((tokens < 0).unsqueeze(-1), soft, plain)
        if self.narrows:
            return blocks.run(self.body, embedded, positions, plan, wanted, self.recompute)
        inputs = {"inputs_embeds": embedded, "position_ids": positions, "use_cache": False, "tagpr_plan": plan}
        return self.body(**inputs).last_hidden_state

    def hidden_of(
        self, packed: Pack, rows: Tokens | None = None, keep: bool = False, users: Tensor | None = None
    ) -> tuple[Tensor, attention.TreePlan]:
        """Hidden states of a packed batch, [T, D], or [R, D] of its flat positions `rows` (any order, repeats too)."""
        device = self.device
        fewer, computed = (None, None) if rows is None or not self.narrows else narrow(packed.rows, rows)
        plan = attention.TreePlan(packed, keep, fewer)
        tokens = torch.from_numpy(packed.tokens).to(device).unsqueeze(0)
        positions = torch.from_numpy(packed.positions).to(device).unsqueeze(0)
        wanted = None if computed is None else torch.from_numpy(computed).to(device)
        hidden = self.hidden(tokens, positions, plan, users, wanted)[0]
        if rows is None:
            return hidden, plan
        places = rows if computed is None else np.searchsorted(computed, rows)
        return take(hidden, torch.from_numpy(places).to(device)), plan


def take(values: Tensor, rows: Tensor) -> Tensor:
    """values[rows]. The backward pass of plain indexing adds from several CPU threads in whatever order they come, so
    that where rows repeat the last digits of a gradient differ from run to run; embedding's adds in one order."""
    return nn.functional.embedding(rows, values)


def load(folder: Path, dtype: torch.dtype, device: str, reward: bool = False, seed: int = 0) -> Backbone:
    """Read a Hugging Face folder (safetensors only). A reward head is the checkpoint's own, or fresh from `seed`."""
    if not (folder / "config.json").is_file():
        raise EngineError(f"{folder} holds no config.json: not a model in Hugging Face layout")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # whatever stands there: half a JSON, another kind of model, a value out of range
        raise EngineError(f"{folder / 'config.json'} can't be read ({first_line(error)})") from error
    for file in sorted(folder.glob("*.safetensors")):
        check_tensors(file)
    fresh = False
    kwargs = {"dtype": dtype, "attn_implementation": attention.NAME, "use_safetensors": True, "local_files_only": True}
    try:
        if reward:
            fresh = not _has_score_head(folder)
            config.num_labels = 1
            torch.manual_seed(seed)
            kind: Any = AutoModelForSequenceClassification
        else:
            kind = AutoModelForCausalLM
        model, told = kind.from_pretrained(folder, config=config, output_loading_info=True, **kwargs)
    except Exception as error:
        raise EngineError(f"{folder} can't be loaded: {first_line(error)}") from error
    missing = sorted(set(told["missing_keys"]) - ({"score.weight"} if fresh else set()))
    if missing:
        raise EngineError(f"{folder} lacks {missing[0]}" + (f" and {len(missing) - 1} more" if missing[1:] else ""))
    model.eval().to(device)
    if fresh:
        generator = torch.Generator().manual_seed(seed)
        weight = model.score.weight
        weight.data = (torch.randn(weight.shape, generator=generator) * weight.shape[1] ** -0.5).to(weight)
    text = config.get_text_config()
    found = Backbone(
        model,
        folder,
        int(text.vocab_size),
        int(getattr(text, "max_position_embeddings", 1 << 20)),
        _eos(folder, text),
        reward,
    )
    found.narrows = blocks.known(found.body)
    _probe(found)
    return found


def read_tensors(file: Path) -> Weights:
    """A file of tensors, or a sentence that names it."""
    check_tensors(file)
    return load_file(file)


def check_tensors(file: Path) -> None:
    """Raises EngineError on a file that is cut off or is none; its header says how long it must be."""
    try:
        with safe_open(file, framework="pt"):
            pass
    except (OSError, SafetensorError) as error:
        raise EngineError(f"{file} is damaged or cut off: {first_line(error)}") from error


def _eos(folder: Path, config: object) -> list[int]:
    """The ids that end a completion: generation_config's, else config's."""
    eos: object = None
    if (folder / "generation_config.json").is_file():
        eos = GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id
    if eos is None:
        eos = getattr(config, "eos_token_id", None)
    if eos is None:
        return []
    return [int(e) for e in eos] if isinstance(eos, list) else [int(eos)]  # pyright: ignore


def _has_score_head(folder: Path) -> bool:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return any(name.endswith("score.weight") for name in json.loads(index.read_text())["weight_map"])
    for file in folder.glob("*.safetensors"):
        with safe_open(file, framework="pt") as tensors:
            if "score.weight" in tensors.keys():  # noqa: SIM118
                return True
    return False


@torch.no_grad()
def _probe(found: Backbone) -> None:
    """Compare our attention and head with the model's own on a few tokens; refuse an architecture that disagrees."""
    config = found.model.config
    if "sliding_attention" in (getattr(config, "layer_types", None) or []):
        raise EngineError(f"{found.folder}: sliding-window attention is not served by this engine")
    rope = getattr(config, "rope_parameters", None) or {}
    if isinstance(rope, dict) and rope.get("rope_type") in ("longrope", "dynamic"):
        # its angles depend on the longest position in a call: on what else is in the batch
        raise EngineError(f"{found.folder}: rotary embedding of type {rope['rope_type']} is not served by this engine")
    ids = torch.arange(24, device=found.device).remainder(found.vocab).unsqueeze(0)
    try:
        packed = pack([ids[0].cpu().numpy()])
        some = np.array([23, 9, 11])
        ours = found.head(found.hidden_of(packed)[0]).float()
        again = found.head(found.hidden_of(packed, some)[0]).float()
        found.model.set_attn_implementation("eager")  # pyright: ignore
        if found.reward:
            theirs = found.head(found.body(input_ids=ids, use_cache=False).last_hidden_state)[0].float()
        else:
            theirs = found.model(input_ids=ids, use_cache=False).logits[0].float()
    except RuntimeError as error:
        raise EngineError(
            f"{found.folder}: {type(found.model).__name__} is not served by this engine: {error}"
        ) from error
    finally:
        found.model.set_attn_implementation(attention.NAME)  # pyright: ignore
    gap, tolerance = _gap(torch.cat([ours, again]), torch.cat([theirs, theirs[some]]), next(found.model.parameters()))
    if not gap <= tolerance:
        raise EngineError(
            f"{found.folder}: {type(found.model).__name__} computes attention or logits in a way this engine does not "
            f"reproduce (relative difference {gap:.1e})"
        )


def _gap(ours: Tensor, theirs: Tensor, weight: Tensor) -> tuple[float, float]:
    """How far apart logits [R, V] are, relatively, and how far they may be: the largest difference in fp32.

    In bf16 the median over rows: on tokens that no text begins with, a row of transformers' own attentions is as far
    from another as from the truth.
    """
    if weight.dtype == torch.float32:
        return float((ours - theirs).abs().max() / theirs.abs().max().clamp(min=1)), 1e-3
    return float(((ours - theirs).norm(dim=-1) / theirs.norm(dim=-1).clamp(min=1e-6)).median()), 0.1


def weights_of(model: nn.Module) -> Weights:
    return {name: p.detach() for name, p in model.named_parameters(remove_duplicate=False)}


def shell(found: Backbone) -> Backbone:
    """The same architecture with its own parameter slots, to be pointed at any weights by `bind`."""
    memo = {id(p): p for p in found.model.parameters()}
    model = copy.deepcopy(found.model, memo)
    other = copy.copy(found)
    other.model = model
    bind(model, weights_of(found.model))
    return other


def bind(model: nn.Module, weights: Weights) -> None:
    """Point every parameter at the given tensor; nothing is copied."""
    for name, tensor in weights.items():
        owner, _, leaf = name.rpartition(".")
        module = model.get_submodule(owner)
        current: nn.Parameter = getattr(module, leaf)
        if current.data_ptr() != tensor.data_ptr() or current.requires_grad:
            setattr(module, leaf, nn.Parameter(tensor, requires_grad=False))
