"""What this process computes on, in words that stay the same from start to start; torch is loaded for a GPU alone."""

from __future__ import annotations

import os
import platform
from pathlib import Path

# What multiplies bf16 on a processor: Intel's tiles, AVX-512's dot products, Arm's.
_BF16 = ("amx_bf16", "avx512_bf16", "bf16")


def threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _fields() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty where there is none."""
    found: dict[str, str] = {}
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return found
    for line in lines:
        name, _, value = line.partition(":")
        if not name.strip():
            break
        found[name.strip()] = value.strip()
    return found


def describe(device: str) -> str:
    """`cpu: AMD EPYC, 2 threads, avx512_bf16` or `cuda: NVIDIA H200`."""
    if device == "cuda":
        import torch

        return f"cuda: {torch.cuda.get_device_name(0)}" if torch.cuda.is_available() else "cuda: none"
    fields = _fields()
    name = fields.get("model name") or platform.processor() or platform.machine()
    flags = (fields.get("flags") or fields.get("Features") or "").split()
    bf16 = next((flag for flag in _BF16 if flag in flags), None)
    return ", ".join(["cpu: " + " ".join(name.split()), f"{threads()} threads", *([bf16] if bf16 else [])])
