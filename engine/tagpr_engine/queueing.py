"""Queueing: what every call that computes does, in the order of its model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engine import Engine
from .errors import EngineError
from .lane import Lane
from .requests import short
from .worker import Answer, Future, Job

Reply = dict[str, Any]


def queued(future: Future, **extra: Any) -> Reply:
    """The answer at once of a call whose result comes later."""
    return {"future_id": future.id, "request_id": future.id, "status": "pending", **extra}


def lane_of(engine: Engine, model_id: str) -> Lane:
    """The queue of a model; asking for it is a sign of life of its session."""
    lane = engine.lanes.get(model_id)
    if lane is None:
        raise EngineError(f"model {model_id!r} is unknown or was unloaded", status=404)
    model = engine.models.get(model_id)
    if model is not None:
        engine.sessions.beat(model.session_id)
    return lane


def in_lane(
    engine: Engine,
    model_id: str,
    seq: Any,
    digest: str,
    run: Callable[[], list[Answer]],
    first: Callable[[], None] = lambda: None,
    **extra: Any,
) -> Reply:
    """Queue `run` under the model's seq_id. The same request again (a retry) gets the same future; before another is
    queued, `first` may refuse it."""
    lane = lane_of(engine, model_id)
    if seq is not None and (not isinstance(seq, int) or isinstance(seq, bool)):
        raise EngineError(f"seq_id must be a whole number, not {short(seq)}", status=422)
    number: int | None = seq
    again = lane.repeated(number, digest)
    if again is not None:
        return queued(again, **extra)
    first()
    future = engine.worker.future()
    lane.put(number, digest, Job([future], run))
    return queued(future, **extra)
