"""Calls on training runs and on what they have saved."""

from __future__ import annotations

import time
from collections.abc import Mapping

from . import catalog, lora, store
from .engine import Engine
from .errors import EngineError
from .queueing import Reply
from .requests import Body, expiry, page, text, tolerate


class RunCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.root = engine.settings.store
        self._copies: dict[str, str] = {}  # idempotency key -> path

    # --- training runs ---

    def runs(self, query: Mapping[str, str]) -> Reply:
        """A page of them, `limit` (20) from `offset` (0) on."""
        limit, offset = page(query, "training_runs", 20)
        found = sorted(catalog.runs(self.root) | set(self.engine.models))
        cursor = {"offset": offset, "limit": limit, "total_count": len(found)}
        return {"training_runs": [self.run(model_id) for model_id in found[offset : offset + limit]], "cursor": cursor}

    def run(self, model_id: str) -> Reply:
        model = self.engine.models.get(model_id)
        saved = catalog.checkpoints(self.root, model_id)
        if model is not None:
            rank = model.trained.adapter.rank if model.trained.adapter else 0
            base, about = model.trained.base_model, model.user_metadata
        elif saved:
            meta = store.read_meta(store.folder_of(self.root, str(saved[-1]["tinker_path"])))
            base, rank, about = meta.base_model, meta.lora_rank, meta.run_metadata
        else:
            raise EngineError(f"training run {model_id!r} is unknown", status=404)
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
            "user_metadata": about,
        }

    # --- checkpoints ---

    def of_run(self, model_id: str) -> Reply:
        return {"checkpoints": catalog.checkpoints(self.root, model_id)}

    def of_everybody(self, query: Mapping[str, str]) -> Reply:
        limit, offset = page(query, "checkpoints", 100)
        found = catalog.everything(self.root)
        cursor = {"offset": offset, "limit": limit, "total_count": len(found)}
        return {"checkpoints": found[offset : offset + limit], "cursor": cursor}

    def delete(self, path: str) -> Reply:
        store.delete(self.root, path)
        return {}

    def set_ttl(self, path: str, body: Body) -> Reply:
        catalog.set_expiry(self.root, path, expiry(body, "ttl"))
        return {}

    def copy(self, body: Body, key: str | None) -> Reply:
        """Under a run of its own, which is not trained on; the same idempotency key gets the same copy."""
        known = {"session_id", "model_seq_id", "destination_project_id", "source_path", "ttl_seconds"}
        tolerate("copy_weights", body, {*known, "weights_access_token"})
        source, expires_at = text(body, "source_path", "copy_weights"), expiry(body, "copy_weights")
        if key is None or key not in self._copies:
            made = catalog.copy(self.root, source, expires_at)
            if key is None:
                return {"tinker_path": made}
            self._copies[key] = made
            if len(self._copies) > 1000:
                del self._copies[next(iter(self._copies))]
        return {"tinker_path": self._copies[key]}

    def weights_info(self, body: Body) -> Reply:
        meta = store.read_meta(store.folder_of(self.root, text(body, "tinker_path", "weights_info")))
        parts = {part: None if meta.lora_parts is None else part in meta.lora_parts for part in lora.PARTS}
        return {
            "base_model": meta.base_model,
            "is_lora": meta.lora_rank > 0,
            "lora_rank": meta.lora_rank or None,
            "optimizer_config": {"type": "adamw"},
            "model_role": meta.model_role,
            "user_embeddings": meta.user_embeddings,
            **parts,
        }
