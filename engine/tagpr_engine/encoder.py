"""Text encoders that are trained: scorers with a head a user, and makers of soft tokens for a language model.

A datum's tokens are the encoder's own, special tokens included. Texts are computed in padded batches, without dropout,
in fp32. A scorer's logit is its user's head on the text's vector: row r of the user table holds the head of user r, the
weights of Linear(H, H), tanh, Linear(H, 1) end to end; row 0 is the head of whoever has none.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor, nn

from .backbone import Backbone, load, take
from .embeddings import Embedder, load_embedder, pool
from .errors import EngineError
from .losses import read_config
from .pieces import Metrics, Outputs
from .training import TrainedModel
from .wire import Datum

SOFT_PROMPT = "soft_prompt"
CALIBRATED_ON = 256  # random unit vectors


class Projector(nn.Module):
    """Vectors [N, H] of length 1 -> embeddings [N, D] whose mean length begins as that of a language model's."""

    def __init__(self, width: int, to: int, length: float, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first, self.second = nn.Linear(width, to), nn.Linear(to, to)
            self.instruction = nn.Parameter(nn.functional.normalize(torch.randn(width), dim=0))
            some = nn.functional.normalize(torch.randn(CALIBRATED_ON, width), dim=-1)
        with torch.no_grad():
            self.first.bias.zero_()  # else all items begin as nearly one vector
            self.second.bias.zero_()
            mean = self.second(nn.functional.gelu(self.first(some))).norm(dim=-1).mean()
        self.scale = nn.Parameter(length / mean)  # is not trained

    def forward(self, vectors: Tensor) -> Tensor:
        return self.second(nn.functional.gelu(self.first(vectors))) * self.scale.detach()


class TextEncoder(nn.Module):
    def __init__(self, embedder: Embedder, projector: Projector | None) -> None:
        super().__init__()
        self.body = embedder.model
        self.config = embedder.model.config
        self.cls = embedder.cls
        if projector is not None:
            self.projector = projector

    def vectors(self, sequences: list[NDArray[np.int64]]) -> Tensor:
        """One vector a text, [n, H]."""
        longest = max(s.size for s in sequences)
        tokens = np.zeros((len(sequences), longest), dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, s in enumerate(sequences):
            tokens[row, : s.size], mask[row, : s.size] = s, 1
        device = next(self.parameters()).device
        return pool(self.body, torch.from_numpy(tokens).to(device), torch.from_numpy(mask).to(device), self.cls)

    def soft_prompt(self, text: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """text [H], items [N, H] of length 1 -> two soft tokens [2, D]; attention [N]."""
        attention = (items @ nn.functional.normalize(text, dim=-1)).softmax(0)
        both = self.projector(torch.cat([self.projector_instruction, items]))
        return torch.stack([both[0], attention @ both[1:]]), attention

    @property
    def projector_instruction(self) -> Tensor:
        return self.projector.instruction.unsqueeze(0)  # pyright: ignore


class TrainedEncoder(TrainedModel):
    """A scorer (role reward: losses bradley_terry, logistic, reward_score), or, with a projector, role soft_prompt."""

    @property
    def role(self) -> str:
        return "reward" if self.backbone.reward else SOFT_PROMPT

    def _tokens(self, index: int, datum: Datum) -> NDArray[np.int64]:
        row = int(datum.inputs["user_index"][0]) if "user_index" in datum.inputs else 0
        if self.users is None and row:
            raise EngineError(f"datum {index}: user_index, but this model has no heads")
        if self.users is not None and not 0 <= row < self.users.shape[0]:
            raise EngineError(f"datum {index}: user_index {row}; this model has rows 0..{self.users.shape[0] - 1}")
        users, self.users = self.users, None
        try:
            plain = {k: v for k, v in datum.inputs.items() if k != "user_index"}
            return super()._tokens(index, Datum(datum.tokens, plain))
        finally:
            self.users = users

    def _scores(
        self, sequences: list[NDArray[np.int64]], data: list[Datum], config: dict[str, float]
    ) -> tuple[Tensor, int]:
        assert self.users is not None
        with torch.set_grad_enabled(torch.is_grad_enabled() and not config.get("heads_only", 0)):
            vectors = self.backbone.model.vectors(sequences)
        wanted = [int(d.inputs["user_index"][0]) if "user_index" in d.inputs else 0 for d in data]
        rows = sorted(set(wanted))
        heads = take(self.users, torch.tensor(rows, device=self.users.device)).unbind(0)
        scores: list[Tensor] = []
        places: list[int] = []
        for row, head in zip(rows, heads, strict=True):
            own = [i for i, r in enumerate(wanted) if r == row]
            scores.append(_score(head, vectors[own]))
            places += own
        return torch.cat(scores)[torch.tensor(np.argsort(places), device=vectors.device)], sum(
            s.size for s in sequences
        )

    def _forward_backward(
        self, data: list[Datum], loss_fn: str, given: dict[str, float], forward_only: bool
    ) -> tuple[Outputs, Metrics]:
        if not self.backbone.reward:
            return self._soft_prompt(data, loss_fn, given, forward_only)
        if loss_fn == SOFT_PROMPT:
            raise EngineError(f"loss_fn {loss_fn!r} does not fit a reward model")
        return super()._forward_backward(data, loss_fn, given, forward_only)

    def _soft_prompt(
        self, data: list[Datum], loss_fn: str, given: dict[str, float], forward_only: bool
    ) -> tuple[Outputs, Metrics]:
        """`items` [N, H] are a user's vectors. With gradients, of a loss that somebody computed behind the soft tokens,
        `gradients` [2, D] are what goes on to the weights."""
        if loss_fn != SOFT_PROMPT:
            raise EngineError(f"loss_fn {loss_fn[:80]!r} does not fit a model that makes soft prompts")
        read_config(loss_fn, given)
        if not data:
            raise EngineError("forward_backward: no data")
        encoder: TextEncoder = self.backbone.model
        width, to = encoder.projector.first.in_features, encoder.projector.second.out_features  # pyright: ignore
        wanted = {"items"} if forward_only else {"items", "gradients"}
        outputs: Outputs = {"soft_tokens": [], "attention": []}
        for i, datum in enumerate(data):
            if set(datum.inputs) != wanted:
                raise EngineError(
                    f"datum {i}: {SOFT_PROMPT} takes {' and '.join(sorted(wanted))}, not {sorted(datum.inputs)}"
                )
            if datum.inputs["items"].size == 0 or datum.inputs["items"].size % width:
                raise EngineError(f"datum {i}: items holds {datum.inputs['items'].size} values; a vector has {width}")
            if not forward_only and datum.inputs["gradients"].size != 2 * to:
                raise EngineError(f"datum {i}: gradients holds {datum.inputs['gradients'].size} values, not {2 * to}")
        sequences = [self._tokens(i, datum) for i, datum in enumerate(data)]
        computed = 0
        for piece in _pieces(sequences, self.token_budget):
            with torch.set_grad_enabled(not forward_only):
                vectors = encoder.vectors([sequences[i] for i in piece])
                computed += sum(sequences[i].size for i in piece)
                total = vectors.new_zeros(())
                for row, i in enumerate(piece):
                    items = self._given(data[i], "items", vectors).view(-1, width)
                    soft, attention = encoder.soft_prompt(vectors[row], nn.functional.normalize(items, dim=-1))
                    self._finite(soft.sum(), soft, [i])
                    outputs["soft_tokens"].append(soft.detach().float().cpu().numpy())
                    outputs["attention"].append(attention.detach().float().cpu().numpy())
                    if not forward_only:
                        total = total + (soft * self._given(data[i], "gradients", vectors).view(2, to)).sum()
                if not forward_only:
                    total.backward()
                    self.accumulated = True
        return outputs, {"datums:sum": float(len(data)), "computed_tokens:sum": float(computed)}

    def _given(self, datum: Datum, name: str, like: Tensor) -> Tensor:
        return torch.from_numpy(datum.inputs[name].astype(np.float32)).to(like)


def _score(head: Tensor, vectors: Tensor) -> Tensor:
    """head [P] on vectors [n, H] -> logits [n]."""
    h = vectors.shape[1]
    first, bias, second, last = head.split([h * h, h, h, 1])
    return torch.tanh(vectors @ first.view(h, h).T + bias) @ second + last


def _pieces(sequences: list[NDArray[np.int64]], budget: int) -> list[list[int]]:
    """In order, each at most `budget` tokens once padded, one text at least."""
    pieces: list[list[int]] = []
    longest = 0
    for i, s in enumerate(sequences):
        longest = max(longest, s.size)
        if pieces and longest * (len(pieces[-1]) + 1) <= budget:
            pieces[-1].append(i)
        else:
            pieces.append([i])
            longest = s.size
    return pieces


def heads_table(width: int, users: int, seed: int) -> Tensor:
    """N+1 equal heads: until training parts them, a user makes no difference."""
    generator = torch.Generator().manual_seed(seed)
    deviation = width**-0.5
    first = torch.randn(width * width, generator=generator) * deviation
    second = torch.randn(width, generator=generator) * deviation
    row = torch.cat([first, torch.zeros(width), second, torch.zeros(1)])
    return row.repeat(users + 1, 1)


def embedding_facts(folder: Path) -> tuple[int, float]:
    """Width of a language model's embeddings and their mean length."""
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118
                if name.endswith(("embed_tokens.weight", "wte.weight")):
                    return _facts(tensors.get_tensor(name))
    return _facts(load(folder, torch.float32, "cpu").embed.weight)  # pyright: ignore


def _facts(weight: Tensor) -> tuple[int, float]:
    return int(weight.shape[1]), float(weight.detach().float().norm(dim=-1).mean())


def make_encoder(
    folder: Path, name: str, device: str, budget: int, seed: int, users: int | None, projects_to: Path | None
) -> TrainedEncoder:
    """A text encoder with heads for `users` users, or with a projector to a language model's embeddings."""
    embedder = load_embedder(folder, device)
    width = int(embedder.model.config.hidden_size)  # pyright: ignore
    projector = None
    if projects_to is not None:
        to, length = embedding_facts(projects_to)
        projector = Projector(width, to, length, seed).to(device)
    model = TextEncoder(embedder, projector)
    vocab = int(embedder.model.config.vocab_size)  # pyright: ignore
    backbone = Backbone(model, folder, vocab, embedder.limit, [], reward=projector is None)
    table = None if projector is not None else heads_table(width, users or 0, seed + 1).to(device)
    return TrainedEncoder(backbone, name, budget, users=table)
