"""Element-wise functions as one kernel each where they run on a GPU; the same functions, uncompiled, elsewhere."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

from .errors import first_line

log = logging.getLogger("tagpr_engine")

P = ParamSpec("P")
R = TypeVar("R")


WORTH = 1 << 23  # elements: below, calling the compiled function takes longer than the kernels that it saves


class _State:
    enabled = True  # off for good after the first function that can't be compiled here (no Triton, no C compiler)
    always = False


@contextmanager
def always() -> Generator[None]:
    """Within, small tensors are worth it too: what is captured in a graph is called once and replayed."""
    before, _State.always = _State.always, True
    try:
        yield
    finally:
        _State.always = before


def fused(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` at its first call with large tensors on a GPU; where that fails it runs as it stands."""
    compiled: list[Callable[P, R]] = []

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        first = args[0]
        if not (isinstance(first, Tensor) and first.is_cuda and _State.enabled):
            return function(*args, **kwargs)
        if not (_State.always or first.numel() >= WORTH):
            return function(*args, **kwargs)
        try:
            if not compiled:
                compiled.append(_compiled(function))
            return compiled[0](*args, **kwargs)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # whatever a compiler says
            _State.enabled = False
            log.warning("element-wise kernels stay uncompiled: %s", first_line(error))
            return function(*args, **kwargs)

    return call


def _compiled(function: Callable[P, R]) -> Callable[P, R]:
    config: Any = torch._dynamo.config  # pyright: ignore
    limit = "recompile_limit" if hasattr(config, "recompile_limit") else "cache_size_limit"  # the latter in PyTorch 2.6
    setattr(config, limit, 64)  # a function's widths, types and modes
    return torch.compile(function, dynamic=True)
