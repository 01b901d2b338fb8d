"""Whether those who wait were awake: a suspended process is not silent, nor is a closed lid."""

from __future__ import annotations

import time
from collections.abc import Callable

from .sessions import Sessions

STALL = 5.0  # seconds between two looks, a second apart, in which this process was stopped
QUIET = 30.0  # seconds without a sign of life in which the owner is asleep: it beats every ten


class Awake:
    """How long the engine, and the one process that owns it where one does, have been awake without a break."""

    def __init__(self, sessions: Sessions, owned: bool, now: Callable[[], float] = time.monotonic) -> None:
        self._sessions = sessions
        self._owned = owned
        self._now = now
        self._looked = self._woke = now()

    def look(self) -> float:
        """Seconds, to be asked for every second. Nothing that has waited longer than that had its whole time."""
        now = self._now()
        stalled = now - self._looked > STALL
        self._looked = now
        last = max((s.last for s in list(self._sessions.known.values()) if s.open), default=now)
        if stalled or (self._owned and now - last > QUIET):
            self._woke = now
        return now - self._woke
