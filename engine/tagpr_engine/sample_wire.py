"""Samples as they travel, and the sides of a request that ask for more than tokens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .gen import tinker_pb2 as pb

NOTHING = -99999.0  # the protocol's log-prob of a place in a table that holds no token


@dataclass(frozen=True)
class Likeliest:
    """tokens, logprobs [n, k]: the k likeliest at each place, the likeliest first."""

    tokens: NDArray[np.int64]
    logprobs: NDArray[np.float32]


@dataclass(frozen=True)
class Sequence:
    """One sample: its tokens (a stop token included), their log-probs (nats), and why it ended."""

    tokens: NDArray[np.int32]
    logprobs: NDArray[np.float32]
    stopped: bool
    likeliest: Likeliest | None = None


@dataclass(frozen=True)
class Targets:
    """Which tokens' log-probs are wanted: ids [n - 1, K], -1 for none; row i is about prompt token i + 1.

    `sparse`: the crow and col indices by which it came, and by which the answer goes.
    """

    ids: NDArray[np.int64]
    sparse: tuple[NDArray[np.int64], NDArray[np.int64]] | None


@dataclass(frozen=True)
class PromptWishes:
    """logprobs: of the prompt's own tokens; topk: of the k likeliest; the last `last` tokens, or all."""

    logprobs: bool = False
    topk: int = 0
    last: int | None = None
    targets: Targets | None = None

    def __bool__(self) -> bool:
        return self.logprobs or self.topk > 0 or self.targets is not None


@dataclass(frozen=True)
class PromptScores:
    """logprobs [n], NaN where there is none; targets like the wish's ids, 0 where none was named."""

    logprobs: NDArray[np.float32] | None = None
    likeliest: Likeliest | None = None
    targets: NDArray[np.float32] | None = None


def write_samples(sequences: list[Sequence], wishes: PromptWishes, scores: PromptScores, cached: int) -> bytes:
    message = pb.SampleResponse(prompt_cache_hit_tokens=cached)
    for sequence in sequences:
        made = message.sequences.add(
            stop_reason=pb.STOP_REASON_STOP if sequence.stopped else pb.STOP_REASON_LENGTH,
            tokens=sequence.tokens.astype("<i4").tobytes(),
            logprobs=sequence.logprobs.astype("<f4").tobytes(),
        )
        if sequence.likeliest is not None:
            _write_likeliest(made.topk_sampled_logprobs, sequence.likeliest)
    if scores.logprobs is not None:
        message.prompt_logprobs = scores.logprobs.astype("<f4").tobytes()
    if scores.likeliest is not None:
        _write_likeliest(message.topk_prompt_logprobs, scores.likeliest)
    if scores.targets is not None and wishes.targets is not None:
        _write_targets(message.target_prompt_logprobs, wishes.targets, scores.targets)
    return message.SerializeToString(deterministic=True)


def _write_likeliest(to: pb.TopkLogprobs, found: Likeliest) -> None:
    to.token_ids, to.logprobs = found.tokens.astype("<i4").tobytes(), found.logprobs.astype("<f4").tobytes()
    to.length, to.k = found.tokens.shape


def _write_targets(to: pb.Tensor, wish: Targets, found: NDArray[np.float32]) -> None:
    to.dtype = pb.DTYPE_FLOAT32
    to.shape.extend(found.shape)
    if wish.sparse is None:
        to.dense = found.astype("<f4").tobytes()
        return
    crow, col = wish.sparse
    rows = np.repeat(np.arange(found.shape[0]), np.diff(crow))
    to.sparse_csr.values = found[rows, col].astype("<f4").tobytes()
    to.sparse_csr.crow_indices, to.sparse_csr.col_indices = crow.astype("<i8").tobytes(), col.astype("<i8").tobytes()
