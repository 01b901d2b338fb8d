"""The calls of the protocol: each reads a body, queues work, and says at once what it can."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from . import store
from .engine import Engine, SamplingSession
from .errors import EngineError
from .gen import tinker_pb2 as pb
from .optimizer import read_adam
from .prepare import is_embedder
from .requests import Body, integer, optional_text, sampling_params, text, tokens_of, tolerate
from .sampling import Request
from .wire import parse_forward_backward, read_data, write_forward_backward, write_samples
from .worker import Answer, Future, Job, Lane

Reply = dict[str, Any]


def _queued(future: Future, **extra: Any) -> Reply:
    return {"future_id": future.id, "request_id": future.id, "status": "pending", **extra}


class Calls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # --- sessions and facts ---

    def capabilities(self, extensions: Mapping[str, str]) -> Reply:
        models: list[Reply] = []
        for name, folder in self.engine.folders.items():
            context = json.loads((folder / "config.json").read_text()).get("max_position_embeddings")
            language = not is_embedder(folder)
            models.append(
                {"model_name": name, "max_context_length": context, "trainable": language, "sampleable": language}
            )
        return {"supported_models": models, "extensions": dict(extensions)}

    def create_session(self, body: Body) -> Reply:
        tolerate("create_session", body, {"tags", "user_metadata", "sdk_version", "project_id", "display_name", "type"})
        return {
            "type": "create_session",
            "session_id": self.engine.new_session(),
            "info_message": None,
            "warning_message": None,
            "error_message": None,
        }

    def heartbeat(self, body: Body) -> Reply:
        self.engine.beat(text(body, "session_id", "session_heartbeat"))
        return {"type": "session_heartbeat"}

    # --- models ---

    def create_model(self, body: Body) -> Reply:
        tolerate("create_model", body, _CREATE_MODEL)
        session_id, base_model = text(body, "session_id", "create_model"), text(body, "base_model", "create_model")
        self.engine.beat(session_id)
        self.engine.folder(base_model)
        optimizer = body.get("optimizer_config") or {}
        if not isinstance(optimizer, Mapping) or optimizer.get("type", "adamw") != "adamw":
            raise EngineError(f"create_model: optimizer_config {optimizer!r} is not served; this engine has adamw")
        role = body.get("model_role") or "policy"
        if role not in ("policy", "reward"):
            raise EngineError(f"create_model: model_role {role!r} is not served (served: policy, reward)")
        users = (
            None if body.get("user_embeddings") is None else integer(body, "user_embeddings", "create_model", None, 0)
        )
        if users is not None and role != "reward":
            raise EngineError("create_model: user_embeddings belong to model_role 'reward'")
        config = self._lora_config(body)
        return self._new_model(session_id, base_model, role, users, config)

    def _lora_config(self, body: Body) -> Reply:
        given = body.get("lora_config") or {}
        if not isinstance(given, Mapping):
            raise EngineError("create_model: lora_config must be an object", status=422)
        tolerate("lora_config", given, {"rank", "seed", "train_attn", "train_mlp", "train_unembed", "alpha"})
        if given.get("alpha") not in (None, 32, 32.0):
            raise EngineError(f"create_model: lora_config.alpha {given['alpha']!r}; it is fixed at 32")
        return {**given, "rank": integer(given, "rank", "lora_config", 0, 0)}

    def _new_model(
        self,
        session_id: str,
        base_model: str,
        role: str,
        users: int | None,
        config: Reply,
        loaded: tuple[str, Callable[[str], None]] | None = None,
    ) -> Reply:
        """`loaded`: the id to give the model, and what fills it, when it begins as a checkpoint."""
        engine = self.engine
        model_id = f"model_{uuid.uuid4().hex[:12]}" if loaded is None else loaded[0]
        if model_id in engine.lanes:
            raise EngineError(f"model {model_id!r} exists already", status=409)
        engine.lanes[model_id] = Lane(engine.worker.submit)
        future = engine.worker.future()

        def run() -> list[Answer]:
            engine.create_model(model_id, session_id, base_model, role, users, config)
            if loaded is not None:
                loaded[1](model_id)
            return [
                {
                    "model_id": model_id,
                    "base_model": base_model,
                    "lora_config": config,
                    "model_role": role,
                    "type": "create_model" if loaded is None else "load_weights",
                }
            ]

        engine.worker.submit(Job([future], run))
        return _queued(future, model_id=model_id, base_model=base_model, lora_config=config)

    def get_info(self, body: Body) -> Reply:
        model = self.engine.model(text(body, "model_id", "get_info"))
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
        self._lane(model_id)

        def run() -> list[Answer]:
            self.engine.unload(model_id)
            return [{"model_id": model_id, "status": "unloaded", "type": "unload_model"}]

        return {**self._in_lane(model_id, None, "", run), "model_id": model_id}

    # --- training ---

    def forward_backward(self, body: bytes) -> Reply:
        message: pb.ForwardBackwardRequest = parse_forward_backward(body)
        self._lane(message.model_id)

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

        return self._in_lane(message.model_id, message.seq_id, hashlib.sha256(body).hexdigest(), run)

    def optim_step(self, body: Body) -> Reply:
        model_id = text(body, "model_id", "optim_step")
        tolerate("optim_step", body, {"model_id", "seq_id", "adam_params", "type", "optimizer_params"})
        other = body.get("optimizer_params")
        if other is not None:
            kind = other.get("type") if isinstance(other, Mapping) else other
            raise EngineError(f"optim_step: optimizer {kind!r} is not served; send adam_params")
        given = body.get("adam_params") or {}
        if not isinstance(given, Mapping):
            raise EngineError("optim_step: adam_params must be an object", status=422)
        adam = read_adam(given)

        def run() -> list[Answer]:
            return [{"metrics": self.engine.model(model_id).trained.optim_step(adam)}]

        return self._in_lane(model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

    # --- checkpoints ---

    def save_weights(self, body: Body) -> Reply:
        model_id = text(body, "model_id", "save_weights")
        tolerate("save_weights", body, _SAVE)
        name = store.check_name(optional_text(body, "path", "save_weights") or f"checkpoint-{uuid.uuid4().hex[:8]}")
        overwrite = bool(body.get("overwrite"))

        def run() -> list[Answer]:
            trained = self.engine.model(model_id).trained
            path = store.save(self.engine.settings.store, model_id, "weights", name, trained, overwrite)
            return [{"path": path, "type": "save_weights"}]

        return self._in_lane(model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

    def save_weights_for_sampler(self, body: Body) -> Reply:
        call = "save_weights_for_sampler"
        model_id = text(body, "model_id", call)
        tolerate(call, body, {*_SAVE, "sampling_session_seq_id", "kind"})
        if body.get("kind", "snapshot") != "snapshot":
            raise EngineError(f"{call}: kind {body['kind']!r} is not served (served: snapshot)")
        name = optional_text(body, "path", call)
        if name is not None:
            store.check_name(name)

        def run() -> list[Answer]:
            model = self.engine.model(model_id)
            if name is None:
                return [{"path": None, "type": call, "sampling_session_id": self.engine.snapshot(model)}]
            root = self.engine.settings.store
            path = store.save(root, model_id, "sampler_weights", name, model.trained, bool(body.get("overwrite")))
            return [{"path": path, "type": call, "sampling_session_id": None}]

        return self._in_lane(model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

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
            store.restore(folder, path, self.engine.model(model_id).trained, optimizer)
            return [{"path": path, "model_id": model_id, "type": "load_weights"}]

        return self._in_lane(model_id, body.get("seq_id"), repr(sorted(body.items(), key=str)), run)

    def _model_from(self, body: Body, path: str, folder: Path, optimizer: bool) -> Reply:
        """load_weights without a model: create one that fits the checkpoint, then load."""
        session_id = text(body, "session_id", "load_weights")
        self.engine.beat(session_id)
        # the SDK does not read the model's id from the answer: it derives it like this
        model_id = f"{session_id}:train:{integer(body, 'model_seq_id', 'load_weights', 0)}"
        meta = store.read_meta(folder)
        base_model = optional_text(body, "base_model", "load_weights") or meta.base_model

        def then(model_id: str) -> None:
            store.restore(folder, path, self.engine.model(model_id).trained, optimizer)

        config = {"rank": meta.lora_rank}
        return self._new_model(session_id, base_model, meta.model_role, meta.user_embeddings, config, (model_id, then))

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
        return _queued(future)

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

    def training_runs(self) -> list[Reply]:
        root = self.engine.settings.store
        saved = {store.model_id_of(p.parent.name) for p in root.glob("*/*weights")}
        found = saved | set(self.engine.models)
        return [self.training_run(model_id) for model_id in sorted(found)]

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

    # --- sampling ---

    def sampler_info(self, sampling_id: str) -> Reply:
        session = self.engine.sampling.get(sampling_id)
        if session is None:
            raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        base = session.base_model
        if session.model_path is not None:
            base = store.read_meta(store.folder_of(self.engine.settings.store, session.model_path)).base_model
        elif session.model_id is not None:
            base = self.engine.model(session.model_id).trained.base_model
        return {"sampler_id": sampling_id, "base_model": base, "model_path": session.model_path}

    def create_sampling_session(self, body: Body) -> Reply:
        call = "create_sampling_session"
        session_id = text(body, "session_id", call)
        self.engine.beat(session_id)
        made = self._source(body, call, session_id)
        self.engine.sampling[made.id] = made
        return {"type": call, "sampling_session_id": made.id}

    def _source(self, body: Body, call: str, session_id: str | None) -> SamplingSession:
        path, base_model = optional_text(body, "model_path", call), optional_text(body, "base_model", call)
        if path is not None:
            store.folder_of(self.engine.settings.store, path)
            base_model = None
        elif base_model is not None:
            self.engine.folder(base_model)
        else:
            raise EngineError(f"{call}: give base_model or model_path", status=422)
        return SamplingSession(f"sampling_{uuid.uuid4().hex[:12]}", session_id, base_model, path)

    def asample(self, body: Body, batch: str | None) -> Reply:
        tolerate("asample", body, _SAMPLE)
        sampling_id = optional_text(body, "sampling_session_id", "asample")
        if sampling_id is not None:
            session = self.engine.sampling.get(sampling_id)
            if session is None:
                raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        else:
            session = self._source(body, "asample", None)
        count = integer(body, "num_samples", "asample", 1, 1)
        prompt = tokens_of(body.get("prompt"), "asample")
        sampling_params(body, prompt.size, 1 << 30, [])  # refuse at once what can be refused without the model
        place = self.engine.batches.read(batch) if batch is not None else None
        future = self.engine.worker.future()
        payload = (body, prompt, count)

        def many(payloads: list[Any]) -> list[Answer]:
            return self._sample(session, payloads)

        if place is None:
            job = Job([future], lambda: many([payload]), merge=session.key, payload=payload, run_many=many)
            self.engine.worker.submit(job)
        else:
            whole = self.engine.batches.add(*place, future, (session.key, payload))
            if whole is not None:
                self.engine.worker.submit(Job([f for f, _ in whole], lambda: self._ordered(session, whole)))
        return _queued(future, sample_sequence_ids=[f"{future.id}-{i}" for i in range(count)])

    def _ordered(self, session: SamplingSession, whole: list[tuple[Future, Any]]) -> list[Answer]:
        if any(key != session.key for _, (key, _) in whole):
            raise EngineError("X-Tagpr-Batch: the requests of one batch must sample from one model")
        return self._sample(session, [payload for _, (_, payload) in whole])

    def _sample(self, session: SamplingSession, payloads: list[Any]) -> list[Answer]:
        context, eos = self.engine.facts(session)
        requests = [
            Request(prompt, count, sampling_params(body, prompt.size, context, eos), bool(body.get("prompt_logprobs")))
            for body, prompt, count in payloads
        ]
        responses = self.engine.sample(session, requests)
        return [write_samples(r.sequences, r.prompt_logprobs, r.cached) for r in responses]

    # --- ours ---

    def embeddings(self, body: Body) -> tuple[Future, Job]:
        """OpenAI's /v1/embeddings: answered at once, so the future is awaited by the route."""
        name, given = text(body, "model", "embeddings"), body.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not texts or not all(isinstance(t, str) for t in texts):
            raise EngineError("embeddings: input must be a string or a list of strings", status=422)
        if body.get("encoding_format", "float") not in ("float", "base64"):
            raise EngineError("embeddings: encoding_format must be float or base64")
        if body.get("dimensions") is not None:
            raise EngineError("embeddings: dimensions is not served")
        self.engine.folder(name)
        future = self.engine.worker.future()

        def run() -> list[Answer]:
            vectors, count = self.engine.embedder(name).embed(texts)
            data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
            usage = {"prompt_tokens": count, "total_tokens": count}
            return [{"object": "list", "data": data, "model": name, "usage": usage}]

        return future, Job([future], run)

    # --- helpers ---

    def _lane(self, model_id: str) -> Lane:
        lane = self.engine.lanes.get(model_id)
        if lane is None:
            raise EngineError(f"model {model_id!r} is unknown or was unloaded", status=404)
        model = self.engine.models.get(model_id)
        if model is not None:
            self.engine.beat(model.session_id)
        return lane

    def _in_lane(self, model_id: str, seq: Any, digest: str, run: Callable[[], list[Answer]], **extra: Any) -> Reply:
        lane = self._lane(model_id)
        number = seq if isinstance(seq, int) and not isinstance(seq, bool) else None
        again = lane.repeated(number, digest)
        if again is not None:
            return _queued(again, **extra)
        future = self.engine.worker.future()
        lane.put(number, digest, Job([future], run))
        return _queued(future, **extra)


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
_SAMPLE = {
    "num_samples",
    "prompt",
    "sampling_params",
    "base_model",
    "model_path",
    "sampling_session_id",
    "seq_id",
    "prompt_logprobs",
    "topk_prompt_logprobs",
    "topk_sample_logprobs",
    "target_prompt_logprobs",
    "prompt_alt_tokens_k",
    "prompt_logprobs_last_n",
    "record_stability_info",
    "type",
}
