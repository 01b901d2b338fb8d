"""Calls on checkpoints: save, load, export, list, delete."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from . import lora, store
from .engine import Engine
from .errors import EngineError
from .model_calls import new_model
from .queueing import Reply, in_lane, queued
from .requests import Body, integer, optional_text, text, tolerate
from .worker import Answer, Job


class CheckpointCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def save_weights(self, body: Body) -> Reply:
        model_id = text(body, "model_id", "save_weights")
        tolerate("save_weights", body, _SAVE)
        name = store.check_name(optional_text(body, "path", "save_weights") or f"checkpoint-{uuid.uuid4().hex[:8]}")
        overwrite = bool(body.get("overwrite"))
        self.engine.saves += 1

        def run() -> list[Answer]:
            trained = self.engine.model(model_id).trained
            path = store.save(self.engine.settings.store, model_id, "weights", name, trained, overwrite)
            return [{"path": path, "type": "save_weights"}]

        return in_lane(self.engine, model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

    def save_weights_for_sampler(self, body: Body) -> Reply:
        call = "save_weights_for_sampler"
        model_id = text(body, "model_id", call)
        tolerate(call, body, {*_SAVE, "sampling_session_seq_id", "kind"})
        if body.get("kind", "snapshot") != "snapshot":
            raise EngineError(f"{call}: kind {body['kind']!r} is not served (served: snapshot)")
        name = optional_text(body, "path", call)
        if name is not None:
            store.check_name(name)
            self.engine.saves += 1

        def run() -> list[Answer]:
            model = self.engine.model(model_id)
            if name is None and model.trained.backbone.reward:
                raise EngineError(f"{call}: {model_id!r} is a reward model; it can't be sampled from")
            if name is None:
                return [{"path": None, "type": call, "sampling_session_id": self.engine.snapshot(model)}]
            root = self.engine.settings.store
            path = store.save(root, model_id, "sampler_weights", name, model.trained, bool(body.get("overwrite")))
            return [{"path": path, "type": call, "sampling_session_id": None}]

        return in_lane(self.engine, model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

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
        self.engine.beat(session_id)
        # the SDK does not read the model's id from the answer: it derives it like this
        model_id = f"{session_id}:train:{integer(body, 'model_seq_id', 'load_weights', 0)}"
        meta = store.read_meta(folder)
        base_model = optional_text(body, "base_model", "load_weights") or meta.base_model

        def then(model_id: str) -> None:
            self._restore(folder, path, model_id, optimizer)

        config: Reply = {"rank": meta.lora_rank}
        if meta.lora_parts is not None:
            config.update({part: part in meta.lora_parts for part in lora.PARTS})
        return new_model(
            self.engine, session_id, base_model, meta.model_role, meta.user_embeddings, config, (model_id, then)
        )

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

    def delete_checkpoint(self, model_id: str, kind: str, name: str) -> Reply:
        store.delete(self.engine.settings.store, f"tinker://{model_id}/{kind}/{name}")
        return {}

    def weights_info(self, body: Body) -> Reply:
        meta = store.read_meta(store.folder_of(self.engine.settings.store, text(body, "tinker_path", "weights_info")))
        return {
            "base_model": meta.base_model,
            "is_lora": meta.lora_rank > 0,
            "lora_rank": meta.lora_rank or None,
            "optimizer_config": {"type": "adamw"},
            "model_role": meta.model_role,
            "user_embeddings": meta.user_embeddings,
        }

    def training_runs(self, query: Mapping[str, str]) -> Reply:
        """A page of them, `limit` (20) from `offset` (0) on."""
        limit, offset = _page(query, "limit", 20), _page(query, "offset", 0)
        root = self.engine.settings.store
        saved = {store.model_id_of(p.parents[2].name) for p in root.glob("*/*weights/[!.]*/engine.json")}
        found = saved | set(self.engine.models)
        page = sorted(found)[offset : offset + limit]
        cursor = {"offset": offset, "limit": limit, "total_count": len(found)}
        return {"training_runs": [self.training_run(model_id) for model_id in page], "cursor": cursor}

    def training_run(self, model_id: str) -> Reply:
        model = self.engine.models.get(model_id)
        saved = store.list_checkpoints(self.engine.settings.store, model_id)
        if model is None and not saved:
            raise EngineError(f"training run {model_id!r} is unknown", status=404)
        if model is not None:
            base, rank = model.trained.base_model, model.trained.adapter.rank if model.trained.adapter else 0
        else:
            meta = store.read_meta(store.folder_of(self.engine.settings.store, str(saved[-1]["tinker_path"])))
            base, rank = meta.base_model, meta.lora_rank
        last = {
            kind: next((c for c in reversed(saved) if c["checkpoint_type"] == kind), None)
            for kind in ("training", "sampler")
        }
        times = [str(c["time"]) for c in saved] or [time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())]
        return {
            "training_run_id": model_id,
            "base_model": base,
            "model_owner": "local",
            "is_lora": rank > 0,
            "lora_rank": rank or None,
            "last_request_time": max(times),
            "last_checkpoint": last["training"],
            "last_sampler_checkpoint": last["sampler"],
        }


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


def _page(query: Mapping[str, str], key: str, default: int) -> int:
    given = query.get(key, str(default))
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise EngineError(f"training_runs: {key} must be a whole number, not {given[:40]!r}", status=422)
    return int(given)
