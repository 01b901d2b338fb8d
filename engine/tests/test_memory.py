"""Freed arrays are used again by later ones instead of being cleared page by page."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import ctypes, resource
from tagpr_engine.memory import give_back, keep_freed
assert keep_freed()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
size, found = 200 << 20, []
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    at = libc.malloc(size)
    ctypes.memset(at, 1, size)
    libc.free(at)
    found.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
assert found[1] * 10 < found[0], found
give_back()
assert int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() < size
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_freed_memory_is_kept_and_given_back_when_asked() -> None:
    done = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
