"""One trainable model: forward_backward accumulates gradients, optim_step applies them to fp32 masters."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from . import lora
from .backbone import Backbone, Weights, weights_of
from .errors import EngineError
from .heads import target_logprobs
from .losses import SCORE_LOSSES, TOKEN_LOSSES, Positions, check_datum, read_config
from .optimizer import Adam, RowAdam, dense_optimizer, set_adam
from .pieces import Metrics, Outputs, joined, merge, pairs_of, scatter
from .repeatable import repeatable
from .soft import SoftTokens, take_soft
from .tree import Pack, order, pack, split
from .wire import Datum

LARGEST_NORM = 1e18  # its square is still a number in fp32
LARGEST_WEIGHT = 3.38e38  # still a number in bf16
SAFE_STEP = 1e30


@dataclass
class Snapshot:
    """Weights as they were when it was taken; an adapter's are its own masters, its base never changes.

    Those of a model that is trained in full are copied only when it is about to change.
    """

    weights: Weights
    live: bool
    adapter: lora.Lora | None = None
    dtype: torch.dtype = torch.float32

    def materialise(self) -> None:
        if self.live:
            copies: dict[int, Tensor] = {}
            for tensor in self.weights.values():
                copies.setdefault(tensor.data_ptr(), tensor.clone())
            self.weights = {name: copies[t.data_ptr()] for name, t in self.weights.items()}
            self.live = False

    def whole(self) -> Weights:
        """All weights of the model, an adapter's merged in."""
        return self.weights if self.adapter is None else self.adapter.merged(self.weights, self.dtype)

    def forget(self) -> None:
        self.weights, self.live = {}, False


@dataclass
class TrainedModel:
    """users [N+1, D]: the user table (fp32), row 0 = unknown; None without user embeddings."""

    backbone: Backbone
    base_model: str
    token_budget: int
    compute: torch.dtype = torch.float32
    adapter: lora.Lora | None = None
    users: Tensor | None = None
    steps: int = 0
    poisoned: str | None = None
    accumulated: bool = False
    snapshots: list[Snapshot] = field(default_factory=list)
    largest: float = 0.0  # norm of all gradients that AdamW's moments are made of

    def __post_init__(self) -> None:
        model = self.backbone.model
        if self.adapter is None:
            self.named = dict(model.named_parameters())
        else:
            model.requires_grad_(False)
            self.named = self.adapter.parameters()
            if self.backbone.reward:  # the head is trained in full: it may be a fresh one
                self.named["score.weight"] = model.score.weight  # pyright: ignore
        low = self.compute != torch.float32
        # bf16 compute: masters and gradient sums are fp32, since an update of 1e-6 is lost in a bf16 weight
        self.masters = {n: (p.detach().float() if low else p) for n, p in self.named.items()}
        for p in self.named.values():
            p.data = p.data.to(self.compute)
        self.low = low
        for name, p in self.named.items():
            p.requires_grad_(True)
            if low:
                self._sum_in_fp32(name, p)
        self.optimizer = dense_optimizer(list(self.masters.values()))
        self.row_adam = RowAdam(self.users) if self.users is not None else None
        if self.users is not None:
            self.users.requires_grad_(True)
        self.touched: set[int] = set()

    def _sum_in_fp32(self, name: str, parameter: nn.Parameter | Tensor) -> None:
        master = self.masters[name]

        def hook(p: Tensor) -> None:
            if p.grad is not None:
                master.grad = p.grad.float() if master.grad is None else master.grad.add_(p.grad)
                p.grad = None

        parameter.register_post_accumulate_grad_hook(hook)

    # --- forward_backward ---

    def forward_backward(
        self, data: list[Datum], loss_fn: str, config: dict[str, float], forward_only: bool
    ) -> tuple[Outputs, Metrics]:
        """Raises EngineError; a failure of a call that wants gradients discards what was accumulated."""
        try:
            with repeatable(self.backbone.device):
                return self._forward_backward(data, loss_fn, config, forward_only)
        except Exception as error:
            if not forward_only:
                self.poison(error.message if isinstance(error, EngineError) else f"{type(error).__name__}: {error}")
            raise

    def _forward_backward(
        self, data: list[Datum], loss_fn: str, given: dict[str, float], forward_only: bool
    ) -> tuple[Outputs, Metrics]:
        config = read_config(loss_fn, given)
        plain, soft = take_soft(data, loss_fn, self.backbone)
        checked = [check_datum(loss_fn, i, datum, self.backbone.vocab) for i, datum in enumerate(plain)]
        self._check_kind(checked, loss_fn, forward_only)
        sequences = [self._tokens(i, datum) for i, datum in enumerate(checked)]
        if loss_fn not in TOKEN_LOSSES:
            return self._score_loss(checked, sequences, loss_fn, config, forward_only)
        if soft is not None:
            own = [np.where(d.tokens < 0, d.tokens, s) for d, s in zip(data, sequences, strict=True)]
            sequences = soft.number(own)
        elif config.get("soft_gradients", 0):
            raise EngineError("soft_gradients: no datum has soft_tokens")
        if config.get("soft_gradients", 0) and not forward_only:
            raise EngineError("soft_gradients come with forward_only: the model's own gradients are another call's")
        return self._token_loss(checked, sequences, loss_fn, config, forward_only, soft)

    def _check_kind(self, data: list[Datum], loss_fn: str, forward_only: bool) -> None:
        if not data:
            raise EngineError("forward_backward: no data")
        if self.backbone.reward != (loss_fn in SCORE_LOSSES):
            kind = "a reward model" if self.backbone.reward else "a policy"
            raise EngineError(f"loss_fn {loss_fn!r} does not fit {kind}")
        if loss_fn == "reward_score" and not forward_only:
            raise EngineError("reward_score has no gradient: send it with forward_only")

    def _tokens(self, index: int, datum: Datum) -> NDArray[np.int64]:
        tokens, vocab = datum.tokens, self.backbone.vocab
        if tokens.min() < 0 or tokens.max() >= vocab:
            bad = int(tokens[(tokens < 0) | (tokens >= vocab)][0])
            raise EngineError(f"datum {index}: model_input holds token {bad}; the vocabulary is 0..{vocab - 1}")
        if self.users is not None:
            user = int(datum.inputs["user_index"][0]) if "user_index" in datum.inputs else 0
            if not 0 <= user < self.users.shape[0]:
                raise EngineError(f"datum {index}: user_index {user}; this model has rows 0..{self.users.shape[0] - 1}")
            tokens = np.concatenate([np.array([-1 - user], dtype=np.int64), tokens])
        elif "user_index" in datum.inputs:
            raise EngineError(f"datum {index}: user_index, but this model was created without user_embeddings")
        if tokens.size > self.backbone.context:
            raise EngineError(f"datum {index}: {tokens.size} tokens; the model's context is {self.backbone.context}")
        return tokens

    def _token_loss(
        self,
        data: list[Datum],
        sequences: list[NDArray[np.int64]],
        loss_fn: str,
        config: dict[str, float],
        forward_only: bool,
        soft: SoftTokens | None,
    ) -> tuple[Outputs, Metrics]:
        loss = TOKEN_LOSSES[loss_fn]
        users = None if soft is None else soft.table
        slope = torch.zeros_like(soft.table) if soft is not None and config["soft_gradients"] else None
        if soft is not None and slope is not None:
            soft.table.requires_grad_(True)
        everywhere = forward_only and loss_fn == "cross_entropy" and not config["only_weighted"]
        looks = [np.ones(d.tokens.size, dtype=np.bool_) if everywhere else loss.look(d.inputs, config) for d in data]
        outputs: Outputs = {
            name: [np.zeros(d.inputs["target_tokens"].shape, dtype=np.float32) for d in data]
            for name in ("logprobs", "elementwise_loss")
        }
        metrics: Metrics = {
            "loss:sum": 0.0,
            "loss_tokens:sum": 0.0,
            "datums:sum": float(len(data)),
            "computed_tokens:sum": 0.0,
        }
        for piece in split(sequences, self.token_budget, order(sequences)):
            packed = pack([sequences[i] for i in piece])
            metrics["computed_tokens:sum"] += packed.tokens.size
            if loss_fn != "cross_entropy" and not config["only_weighted"]:
                self._where_no_loss_looks(data, looks, piece, packed, outputs["logprobs"])
            if not any(looks[i].any() for i in piece):
                continue
            with torch.set_grad_enabled(not forward_only or slope is not None):
                rows = np.concatenate([packed.index[at][looks[i]] for at, i in enumerate(piece)])
                at_rows, _ = self.backbone.hidden_of(packed, rows, users=users)
                positions = self._positions(data, looks, piece, at_rows)
                result = loss.run(positions, config)
                total = result.elementwise.sum()
            self._finite(total, positions.logprobs, piece)
            if slope is not None and users is not None and total.requires_grad:
                slope += torch.autograd.grad(total, users, allow_unused=True, materialize_grads=True)[0]
            if not forward_only:
                total.backward()
                self.accumulated = True
            scatter(outputs["logprobs"], positions.logprobs, looks, piece)
            scatter(outputs["elementwise_loss"], result.elementwise, looks, piece)
            metrics["loss:sum"] += float(total.detach())
            metrics["loss_tokens:sum"] += rows.size
            merge(metrics, result.metrics)
        if not forward_only:
            self.accumulated = True
        if soft is not None and slope is not None:
            outputs["soft_gradients"] = soft.parted(slope)
        return outputs, metrics

    @torch.no_grad()
    def _where_no_loss_looks(
        self,
        data: list[Datum],
        looks: list[NDArray[np.bool_]],
        piece: list[int],
        packed: Pack,
        out: list[NDArray[np.float32]],
    ) -> None:
        """Log-probs that clients compare with the sampler's: advantages of 0 say nothing of them. A pass of its own, so
        that the gradients are the same bits with it and without."""
        rest = [~look for look in looks]
        rows = np.concatenate([packed.index[at][rest[i]] for at, i in enumerate(piece)])
        if rows.size:
            hidden, _ = self.backbone.hidden_of(packed, rows)
            scatter(out, self._positions(data, rest, piece, hidden).logprobs, rest, piece)

    def _positions(
        self, data: list[Datum], looks: list[NDArray[np.bool_]], piece: list[int], hidden: Tensor
    ) -> Positions:
        inputs = {
            name: torch.from_numpy(joined([data[i].inputs[name][looks[i]] for i in piece])).to(hidden.device)
            for name in data[piece[0]].inputs
        }
        counts = torch.tensor([int(looks[i].sum()) for i in piece], device=hidden.device)
        segment = torch.repeat_interleave(torch.arange(len(piece), device=hidden.device), counts)
        return Positions(
            target_logprobs(self.backbone.head, hidden, inputs["target_tokens"]), inputs, segment, len(piece)
        )

    def _finite(self, total: Tensor, values: Tensor, piece: list[int]) -> None:
        if not (bool(torch.isfinite(total)) and bool(torch.isfinite(values).all())):
            raise EngineError(f"the loss is {float(total.detach())} in the piece that begins with datum {piece[0]}")

    def _score_loss(
        self,
        data: list[Datum],
        sequences: list[NDArray[np.int64]],
        loss_fn: str,
        config: dict[str, float],
        forward_only: bool,
    ) -> tuple[Outputs, Metrics]:
        pairs = pairs_of(data) if loss_fn == "bradley_terry" else None
        ordered, glue = order(sequences), None
        if pairs is not None:
            # both sides of a pair stay in one piece: units in the order of their first side
            unit = {i: at for at, i in enumerate(ordered)}
            first = sorted(pairs, key=lambda p: min(unit[p[0]], unit[p[1]]))
            ordered = [i for p in first for i in sorted(p, key=lambda i: unit[i])]
            glue_of = {i: at for at, p in enumerate(first) for i in p}
            glue = [glue_of[i] for i in range(len(data))]
        logits: list[NDArray[np.float32]] = [np.zeros(1, dtype=np.float32) for _ in data]
        metrics: Metrics = {"datums:sum": float(len(data)), "computed_tokens:sum": 0.0}
        if loss_fn != "reward_score":
            metrics.update({"loss:sum": 0.0, "correct:sum": 0.0, "margin:sum": 0.0})
        if pairs is not None:
            metrics["pairs:sum"] = float(len(pairs))
        for piece in split(sequences, self.token_budget, ordered, glue):
            with torch.set_grad_enabled(not forward_only):
                scores, computed = self._scores([sequences[i] for i in piece], [data[i] for i in piece], config)
                metrics["computed_tokens:sum"] += computed
                self._finite(scores.sum(), scores, piece)
                if pairs is not None:
                    self._bradley_terry(scores, piece, pairs, data, metrics, forward_only)
                elif loss_fn == "logistic":
                    self._logistic(scores, [data[i] for i in piece], metrics, forward_only)
            for at, value in enumerate(scores.detach().cpu().numpy()):
                logits[piece[at]][0] = value
        if not forward_only:
            self.accumulated = True
            self.touched.update(int(d.inputs["user_index"][0]) if "user_index" in d.inputs else 0 for d in data)
        return {"logits": logits}, metrics

    def _scores(
        self, sequences: list[NDArray[np.int64]], data: list[Datum], config: dict[str, float]
    ) -> tuple[Tensor, int]:
        """A logit a sequence of a piece, [n] in fp32, and how many tokens were computed for them."""
        packed = pack(sequences)
        last = np.array([packed.index[at][-1] for at in range(len(sequences))])
        hidden, _ = self.backbone.hidden_of(packed, last, users=self.users)
        return self.backbone.head(hidden).float().squeeze(-1), int(packed.tokens.size)

    def _logistic(self, scores: Tensor, data: list[Datum], metrics: Metrics, forward_only: bool) -> None:
        """Cross entropy of a right (label 1) or wrong (0) text, whose probability of being right is sigmoid(logit)."""
        sign = torch.tensor([2.0 * float(d.inputs["label"][0]) - 1 for d in data], device=scores.device)
        weights = [float(d.inputs["weights"][0]) if "weights" in d.inputs else 1.0 for d in data]
        margin = scores * sign
        total = -(nn.functional.logsigmoid(margin) * torch.tensor(weights, device=scores.device)).sum()
        if not forward_only:
            total.backward()
        metrics["loss:sum"] += float(total.detach())
        metrics["correct:sum"] += float((margin > 0).sum())
        metrics["margin:sum"] += float(margin.detach().sum())

    def _bradley_terry(
        self,
        scores: Tensor,
        piece: list[int],
        pairs: list[tuple[int, int]],
        data: list[Datum],
        metrics: Metrics,
        forward_only: bool,
    ) -> None:
        """A pair counts with the `weights` of its preferred side, 1 without."""
        at = {i: row for row, i in enumerate(piece)}
        here = [p for p in pairs if p[0] in at]
        chosen = scores.index_select(0, torch.tensor([at[p[0]] for p in here], device=scores.device))
        rejected = scores.index_select(0, torch.tensor([at[p[1]] for p in here], device=scores.device))
        margin = chosen - rejected
        weights = [float(data[p[0]].inputs["weights"][0]) if "weights" in data[p[0]].inputs else 1.0 for p in here]
        total = -(nn.functional.logsigmoid(margin) * torch.tensor(weights, device=scores.device)).sum()
        if not forward_only:
            total.backward()
        metrics["loss:sum"] += float(total.detach())
        metrics["correct:sum"] += float((margin > 0).sum())
        metrics["margin:sum"] += float(margin.detach().sum())

    # --- optim_step ---

    def poison(self, why: str) -> None:
        self._clear()
        self.poisoned = self.poisoned or why

    def discard(self) -> None:
        """Forget what was accumulated, failures too: other weights stand here now."""
        self._clear()
        self.poisoned = None

    def _clear(self) -> None:
        for parameter in (*self.named.values(), *self.masters.values()):
            parameter.grad = None
        if self.users is not None:
            self.users.grad = None
        self.touched.clear()
        self.accumulated = False

    @torch.no_grad()
    def optim_step(self, adam: Adam, user_rate: float | None = None) -> Metrics:
        """One AdamW step; `user_rate` is the user rows' learning rate where they have one of their own.

        Raises EngineError, with weights and moments unchanged, on a bad or missing gradient.
        """
        if self.poisoned is not None:
            why = self.poisoned
            self.discard()  # what came after the failure too
            raise EngineError(f"optim_step refused: the gradients were discarded after a failure ({why})")
        if not self.accumulated:
            raise EngineError("optim_step refused: no gradient was accumulated since the last step")
        grads = [m.grad for m in self.masters.values() if m.grad is not None]
        if self.users is not None and self.users.grad is not None:
            grads.append(self.users.grad)
        norm = torch.nn.utils.get_total_norm(grads) if grads else torch.zeros(())
        if not bool(torch.isfinite(norm)):
            self._clear()
            raise EngineError(
                f"optim_step refused: the gradient's norm is {float(norm)}; the accumulation was discarded"
            )
        if float(norm) > LARGEST_NORM:
            self._clear()
            raise EngineError(
                f"optim_step refused: the gradient's norm is {float(norm):.1e}, too large for its square in fp32; "
                "the accumulation was discarded"
            )
        if adam.grad_clip_norm > 0:
            torch.nn.utils.clip_grads_with_norm_(
                [*self.masters.values(), *([self.users] if self.users is not None else [])], adam.grad_clip_norm, norm
            )
        self.largest = max(self.largest, float(norm))
        self.before_change()
        set_adam(self.optimizer, adam)
        # AdamW's step is at most lr * largest / eps: only one that could leave fp32 is worth a copy of everything
        rows_adam = adam if user_rate is None else replace(adam, learning_rate=user_rate)
        rate = max(adam.learning_rate, rows_adam.learning_rate)
        bounded = adam.eps > 0 and rate * self.largest <= SAFE_STEP * adam.eps * (1 - adam.beta1)
        if bounded and rate * adam.weight_decay <= 1:
            self._step(adam, rows_adam)
        else:
            self._careful_step(adam, rows_adam)
        self.publish()
        self._clear()
        self.steps += 1
        return {"grad_norm:mean": float(norm), "learning_rate:mean": adam.learning_rate, "step:max": float(self.steps)}

    def _step(self, adam: Adam, rows_adam: Adam) -> None:
        self.optimizer.step()
        if self.row_adam is not None and self.users is not None and self.users.grad is not None and self.touched:
            rows = torch.tensor(sorted(self.touched), device=self.users.device)
            self.row_adam.step(rows, self.users.grad[rows], rows_adam)

    def _careful_step(self, adam: Adam, rows_adam: Adam) -> None:
        """Take it back where it makes weights infinite."""
        weights = self._all_weights()
        before = [t.detach().clone() for t in weights]
        moments, rows = copy.deepcopy(self.optimizer.state_dict()["state"]), copy.deepcopy(self.row_adam)
        self._step(adam, rows_adam)
        if all(bool((t.detach().abs() <= LARGEST_WEIGHT).all()) for t in weights):  # NaN is not
            return
        for tensor, old in zip(weights, before, strict=True):
            tensor.copy_(old)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        if rows is not None and self.users is not None:
            rows.table = self.users
            self.row_adam = rows
        self._clear()
        raise EngineError(
            f"optim_step refused: with learning_rate {adam.learning_rate:g}, eps {adam.eps:g} and weight_decay "
            f"{adam.weight_decay:g} weights become infinite or NaN; they and AdamW's moments are as they were, the "
            "accumulation was discarded"
        )

    def _all_weights(self) -> list[Tensor]:
        return [*self.masters.values(), *([] if self.users is None else [self.users])]

    def forget_moments(self) -> None:
        """Start AdamW anew: its moments were of other weights."""
        self.optimizer.state.clear()
        if self.users is not None:
            self.row_adam = RowAdam(self.users)
        self.steps = 0
        self.largest = 0.0

    @torch.no_grad()
    def publish(self) -> None:
        """Copy the masters into the weights that compute (a no-op in fp32, where they are the same)."""
        if self.low:
            torch._foreach_copy_(list(self.named.values()), [self.masters[n] for n in self.named])  # pyright: ignore

    # --- snapshots ---

    def before_change(self) -> None:
        for snapshot in self.snapshots:
            snapshot.materialise()
        self.snapshots.clear()

    def snapshot(self) -> Snapshot:
        """What sampling sees."""
        if self.adapter is not None:
            kept = {name: master.detach().clone() for name, master in self.masters.items()}
            return Snapshot(kept, False, self.adapter, self.compute)
        self.snapshots = [s for s in self.snapshots if s.live]
        taken = Snapshot(weights_of(self.backbone.model), live=True)
        self.snapshots.append(taken)
        return taken

    @property
    def role(self) -> str:
        """What it was created as."""
        return "reward" if self.backbone.reward else "policy"

    def full_weights(self) -> Weights:
        """All weights in fp32 (LoRA merged), by the model's own parameter names."""
        if self.adapter is not None:
            return self.adapter.merged(self.masters, torch.float32)
        masters = {id(self.named[n]): m.detach() for n, m in self.masters.items()}
        return {n: masters[id(p)] for n, p in self.backbone.model.named_parameters(remove_duplicate=False)}


__all__ = ["Metrics", "Outputs", "Snapshot", "TrainedModel"]
