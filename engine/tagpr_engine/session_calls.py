"""Calls on sessions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from . import catalog
from .engine import Engine
from .errors import EngineError
from .queueing import Reply
from .requests import Body, integer, metadata, optional_text, page, text, tolerate
from .sessions import Session
from .worker import Job

_REASONS = ("success", "errored", "interrupted")


class SessionCalls:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def create(self, body: Body) -> Reply:
        known = {"tags", "user_metadata", "sdk_version", "project_id", "display_name", "type"}
        tolerate("create_session", body, known)
        user_metadata = metadata(body, "create_session")
        made = self.engine.sessions.create(user_metadata, optional_text(body, "display_name", "create_session"))
        return {
            "type": "create_session",
            "session_id": made.id,
            "info_message": None,
            "warning_message": None,
            "error_message": None,
        }

    def heartbeat(self, body: Body) -> Reply:
        self.engine.sessions.beat(text(body, "session_id", "session_heartbeat"))
        return {"type": "session_heartbeat"}

    def finish(self, session_id: str, body: Body) -> Reply:
        """What was queued is still done; then its models and samplers go. The first reason stands."""
        found = self.engine.sessions.find(session_id)
        reason = body.get("reason")
        kind = reason.get("type") if isinstance(reason, Mapping) else None
        if kind not in _REASONS:
            raise EngineError(f"sessions/finish: reason.type must be one of {', '.join(_REASONS)}", status=422)
        detail = optional_text(body, "detail", "sessions/finish")
        if found.open:
            found.status = {"type": "client_finished", "reason": {"type": kind}, "detail": detail}
            self.engine.worker.submit(Job([], lambda: self.engine.end_session(session_id) or []))
        return {}

    def get(self, session_id: str) -> Reply:
        found = self.engine.sessions.find(session_id)
        return {
            "training_run_ids": found.runs,
            "sampler_ids": found.samplers,
            "user_metadata": found.user_metadata,
            "display_name": found.display_name,
        }

    def listed(self, query: Mapping[str, str]) -> Reply:
        limit, offset = page(query, "sessions", 20)
        return {"sessions": [s.id for s in self._newest()[offset : offset + limit]]}

    def search(self, body: Body) -> Reply:
        call = "sessions/search"
        known = {"session_id", "project_ids", "user_metadata", "display_name", "owner", "statuses", "limit", "cursor"}
        tolerate(call, body, known)
        limit = integer(body, "limit", call, 50, 1, 200)
        found = [s for s in self._newest() if _matches(s, body)]
        cursor = body.get("cursor")
        if cursor is not None:
            after = text(cursor if isinstance(cursor, Mapping) else {}, "last_session_id", call)
            at = next((i for i, s in enumerate(found) if s.id == after), len(found))
            found = found[at + 1 :]
        last = found[limit - 1] if len(found) > limit else None
        following = last and {"last_created_at": _time(last.created), "last_session_id": last.id}
        return {"sessions": [self._summary(s) for s in found[:limit]], "next_cursor": following}

    def _newest(self) -> list[Session]:
        return list(self.engine.sessions.known.values())[::-1]

    def _summary(self, session: Session) -> Reply:
        root = self.engine.settings.store
        saved = [c for run in session.runs for c in catalog.checkpoints(root, run)]
        return {
            "session_id": session.id,
            "created_at": _time(session.created),
            "owner": "local",
            "project_id": "local",
            "status": session.status,
            "checkpoints_count": len(saved),
            "display_name": session.display_name,
            "user_metadata": session.user_metadata,
            "checkpoint_storage_bytes": sum(int(str(c["size_bytes"])) for c in saved),
        }


def _matches(session: Session, query: Body) -> bool:
    named, shown = query.get("session_id"), query.get("display_name")
    if named is not None or shown is not None:
        words = str(shown).lower().split() if shown is not None else []
        by_name = bool(words) and all(w in (session.display_name or "").lower() for w in words)
        if session.id != named and not by_name:
            return False
    wanted = query.get("user_metadata") or {}
    if not isinstance(wanted, Mapping):
        raise EngineError("sessions/search: user_metadata must be an object", status=422)
    if any((session.user_metadata or {}).get(k) != v for k, v in wanted.items()):
        return False
    statuses = query.get("statuses")
    if statuses is None:
        return True
    if not isinstance(statuses, list) or not all(isinstance(s, Mapping) for s in statuses):
        raise EngineError("sessions/search: statuses must be a list of objects with a type", status=422)
    return any(_has(session.status, s) for s in statuses)


def _has(status: Mapping[str, Any] | None, query: Mapping[str, Any]) -> bool:
    reasons = query.get("reasons")
    if reasons is not None and not isinstance(reasons, list):
        raise EngineError("sessions/search: reasons must be a list", status=422)
    if status is None or status["type"] != query.get("type"):
        return False
    return reasons is None or status.get("reason", {}).get("type") in reasons


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
