"""What the server knows: sessions, models, samplers. Everything that computes runs on the worker thread."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from . import lora, memory, store
from .backbone import Backbone, load, shell
from .batches import Batches
from .embeddings import Embedder, load_embedder
from .encoder import SOFT_PROMPT, make_encoder
from .errors import EngineError
from .lane import Lane
from .prepare import config_of, is_embedder, resolve
from .sampling import Limits, Request, Response, check, sample
from .sessions import Sessions
from .snapshots import Held, Seat, Snapshots, room_for
from .training import TrainedModel
from .worker import Worker

MAX_SAMPLERS = 4  # base models and named checkpoints kept loaded for sampling


@dataclass(frozen=True)
class Settings:
    models: list[str]
    store: Path
    models_dir: Path
    dtype: torch.dtype = torch.float32
    device: str = "cpu"
    token_budget: int = 8192
    recompute: bool = False  # activations are computed again in the backward pass: less memory, more time
    session_timeout: float = 300.0
    owned: bool = False  # by the one process that is its client: silence is sleep
    gap_timeout: float = 60.0
    snapshot_memory: int | None = None  # bytes of unnamed samplers kept in memory; None: a quarter of what there is
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class New:
    """A model to be made."""

    session_id: str
    base_model: str
    role: str
    users: int | None
    config: dict[str, Any]  # LoRA's
    user_metadata: dict[str, Any] | None = None
    user_spread: float = 0.0  # how far the rows of the user table start from row 0
    projects_to: str | None = None  # the language model that soft prompts are made for


@dataclass
class Model:
    """A trainable model and where its snapshots are sampled."""

    id: str
    session_id: str
    trained: TrainedModel
    seat: Seat
    role: str
    lane: Lane
    user_metadata: dict[str, Any] | None = None


@dataclass(frozen=True)
class SamplingSession:
    """Where samples come from: a base model, a checkpoint path, or an unnamed snapshot of a model."""

    id: str
    session_id: str | None
    base_model: str | None = None
    model_path: str | None = None
    model_id: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        if self.model_id is not None:
            return ("snapshot", self.id)
        return ("path", self.model_path) if self.model_path is not None else ("base", self.base_model or "")


class Engine:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        store.sweep(settings.store)
        self.worker = Worker()
        self.batches = Batches()
        self.sessions = Sessions()
        self.models: dict[str, Model] = {}
        self.lanes: dict[str, Lane] = {}
        self.sampling: dict[str, SamplingSession] = {}
        self.folders = {name: resolve(name, settings.models_dir) for name in settings.models}
        room = settings.snapshot_memory
        self.snapshots = Snapshots(settings.store, room_for(settings.device) if room is None else room)
        self._samplers: dict[tuple[Path, int], Backbone] = {}
        self.saves = 0  # as they were asked for: what is sampled before one and after it isn't one batch
        self._tokenizers: dict[Path, Tokenizer] = {}
        self._embedders: dict[str, Embedder] = {}

    # --- names, sessions ---

    def folder(self, name: str) -> Path:
        """The folder of a served base model, by the name it was given, its short name, or its folder."""
        for known, folder in self.folders.items():
            if name in (known, folder.name, str(folder), known.rsplit("/", 1)[-1]):
                config_of(folder)  # refused at once where it can't be read
                return folder
        served = ", ".join(self.folders) or "none"
        raise EngineError(f"base_model {name!r} is not served (served: {served})", status=404)

    def end_session(self, session_id: str) -> None:
        """Forget a session's models and samplers (on the worker)."""
        for model_id in [m.id for m in self.models.values() if m.session_id == session_id]:
            self.unload(model_id)
        for sampling_id in [s.id for s in list(self.sampling.values()) if s.session_id == session_id]:
            self.drop_sampling(sampling_id)
        gc.collect()
        memory.give_back()

    def keep_sampling(self, made: SamplingSession) -> None:
        self.sampling[made.id] = made
        session = self.sessions.known.get(made.session_id or "")
        if session is not None:
            session.samplers.append(made.id)

    def model(self, model_id: str) -> Model:
        found = self.models.get(model_id)
        if found is None:
            raise EngineError(f"model {model_id!r} is unknown or was unloaded", status=404)
        return found

    def refused(self, model_id: object, seq: object) -> None:
        """A request of this model was refused at once: its seq_id, if it had one, is waited for by nobody."""
        lane = self.lanes.get(model_id) if isinstance(model_id, str) else None
        if lane is not None and isinstance(seq, int) and not isinstance(seq, bool) and seq > 0:
            lane.refuse(seq)

    # --- on the worker ---

    def create_model(self, model_id: str, new: New) -> None:
        settings = self.settings
        lora_config, role = new.config, new.role
        seed = int(lora_config.get("seed") or 0)
        if is_embedder(self.folder(new.base_model)) or role == SOFT_PROMPT:
            return self._keep(model_id, new, self._encoder(new, seed))
        backbone = load(self.folder(new.base_model), torch.float32, settings.device, role == "reward", seed)
        if settings.recompute and not backbone.narrows:
            kind = type(backbone.model).__name__
            raise EngineError(f"create_model: --recompute is not served for {kind}; start the engine without it")
        backbone.recompute = settings.recompute
        rank = int(lora_config.get("rank") or 0)
        if settings.dtype != torch.float32 and rank:
            for name, p in backbone.model.named_parameters():
                if name != "score.weight":
                    p.data = p.data.to(settings.dtype)
        runner = shell(backbone) if rank else None
        adapter = None
        if rank:
            flags = {part: bool(lora_config.get(part, True)) for part in lora.PARTS}
            adapter = lora.attach(backbone.model, rank, seed, **flags)
        table = None if new.users is None else user_table(backbone, new.users, seed, new.user_spread)
        trained = TrainedModel(backbone, new.base_model, settings.token_budget, settings.dtype, adapter, table)
        self._keep(model_id, new, trained, runner or shell(backbone))

    def _encoder(self, new: New, seed: int) -> TrainedModel:
        folder = self.folder(new.base_model)
        if not is_embedder(folder) or new.role == "policy":
            kind = "is no text encoder" if new.role == SOFT_PROMPT else "is a text encoder: it can't be a policy"
            raise EngineError(f"create_model: {new.base_model} {kind}")
        if int(new.config.get("rank") or 0):
            raise EngineError("create_model: a text encoder is trained whole; leave the LoRA rank at 0")
        if (new.role == SOFT_PROMPT) != (new.projects_to is not None):
            raise EngineError(f"create_model: projects_to goes with model_role {SOFT_PROMPT!r}, which needs it")
        to = None if new.projects_to is None else self.folder(new.projects_to)
        settings = self.settings
        return make_encoder(folder, new.base_model, settings.device, settings.token_budget, seed, new.users, to)

    def _keep(self, model_id: str, new: New, trained: TrainedModel, runner: Backbone | None = None) -> None:
        seat, lane = Seat(runner or trained.backbone), self.lanes[model_id]
        self.models[model_id] = Model(model_id, new.session_id, trained, seat, new.role, lane, new.user_metadata)
        session = self.sessions.known.get(new.session_id)
        if session is not None and model_id not in session.runs:
            session.runs.append(model_id)

    def unload(self, model_id: str) -> None:
        model = self.models.pop(model_id, None)
        lane = self.lanes.pop(model_id, None)
        if lane is not None:
            lane.close(f"model {model_id!r} was unloaded")
        del model
        gc.collect()
        memory.give_back()

    def snapshot(self, model: Model, expires_at: str | None = None) -> str:
        """A sampling session of the model as it is now; it lives as long as the model's session."""
        sampling_id = f"sampling_{uuid.uuid4().hex[:12]}"
        held = Held(model.seat, model.trained.snapshot(), expires_at)
        self.snapshots.add(sampling_id, held)
        self.keep_sampling(SamplingSession(sampling_id, model.session_id, model.trained.base_model, model_id=model.id))
        return sampling_id

    def drop_sampling(self, sampling_id: str) -> None:
        self.sampling.pop(sampling_id, None)
        self.snapshots.drop(sampling_id)

    def sampler(self, session: SamplingSession) -> Backbone:
        if session.model_id is not None:
            return self.snapshots.use(session.id)
        if session.model_path is not None:
            folder = store.folder_of(self.settings.store, session.model_path)
            if store.read_meta(folder).model_role != "policy":
                role = store.read_meta(folder).model_role.replace("_", " ")
                raise EngineError(f"{session.model_path} is a {role} model; it can't be sampled from")
        else:
            folder = self.folder(session.base_model or "")
        key = (folder, store.written(folder))
        if key not in self._samplers:
            for old in [k for k in self._samplers if k[0] == folder]:
                self._let_go(old)  # a checkpoint that was overwritten
            while len(self._samplers) >= MAX_SAMPLERS:
                self._let_go(next(iter(self._samplers)))
            self._samplers[key] = load(folder, self.settings.dtype, self.settings.device)
        backbone = self._samplers.pop(key)
        self._samplers[key] = backbone  # the most recently used stands last
        return backbone

    def loaded(self) -> list[Backbone]:
        """Base models and named checkpoints whose weights stay as they are."""
        return list(self._samplers.values())

    def _let_go(self, key: tuple[Path, int]) -> None:
        del self._samplers[key]
        self._tokenizers.pop(key[0], None)

    def facts(self, session: SamplingSession) -> tuple[int, list[int]]:
        """(context, end tokens) of what a session samples from."""
        backbone = self.sampler(session)
        return backbone.context, backbone.eos

    def sample(self, session: SamplingSession, requests: list[Request]) -> list[Response]:
        backbone = self.sampler(session)
        for request in requests:
            check(backbone, request)
        return sample(backbone, requests, self.settings.limits, self.decoder(backbone))

    def decoder(self, backbone: Backbone) -> Callable[[list[int]], str]:
        """Token ids to text, special tokens too; the tokenizer is read when it is first asked for."""
        return lambda ids: self._tokenizer(backbone.folder).decode(ids, skip_special_tokens=False)

    def _tokenizer(self, folder: Path) -> Tokenizer:
        if folder not in self._tokenizers:
            file = folder / "tokenizer.json"
            if not file.is_file():
                raise EngineError(f"stop strings need a tokenizer.json in {folder}; give token ids instead")
            self._tokenizers[folder] = Tokenizer.from_file(str(file))
        return self._tokenizers[folder]

    def embedder(self, name: str) -> Embedder:
        if name not in self._embedders:
            folder = self.folder(name)
            if not is_embedder(folder):
                raise EngineError(f"{name} is no embedding model")
            self._embedders[name] = load_embedder(folder, self.settings.device)
        return self._embedders[name]


def user_table(backbone: Backbone, users: int, seed: int, spread: float = 0.0) -> torch.Tensor:
    """N+1 rows around row 0, the unknown user's, each `spread` deviations of the embedding away from it.

    With spread 0 all are equal: until training parts them, a user makes no difference.
    """
    weight: torch.Tensor = backbone.embed.weight  # pyright: ignore
    generator = torch.Generator().manual_seed(seed + 1)
    deviation = float(weight.detach().float().std())
    row = torch.randn(weight.shape[1], generator=generator) * deviation
    table = row.repeat(users + 1, 1)
    table[1:] += torch.randn(users, weight.shape[1], generator=generator) * (spread * deviation)
    return table.to(weight.device)
