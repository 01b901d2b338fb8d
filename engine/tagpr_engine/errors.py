"""The one error that reaches a client: a sentence that says what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Literal

Category = Literal["user", "server"]


class EngineError(Exception):
    """A request that can't be served. `category` tells the client whose fault it is."""

    def __init__(self, message: str, category: Category = "user", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.category: Category = category
        self.status = status


def first_line(error: BaseException) -> str:
    """Its kind and the first line of what it says, which may be nothing."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
