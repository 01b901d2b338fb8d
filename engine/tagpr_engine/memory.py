"""How this process keeps its memory.

glibc hands every large array back to the system when it is freed, and the next one is then cleared page by page again;
in eager PyTorch that costs as much as the element-wise work itself.
"""

from __future__ import annotations

import ctypes
import sys

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
    return all(libc.mallopt(name, value) == 1 for name, value in settings)


def give_back() -> None:
    """Hand what is free to the system: after a model was unloaded, say."""
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(0)
