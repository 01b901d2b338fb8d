"""How this process keeps its memory.

glibc hands every large array back to the system when it is freed, and the next one is then cleared page by page again;
in eager PyTorch that costs as much as the element-wise work itself.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

LARGE = (
    256 << 20
)  # bytes of a model's files: of smaller ones, little is lost to holes, and small pieces are asked for often
SPARE = 256 << 20  # bytes that a process may hold for nothing before it hands them back
SHARE = 4  # or this part of what is in use, if that is more: the next step would only ask for them again
_TUNABLES, _CACHE = "GLIBC_TUNABLES", "glibc.malloc.tcache_count"
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8  # mallopt's names, from malloc.h


def _libc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None


def keep_freed() -> bool:
    """Let freed arrays be used again by later ones, whatever their size. Answers whether the C library can."""
    libc = _libc()
    if libc is None:
        return False
    settings = ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, -1))
    kept = all(libc.mallopt(name, value) == 1 for name, value in settings)
    if kept and _Kept.statm is None:
        _Kept.statm = os.open("/proc/self/statm", os.O_RDONLY)
    return kept


def fill_holes(models: list[Path]) -> None:
    """Begin this process anew with malloc's cache of small pieces off, where one of these models is large.

    PyTorch wants arrays at multiples of 64 bytes: glibc cuts each from a longer piece, and what is left before and
    behind goes to that cache, where nothing is merged. The hole that an array leaves is then too short, by so much, for
    the next one of the same size, and a training step takes fresh memory for most of what it makes. The cache can be
    turned off only before a process starts.
    """
    known = os.environ.get(_TUNABLES, "")
    if _libc() is None or _CACHE in known or all(_bytes(model) < LARGE for model in models):
        return
    tunables = ":".join([*([known] if known else []), f"{_CACHE}=0"])
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, _TUNABLES: tunables})


def _bytes(model: Path) -> int:
    return sum(file.stat().st_size for file in model.glob("*.safetensors"))


class _Kept:
    """statm: where the system says what this process holds, once `keep_freed` was asked. used: the most that was left
    of it after handing back, since a model went. limit: what it may grow to. Bytes."""

    statm: int | None = None
    used = 0
    limit = 0


def bound() -> None:
    """Hand what is free to the system where the process has grown past its limit: between layers.

    What holes can't hold would else be taken anew for as long as a step lasts. The limit follows the most that was
    found in use, so that steps of one shape soon find all that they need, and nothing is cleared again for them.
    """
    if _Kept.statm is None or _resident(_Kept.statm) <= _Kept.limit:
        return
    _trim()
    _Kept.used = max(_Kept.used, _resident(_Kept.statm))
    _Kept.limit = _Kept.used + max(SPARE, _Kept.used // SHARE)


def _resident(statm: int) -> int:
    return int(os.pread(statm, 128, 0).split()[1]) * os.sysconf("SC_PAGE_SIZE")


def give_back() -> None:
    """Hand what is free to the system: after a model was unloaded, say."""
    _trim()
    _Kept.used = _Kept.limit = 0


def _trim() -> None:
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(0)
