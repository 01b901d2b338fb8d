"""What is remembered of a client's session, also when it is over: until the engine ends, nothing is on disk."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from .errors import EngineError

KEPT = 1000  # sessions that are over


@dataclass
class Session:
    id: str
    user_metadata: dict[str, Any] | None = None
    display_name: str | None = None
    created: float = field(default_factory=time.time)
    last: float = field(default_factory=time.monotonic)  # sign of life
    status: dict[str, Any] | None = field(default_factory=lambda: {"type": "active"})  # None: it fell silent
    runs: list[str] = field(default_factory=list)
    samplers: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.status is not None and self.status["type"] == "active"


class Sessions:
    def __init__(self) -> None:
        self.known: dict[str, Session] = {}

    def create(self, user_metadata: dict[str, Any] | None, display_name: str | None) -> Session:
        made = Session(f"session_{uuid.uuid4().hex[:12]}", user_metadata, display_name)
        self.known[made.id] = made
        for over in [s.id for s in self.known.values() if not s.open][:-KEPT]:
            del self.known[over]
        return made

    def find(self, session_id: str) -> Session:
        """Open or over. Raises EngineError on one that was never there."""
        found = self.known.get(session_id)
        if found is None:
            raise EngineError(f"session {session_id!r} is unknown", status=404)
        return found

    def beat(self, session_id: str | None) -> None:
        """A sign of life. Raises EngineError where the session is over: 410 tells official clients to stop."""
        if session_id is None:
            return
        found = self.known.get(session_id)
        if found is not None and found.status is not None and not found.open:
            raise EngineError(f"session {session_id!r} was finished by its client", status=410)
        if found is None or not found.open:
            raise EngineError(f"session {session_id!r} is unknown or has ended", status=404)
        found.last = time.monotonic()

    def silent(self, seconds: float) -> list[Session]:
        limit = time.monotonic() - seconds
        return [s for s in list(self.known.values()) if s.open and s.last < limit]
