"""Freed arrays are used again by later ones instead of being cleared page by page, and their holes are filled; a
training step holds what its formula says and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import Qwen3Config, Qwen3ForCausalLM

from tagpr_engine import lora
from tagpr_engine.backbone import load
from tagpr_engine.training import TrainedModel
from tagpr_engine.wire import Datum

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


GROWTH = """
import ctypes, resource
from tagpr_engine.memory import SPARE, bound, keep_freed
assert keep_freed()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def used(size):
    at = libc.malloc(size)
    ctypes.memset(at, 1, size)
    libc.free(at)
    bound()
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
bound()
start = used(1 << 20)
assert used(SPARE // 2) > start + SPARE // 4
assert used(2 * SPARE) < start + SPARE // 2
"""

AGAIN = """
import ctypes, resource
from tagpr_engine import memory
assert memory.keep_freed()
memory.SPARE = 16 << 20
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def array(size):
    at = libc.malloc(size)
    ctypes.memset(at, 1, size)
    return at
def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    libc.free(array(size))
    memory.bound()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize()
array(20 * memory.SPARE)
memory.bound()
step = 4 * memory.SPARE
assert faults(step) > step // 2
assert faults(step) < step // 8
faults(8 * memory.SPARE)
assert faults(step) > step // 2
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_what_is_free_is_given_back_once_it_is_much() -> None:
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_what_a_step_needs_again_is_kept_where_it_is_a_small_part() -> None:
    done = subprocess.run([sys.executable, "-c", AGAIN], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


HOLES = """
import ctypes, os, resource, sys
from pathlib import Path
from tagpr_engine.memory import fill_holes, keep_freed
fill_holes([Path(sys.argv[1])])
keep_freed()
libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]
size = 4 << 20
def array(size):
    at = ctypes.c_void_p()
    assert libc.posix_memalign(ctypes.byref(at), 64, size) == 0
    ctypes.memset(at, 1, size)
    return at
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
for at in [array(size) for _ in range(6)]:
    libc.free(at)
before = resident()
array(5 * size)
print(os.environ.get("GLIBC_TUNABLES", ""), resident() - before < size)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_holes_side_by_side_are_one_where_a_model_is_large(tmp_path: Path) -> None:
    def said(size: int) -> str:
        with (tmp_path / "model.safetensors").open("wb") as file:
            file.truncate(size)
        command = [sys.executable, "-c", HOLES, str(tmp_path)]
        env = {"PATH": "", "GLIBC_TUNABLES": "glibc.malloc.check=0"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert said(1 << 30) == "glibc.malloc.check=0:glibc.malloc.tcache_count=0 True"
    # Without the setting glibc merges them or not, as its cache happens to stand.
    assert said(1 << 20).split(" ")[0] == "glibc.malloc.check=0"


def test_a_step_with_adapters_and_recomputing_holds_layer_inputs_one_layer_and_logits(
    tmp_path: Path,
) -> None:
    """Bytes of live tensors at their peak, above what stands before and after. The frozen weights cost nothing."""
    width, inner, layers, vocab, tokens, looked = 128, 384, 12, 30_000, 2048, 128
    config = Qwen3Config(
        vocab_size=vocab, hidden_size=width, intermediate_size=inner, num_hidden_layers=layers, head_dim=32,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    Qwen3ForCausalLM(config).save_pretrained(tmp_path)
    backbone = load(tmp_path, torch.float32, "cpu")
    backbone.recompute = True
    adapter = lora.attach(backbone.model, 8, 0)
    trained = TrainedModel(backbone, "tiny", tokens, adapter=adapter)
    ids = np.arange(tokens, dtype=np.int64) % vocab
    weights = (np.arange(tokens) >= tokens - looked).astype(np.float32)
    data = [Datum(ids, {"target_tokens": ids, "weights": weights})]
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        trained.forward_backward(data, "cross_entropy", {"only_weighted": 1.0}, False)
    events = [e for e in profiler.profiler.kineto_results.events() if e.name() == "[memory]"]  # pyright: ignore
    live = np.cumsum([e.nbytes() for e in sorted(events, key=lambda e: e.start_ns())])
    logits = 3 * 4 * vocab * looked
    layer = 4 * tokens * (8 * width + 2 * 4 * 32 + 3 * inner)
    gradients = 4 * sum(p.numel() for p in adapter.parameters().values())
    bound = 4 * tokens * width * layers + 2 * layer + logits + gradients
    assert live.max() < bound
    assert live[-1] < 1.5 * gradients + (1 << 20)
    assert all(p.grad is None for name, p in backbone.model.named_parameters() if not name.endswith((".a", ".b")))
