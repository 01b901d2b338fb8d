"""A batch as a prefix tree: tokens that several sequences begin with are computed once.

Sequences are sorted, neighbours' common prefixes found, and every stretch of tokens becomes a node under the node it
continues. The nodes of one parent are laid out side by side and padded only inside attention. A negative token -1-r
stands for row r of the user table (a soft token), so users share only what stands before no user.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]

MIN_SHARED = 16  # a shorter common prefix costs more in extra attention calls than it saves
MAX_PADDING = 1.25  # attention rows of one call: padded size over real size


@dataclass
class Node:
    """Tokens `tokens` from position `start` of a sequence on, laid out at `offset` of the flat batch."""

    tokens: Tokens
    start: int
    parent: Node | None
    children: list[Node] = field(default_factory=list)
    offset: int = -1


@dataclass(frozen=True)
class Rows:
    """Nodes of one parent that share an attention call: flat positions [lo, hi), one length a row.

    Their queries begin at `at`, which is `lo` unless only some positions have queries (`narrow`).
    """

    lo: int
    hi: int
    lengths: list[int]
    path: list[tuple[int, int]]  # flat ranges of all that stands before these rows
    at: int

    @property
    def queries(self) -> slice:
        return slice(self.at, self.at + self.hi - self.lo)


@dataclass(frozen=True)
class Pack:
    """tokens, positions: [T]. index[d][i]: where token i of sequence d stands in the flat batch."""

    tokens: Tokens
    positions: Tokens
    rows: list[Rows]
    index: list[Tokens]


def order(sequences: list[Tokens]) -> list[int]:
    """Indices in lexicographic order of the tokens, so that common prefixes stand side by side."""
    keys = [(s + (1 << 40)).astype(">i8").tobytes() for s in sequences]
    return sorted(range(len(sequences)), key=lambda i: keys[i])


def common(a: Tokens, b: Tokens) -> int:
    n = min(a.size, b.size)
    different = np.flatnonzero(a[:n] != b[:n])
    return int(different[0]) if different.size else n


def split(sequences: list[Tokens], budget: int, ordered: list[int], glue: list[int] | None = None) -> list[list[int]]:
    """Cut the ordered sequences into pieces of at most `budget` distinct tokens (at least one unit each).

    `glue[i]` names the unit of sequence i: a unit is never cut (pairs).
    """
    pieces: list[list[int]] = []
    current: list[int] = []
    used = 0
    for at, i in enumerate(ordered):
        shared = common(sequences[ordered[at - 1]], sequences[i]) if current else 0
        new = sequences[i].size - (shared if shared >= MIN_SHARED else 0)
        same_unit = glue is not None and at > 0 and glue[i] == glue[ordered[at - 1]]
        if current and used + new > budget and not same_unit:
            pieces.append(current)
            current, used, new = [], 0, sequences[i].size
        current.append(i)
        used += new
    if current:
        pieces.append(current)
    return pieces


def pack(sequences: list[Tokens]) -> Pack:
    """Build the tree of these sequences and lay it out flat, parents before children."""
    ordered = order(sequences)
    lcp = [0] + [common(sequences[a], sequences[b]) for a, b in itertools.pairwise(ordered)]
    owner: list[Node | None] = [None] * len(sequences)
    root = Node(np.zeros(0, dtype=np.int64), 0, None)
    _grow(sequences, ordered, lcp, root, owner)
    flat: list[Tokens] = []
    positions: list[Tokens] = []
    rows: list[Rows] = []
    queue, total = [root], 0
    while queue:
        parent = queue.pop(0)
        path = _path(parent)
        for group in _row_groups(parent.children):
            lo = total
            for node in group:
                node.offset = total
                total += node.tokens.size
                flat.append(node.tokens)
                positions.append(np.arange(node.start, node.start + node.tokens.size, dtype=np.int64))
            rows.append(Rows(lo, total, [node.tokens.size for node in group], path, lo))
        queue.extend(child for child in parent.children if child.children)
    index = [_index(owner[i], sequences[i].size) for i in range(len(sequences))]
    return Pack(np.concatenate(flat), np.concatenate(positions), rows, index)


def narrow(rows: list[Rows], wanted: Tokens) -> tuple[list[Rows], Tokens]:
    """The rows in which somebody looks at a flat position of `wanted`, and the positions that then have queries.

    Of each node that is one stretch, from its first wanted position to its last (ascending positions come out). What
    stands before the stretch goes to its path, so that attention within it stays causal from its first key on.
    """
    wanted = np.unique(wanted)
    out: list[Rows] = []
    positions: list[Tokens] = []
    count = 0

    def add(lo: int, hi: int, lengths: list[int], path: list[tuple[int, int]]) -> None:
        nonlocal count
        out.append(Rows(lo, hi, lengths, path, count))
        positions.append(np.arange(lo, hi, dtype=np.int64))
        count += hi - lo

    for group in rows:
        whole: list[int] = []  # lengths of neighbours that are wanted whole; they stay together
        lo = group.lo
        for length in group.lengths:
            first, last = np.searchsorted(wanted, [lo, lo + length])
            start, end = (int(wanted[first]), int(wanted[last - 1]) + 1) if last > first else (lo, lo)
            if end - start == length:
                whole.append(length)
            else:
                if whole:
                    add(lo - sum(whole), lo, whole, group.path)
                    whole = []
                if end > start:
                    add(start, end, [end - start], [*group.path, *([(lo, start)] if start > lo else [])])
            lo += length
        if whole:
            add(lo - sum(whole), lo, whole, group.path)
    return out, np.concatenate(positions)


def _grow(sequences: list[Tokens], ordered: list[int], lcp: list[int], root: Node, owner: list[Node | None]) -> None:
    """Hang the sequences into the tree; prefixes of prefixes may go as deep as they like."""
    todo = [(0, len(ordered), root)]
    while todo:
        at, hi, parent = todo.pop()
        start = parent.start + parent.tokens.size
        while at < hi:
            end = at + 1
            depth = sequences[ordered[at]].size
            while end < hi:
                same = lcp[end] == sequences[ordered[end]].size == sequences[ordered[end - 1]].size
                if lcp[end] < start + MIN_SHARED and not (same and lcp[end] > start):
                    break
                depth = min(depth, lcp[end])
                end += 1
            node = Node(sequences[ordered[at]][start:depth], start, parent)
            parent.children.append(node)
            inner = at
            while inner < end and sequences[ordered[inner]].size == depth:
                owner[ordered[inner]] = node
                inner += 1
            if inner < end:
                todo.append((inner, end, node))
            at = end


def _row_groups(children: list[Node]) -> list[list[Node]]:
    """Sort by length and cut where padding to the longest would waste too much."""
    groups: list[list[Node]] = []
    real = 0
    for node in sorted(children, key=lambda n: -n.tokens.size):
        if groups:
            longest = groups[-1][0].tokens.size
            if longest * (len(groups[-1]) + 1) <= MAX_PADDING * (real + node.tokens.size):
                groups[-1].append(node)
                real += node.tokens.size
                continue
        groups.append([node])
        real = node.tokens.size
    return groups


def _path(node: Node) -> list[tuple[int, int]]:
    ranges: list[tuple[int, int]] = []
    while node.parent is not None:
        ranges.append((node.offset, node.offset + node.tokens.size))
        node = node.parent
    return ranges[::-1]


def _index(node: Node | None, size: int) -> Tokens:
    out = np.empty(size, dtype=np.int64)
    at = node
    while at is not None and at.parent is not None:
        out[at.start : at.start + at.tokens.size] = np.arange(at.offset, at.offset + at.tokens.size)
        at = at.parent
    return out
