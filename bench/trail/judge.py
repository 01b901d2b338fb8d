"""What a response says: its answer, and how many of its hops hold."""

from __future__ import annotations

from itertools import takewhile
from typing import Any


def answer(text: str) -> str:
    return text.rsplit("</think>", 1)[-1].strip()


def right(row: dict[str, Any], text: str) -> bool:
    return answer(text) == row["answer"]


def hops(text: str) -> list[tuple[str, str]]:
    """Theme and label of every hop that a chain says: of a theme that is not shown, the label it takes to be left."""
    said: list[tuple[str, str]] = []
    for line in text.split("</think>", 1)[0].splitlines():
        words = line.split()
        if len(words) == 4 and words[0] == "film":
            said.append((words[2], words[3]))
        elif len(words) == 3 and words[0] == "most" and said and said[-1][0] == words[1]:
            said[-1] = (words[1], words[2])
    return said


def hops_held(row: dict[str, Any], text: str) -> float:
    """Share of the way, from its start on, that the chain's hops follow; 0 where it asks for another number of hops."""
    said, path = hops(text), [(theme, label) for theme, label, _ in row["path"]]
    if len(said) != len(path):
        return 0.0
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(said, path, strict=True))) / len(path)
