"""Calls that sample, and embeddings."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import store
from .engine import Engine, SamplingSession
from .errors import EngineError
from .queueing import Reply, queued
from .requests import Body, integer, optional_text, text, tolerate
from .sample_wire import write_samples
from .sampling import Request
from .sampling_requests import prompt_wishes, sampling_params, soft_tokens_of, tokens_of, topk_sample
from .streams import Stream, Streams
from .worker import Answer, Future, Job

MAX_SAMPLES = 65_536  # of one request


class SamplingCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.streams = Streams(engine)
        self._clients: dict[str, int] = {}  # of a sampling session, beside its first

    def sampler_info(self, sampling_id: str) -> Reply:
        session = self.engine.sampling.get(sampling_id)
        if session is None:
            raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        base = session.base_model
        if session.model_path is not None:
            base = store.read_meta(store.folder_of(self.engine.settings.store, session.model_path)).base_model
        return {"sampler_id": sampling_id, "base_model": base, "model_path": session.model_path}

    def create_sampling_session(self, body: Body) -> Reply:
        call = "create_sampling_session"
        session_id = text(body, "session_id", call)
        self.engine.sessions.beat(session_id)
        made = self._source(body, call, session_id)
        self.engine.keep_sampling(made)
        return {"type": call, "sampling_session_id": made.id}

    def join(self, body: Body) -> Reply:
        """A number of its own for each client of a sampling session; the first is 0."""
        sampling_id = text(body, "sampling_session_id", "join_sampling_session")
        if sampling_id not in self.engine.sampling:
            raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        self._clients[sampling_id] = self._clients.get(sampling_id, 0) + 1
        return {"type": "join_sampling_session", "client_counter": self._clients[sampling_id]}

    def release(self, sampling_id: str) -> Reply:
        """Extension: let a sampler go before its session ends; what was asked of it before is still answered."""
        if sampling_id not in self.engine.sampling:
            raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        self._clients.pop(sampling_id, None)
        self.engine.worker.submit(Job([], lambda: self.engine.drop_sampling(sampling_id) or []))
        return {}

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
        session, prompt, count = self._asked(body, "asample")
        place = self.engine.batches.read(batch) if batch is not None else None
        future = self.engine.worker.future(cancellable=True)
        payload = (body, prompt, count, future)

        def many(payloads: list[Any]) -> list[Answer]:
            return self._sample(session, payloads)

        if place is None:
            job = Job(
                [future],
                lambda: many([payload]),
                merge=(session.key, self.engine.saves),
                payload=payload,
                run_many=many,
            )
            self.engine.worker.submit(job)
        else:
            try:
                whole = self.engine.batches.add(*place, future, (session.key, payload))
            except EngineError as error:
                future.resolve(None, error)  # nobody will ask for it: let it be forgotten
                raise
            if whole is not None:
                self.engine.worker.submit(Job([f for f, _ in whole], lambda: self._ordered(session, whole)))
        return queued(future, sample_sequence_ids=[f"{future.id}-{i}" for i in range(count)])

    def _asked(self, body: Body, call: str) -> tuple[SamplingSession, NDArray[np.int64], int]:
        """Where to sample from, the prompt, and how many samples; refuses at once what can be without the model."""
        tolerate(call, body, _SAMPLE)
        sampling_id = optional_text(body, "sampling_session_id", call)
        if sampling_id is not None:
            session = self.engine.sampling.get(sampling_id)
            if session is None:
                raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        else:
            session = self._source(body, call, None)
        if session.session_id is not None:
            self.engine.sessions.beat(session.session_id)
        count = integer(body, "num_samples", call, 1, 1, MAX_SAMPLES)
        soft = soft_tokens_of(body)
        prompt = tokens_of(body.get("prompt"), call, 0 if soft is None else soft.shape[0])
        sampling_params(body, prompt.size, 1 << 30, [])
        if prompt_wishes(body, prompt.size) and soft is not None:
            raise EngineError(f"{call}: a prompt with soft_tokens has no log-probs of its own")
        topk_sample(body, count)
        return session, prompt, count

    def _ordered(self, session: SamplingSession, whole: list[tuple[Future, Any]]) -> list[Answer]:
        if any(key != session.key for _, (key, _) in whole):
            raise EngineError("X-Tagpr-Batch: the requests of one batch must sample from one model")
        return self._sample(session, [payload for _, (_, payload) in whole])

    def _sample(self, session: SamplingSession, payloads: list[Any]) -> list[Answer]:
        context, eos = self.engine.facts(session)
        requests = [
            Request(
                prompt,
                count,
                sampling_params(body, prompt.size, context, eos),
                prompt_wishes(body, prompt.size),
                topk_sample(body, count),
                future.done.is_set,
                soft_tokens_of(body),
            )
            for body, prompt, count, future in payloads
        ]
        responses = self.engine.sample(session, requests)
        return [
            write_samples(r.sequences, request.wishes, r.scores, r.cached)
            for request, r in zip(requests, responses, strict=True)
        ]

    # --- ours ---

    def sample_stream(self, body: Body) -> Stream:
        """Extension: an asample whose tokens come as they are sampled; tokens alone. Called in the event loop."""
        session, prompt, count = self._asked(body, "sample_stream")
        if topk_sample(body, count) or prompt_wishes(body, prompt.size):
            raise EngineError("sample_stream gives tokens alone; asample gives log-probs")
        if body.get("soft_tokens") is not None:
            raise EngineError("sample_stream takes no soft_tokens; asample does")
        future = self.engine.worker.future(cancellable=True)
        stream = Stream(future, count)

        def read() -> Request:
            context, eos = self.engine.facts(session)
            return Request(prompt, count, sampling_params(body, prompt.size, context, eos), given_up=future.done.is_set)

        self.streams.start(session, stream, read)
        return stream

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
        future = Future("embeddings")  # nobody asks for it again: the worker needn't keep it

        def run() -> list[Answer]:
            vectors, count = self.engine.embedder(name).embed(texts)
            data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
            usage = {"prompt_tokens": count, "total_tokens": count}
            return [{"object": "list", "data": data, "model": name, "usage": usage}]

        return future, Job([future], run)


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
    "sampled_logprobs",
    "soft_tokens",
    "type",
}
