"""Calls on sessions and models, and the two that train."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import lora
from .encoder import SOFT_PROMPT
from .engine import Engine, New
from .errors import EngineError
from .gen import tinker_pb2 as pb
from .lane import Lane
from .optimizer import read_adam
from .picking import SAMPLED_LOGPROBS
from .prepare import config_of, is_embedder
from .queueing import Reply, in_lane, lane_of, queued
from .requests import MAX_SEED, Body, integer, metadata, optional_text, short, text, tolerate
from .wire import newer_fields, parse_forward_backward, read_data, write_forward_backward
from .worker import Answer, Job


class ModelCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def capabilities(self, extensions: Mapping[str, str]) -> Reply:
        models = [self._facts(name, folder) for name, folder in self.engine.folders.items()]
        return {"supported_models": models, "extensions": dict(extensions), "sampled_logprobs": SAMPLED_LOGPROBS}

    def _facts(self, name: str, folder: Path) -> Reply:
        try:
            context, language = config_of(folder).get("max_position_embeddings"), not is_embedder(folder)
        except EngineError as error:  # one model's fault is no reason to hide the others
            said = {"trainable": False, "sampleable": False, "fault": error.message}
            return {"model_name": name, "max_context_length": None, **said}
        return {"model_name": name, "max_context_length": context, "trainable": language, "sampleable": language}

    # --- models ---

    def create_model(self, body: Body) -> Reply:
        tolerate("create_model", body, _CREATE_MODEL)
        session_id, base_model = text(body, "session_id", "create_model"), text(body, "base_model", "create_model")
        self.engine.sessions.beat(session_id)
        self.engine.folder(base_model)
        optimizer = body.get("optimizer_config") or {}
        if not isinstance(optimizer, Mapping) or optimizer.get("type", "adamw") != "adamw":
            raise EngineError(f"create_model: optimizer_config {short(optimizer)} is not served; this engine has adamw")
        about = metadata(body, "create_model")
        role = body.get("model_role", "policy")
        role = "policy" if role is None else role
        if not isinstance(role, str) or role not in ("policy", "reward", SOFT_PROMPT):
            served = f"policy, reward, {SOFT_PROMPT}"
            raise EngineError(f"create_model: model_role {short(role)} is not served (served: {served})")
        users = (
            None if body.get("user_embeddings") is None else integer(body, "user_embeddings", "create_model", None, 0)
        )
        if users is not None and role != "reward":
            raise EngineError("create_model: user_embeddings belong to model_role 'reward'")
        spread = body.get("user_spread", 0)
        if isinstance(spread, bool) or not isinstance(spread, int | float) or not 0 <= spread < math.inf:
            raise EngineError(f"create_model: user_spread {spread!r} is no number of at least 0", status=422)
        projects_to = optional_text(body, "projects_to", "create_model")
        if projects_to is not None:
            self.engine.folder(projects_to)
        config = self._lora_config(body)
        new = New(session_id, base_model, role, users, config, about, float(spread), projects_to)
        return new_model(self.engine, new)

    def _lora_config(self, body: Body) -> Reply:
        given = {k: v for k, v in _object(body, "lora_config", "create_model").items() if v is not None}
        tolerate("lora_config", given, {"rank", "seed", "train_attn", "train_mlp", "train_unembed", "alpha"})
        if given.get("alpha", 32) != 32:
            raise EngineError(f"create_model: lora_config.alpha {short(given['alpha'])}; it is fixed at 32")
        for part in lora.PARTS:
            if part in given and not isinstance(given[part], bool):
                raise EngineError(f"lora_config: {part} must be true or false, not {short(given[part])}", status=422)
        seed = integer(given, "seed", "lora_config", 0, 0, MAX_SEED)
        parts = {part: given[part] for part in lora.PARTS if part in given}
        return {**parts, "seed": seed, "rank": integer(given, "rank", "lora_config", 0, 0)}

    def get_info(self, body: Body) -> Reply:
        model = self.engine.model(text(body, "model_id", "get_info"))
        self.engine.sessions.beat(model.session_id)
        trained = model.trained
        rank = trained.adapter.rank if trained.adapter else 0
        return {
            "type": "get_info",
            "status": "created",
            "model_id": model.id,
            "model_name": trained.base_model,
            "is_lora": rank > 0,
            "lora_rank": rank or None,
            "optimizer_config": {"type": "adamw"},
            "model_data": {
                "arch": type(trained.backbone.model).__name__,
                "model_name": trained.base_model,
                "tokenizer_id": trained.base_model,
                "model_role": model.role,
                "user_embeddings": None if trained.users is None else trained.users.shape[0] - 1,
                "parameters": sum(m.numel() for m in trained.masters.values()),
                "steps": trained.steps,
            },
        }

    def unload_model(self, body: Body) -> Reply:
        model_id = text(body, "model_id", "unload_model")
        lane_of(self.engine, model_id)

        def run() -> list[Answer]:
            self.engine.unload(model_id)
            return [{"model_id": model_id, "status": "unloaded", "type": "unload_model"}]

        return {**in_lane(self.engine, model_id, None, "", run), "model_id": model_id}

    # --- training ---

    def forward_backward(self, body: bytes) -> Reply:
        message: pb.ForwardBackwardRequest = parse_forward_backward(body)
        tolerate("forward_backward", newer_fields(message), set())
        for datum in message.data:  # the SDK's own messages have spans of provenance here
            tolerate("forward_backward datum", newer_fields(datum), set())
        lane_of(self.engine, message.model_id)

        def run() -> list[Answer]:
            trained = self.engine.model(message.model_id).trained
            try:
                data, config = read_data(message)
            except EngineError as error:
                if not message.forward_only:
                    trained.poison(error.message)
                raise
            outputs, metrics = trained.forward_backward(data, message.loss_fn, config, message.forward_only)
            return [write_forward_backward(outputs, len(data), metrics)]

        return in_lane(self.engine, message.model_id, message.seq_id, hashlib.sha256(body).hexdigest(), run)

    def optim_step(self, body: Body) -> Reply:
        model_id = text(body, "model_id", "optim_step")
        known = {"model_id", "seq_id", "adam_params", "type", "optimizer_params", "user_learning_rate"}
        tolerate("optim_step", body, known)
        other = body.get("optimizer_params")
        if other is not None:
            kind = other.get("type") if isinstance(other, Mapping) else other
            raise EngineError(f"optim_step: optimizer {kind!r} is not served; send adam_params")
        adam = read_adam(_object(body, "adam_params", "optim_step"))
        own = body.get("user_learning_rate")
        rate = None if own is None else read_adam({"learning_rate": own}).learning_rate

        def run() -> list[Answer]:
            return [{"metrics": self.engine.model(model_id).trained.optim_step(adam, rate)}]

        return in_lane(self.engine, model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)


def _object(body: Body, key: str, call: str) -> Mapping[str, Any]:
    """Absent or null: an empty one."""
    given = body.get(key)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise EngineError(f"{call}: {key} must be an object", status=422)
    return given


def new_model(engine: Engine, new: New, loaded: tuple[str, Callable[[str], None]] | None = None) -> Reply:
    """`loaded`: the id to give the model, and what fills it, when it begins as a checkpoint."""
    model_id = f"model_{uuid.uuid4().hex[:12]}" if loaded is None else loaded[0]
    if model_id in engine.lanes:
        raise EngineError(f"model {model_id!r} exists already", status=409)
    engine.lanes[model_id] = Lane(engine.worker.submit)
    future = engine.worker.future()

    def run() -> list[Answer]:
        try:
            engine.create_model(model_id, new)
            if loaded is not None:
                loaded[1](model_id)
        except BaseException:
            engine.unload(model_id)  # the same id can be tried again
            raise
        return [
            {
                "model_id": model_id,
                "base_model": new.base_model,
                "lora_config": new.config,
                "model_role": new.role,
                "type": "create_model" if loaded is None else "load_weights",
            }
        ]

    engine.worker.submit(Job([future], run))
    return queued(future, model_id=model_id, base_model=new.base_model, lora_config=new.config)


_CREATE_MODEL = {
    "session_id",
    "model_seq_id",
    "base_model",
    "user_metadata",
    "lora_config",
    "optimizer_config",
    "type",
    "model_role",
    "user_embeddings",
    "user_spread",
    "projects_to",
}
