"""Calls that save, load and export."""

from __future__ import annotations

import uuid
from pathlib import Path

from . import lora, store
from .engine import Engine, New
from .errors import EngineError
from .model_calls import new_model
from .queueing import Reply, in_lane, lane_of, queued
from .requests import Body, expiry, integer, metadata, optional_text, short, text, tolerate
from .worker import Answer, Job


class CheckpointCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def save_weights(self, body: Body) -> Reply:
        model_id = text(body, "model_id", "save_weights")
        tolerate("save_weights", body, _SAVE)
        name = store.check_name(optional_text(body, "path", "save_weights") or f"checkpoint-{uuid.uuid4().hex[:8]}")
        return self._save("save_weights", body, model_id, "weights", name, {})

    def save_weights_for_sampler(self, body: Body) -> Reply:
        call = "save_weights_for_sampler"
        model_id = text(body, "model_id", call)
        tolerate(call, body, {*_SAVE, "sampling_session_seq_id", "kind"})
        if body.get("kind", "snapshot") != "snapshot":
            raise EngineError(f"{call}: kind {short(body['kind'])} is not served (served: snapshot)")
        name = optional_text(body, "path", call)
        if name is not None:
            return self._save(
                call, body, model_id, "sampler_weights", store.check_name(name), {"sampling_session_id": None}
            )
        expires = expiry(body, call)

        def run() -> list[Answer]:
            model = self.engine.model(model_id)
            if model.role != "policy":
                raise EngineError(
                    f"{call}: {model_id!r} is a {model.role.replace('_', ' ')} model; it can't be sampled from"
                )
            return [{"path": None, "type": call, "sampling_session_id": self.engine.snapshot(model, expires)}]

        return in_lane(self.engine, model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

    def _save(self, call: str, body: Body, model_id: str, kind: str, name: str, more: Reply) -> Reply:
        overwrite = bool(body.get("overwrite"))
        about, expires_at = metadata(body, call), expiry(body, call)
        lane, root = lane_of(self.engine, model_id), self.engine.settings.store
        place = f"{kind}/{name}"

        def first() -> None:
            if not overwrite:
                if place in lane.saving:
                    raise store.taken(model_id, kind, name)
                store.check_free(root, model_id, kind, name)
            lane.saving.add(place)
            self.engine.saves += 1

        def run() -> list[Answer]:
            lane.saving.discard(place)
            model = self.engine.model(model_id)
            note = store.Note(about, model.user_metadata, expires_at)
            path = store.save(root, model_id, kind, name, model.trained, overwrite, note)
            return [{"path": path, "type": call, **more}]

        digest = repr(sorted(body.items(), key=str))
        return in_lane(self.engine, model_id, body.get("seq_id"), digest, run, first)

    def load_weights(self, body: Body) -> Reply:
        tolerate("load_weights", body, _LOAD)
        path, root = text(body, "path", "load_weights"), self.engine.settings.store
        folder = store.folder_of(root, path)
        optimizer = body.get("optimizer")
        if not isinstance(optimizer, bool):
            raise EngineError("load_weights: optimizer must be true or false", status=422)
        if body.get("model_id") is None:
            return self._model_from(body, path, folder, optimizer)
        model_id = text(body, "model_id", "load_weights")

        def run() -> list[Answer]:
            self._restore(folder, path, model_id, optimizer)
            return [{"path": path, "model_id": model_id, "type": "load_weights"}]

        return in_lane(self.engine, model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

    def _restore(self, folder: Path, path: str, model_id: str, optimizer: bool) -> None:
        trained = self.engine.model(model_id).trained
        meta = store.read_meta(folder)
        if meta.lora_rank:
            try:
                base = self.engine.folder(meta.base_model)
            except EngineError:  # a name of another time or place: whether it fits is seen by its tensors
                base = trained.backbone.folder
            if base != trained.backbone.folder:
                raise EngineError(f"load_weights: {path} adapts {meta.base_model}, this model is {trained.base_model}")
        store.restore(folder, path, trained, optimizer)

    def _model_from(self, body: Body, path: str, folder: Path, optimizer: bool) -> Reply:
        """load_weights without a model: create one that fits the checkpoint, then load."""
        session_id = text(body, "session_id", "load_weights")
        self.engine.sessions.beat(session_id)
        # the SDK does not read the model's id from the answer: it derives it like this
        model_id = f"{session_id}:train:{integer(body, 'model_seq_id', 'load_weights', 0)}"
        meta = store.read_meta(folder)
        base_model = optional_text(body, "base_model", "load_weights") or meta.base_model

        def then(model_id: str) -> None:
            self._restore(folder, path, model_id, optimizer)

        config: Reply = {"rank": meta.lora_rank}
        if meta.lora_parts is not None:
            config.update({part: part in meta.lora_parts for part in lora.PARTS})
        about = metadata(body, "load_weights") or meta.run_metadata
        new = New(session_id, base_model, meta.model_role, meta.user_embeddings, config, about)
        return new_model(self.engine, new, (model_id, then))

    def export(self, body: Body) -> Reply:
        """Extension: a checkpoint (tinker:// path) as a plain folder at an absolute path."""
        target = Path(text(body, "target", "export"))
        dtype = str(body.get("dtype") or "float32")
        folder = store.folder_of(self.engine.settings.store, text(body, "path", "export"))
        future = self.engine.worker.future()

        def run() -> list[Answer]:
            store.export(folder, target, dtype)
            return [{"target": str(target), "type": "export"}]

        self.engine.worker.submit(Job([future], run))
        return queued(future)


_SAVE = {"model_id", "path", "seq_id", "ttl_seconds", "overwrite", "user_metadata", "type"}
_LOAD = {
    "model_id",
    "seq_id",
    "session_id",
    "model_seq_id",
    "base_model",
    "user_metadata",
    "path",
    "optimizer",
    "optimizer_config",
    "weights_access_token",
    "type",
}
