"""Protobuf to arrays and back. Nothing is guessed: a tensor whose bytes, shape or dtype disagree is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from numpy.typing import NDArray

from .errors import EngineError
from .gen import tinker_pb2 as pb

Array = NDArray[np.float32] | NDArray[np.int64]

_DTYPES: dict[int, tuple[str, np.dtype[np.generic]]] = {
    pb.DTYPE_FLOAT32: ("float32", np.dtype("<f4")),
    pb.DTYPE_INT64: ("int64", np.dtype("<i8")),
    pb.DTYPE_INT32: ("int32", np.dtype("<i4")),
    pb.DTYPE_BFLOAT16: ("bfloat16", np.dtype("<u2")),
}


@dataclass(frozen=True)
class Datum:
    """tokens[i] predicts inputs["target_tokens"][i]; every input is a flat array."""

    tokens: NDArray[np.int64]
    inputs: dict[str, Array]


def parse_forward_backward(body: bytes) -> pb.ForwardBackwardRequest:
    message = pb.ForwardBackwardRequest()
    try:
        message.ParseFromString(body)
    except Exception as error:
        raise EngineError("forward_backward: the body is not a ForwardBackwardRequest message") from error
    return message


def newer_fields(message: Message) -> dict[str, None]:
    """Names for the fields that a newer client has put into a message."""
    return {f"field {field.field_number}": None for field in UnknownFieldSet(message)}


def read_data(message: pb.ForwardBackwardRequest) -> tuple[list[Datum], dict[str, float]]:
    """The datums and the loss configuration (the newer map wins)."""
    config: dict[str, float] = dict(message.loss_fn_config)
    for key, value in message.loss_fn_config_v2.items():
        if value.WhichOneof("value") != "number":
            raise EngineError(f"loss_fn_config: {key!r} must be a number")
        config[key] = value.number
    return [_read_datum(i, datum) for i, datum in enumerate(message.data)], config


def _read_datum(index: int, datum: pb.Datum) -> Datum:
    parts: list[NDArray[np.int32]] = []
    for chunk in datum.model_input:
        kind = chunk.WhichOneof("chunk")
        if kind != "encoded_text":
            raise EngineError(
                f"datum {index}: model_input holds {kind or 'an empty chunk'}; this engine takes text only"
            )
        raw = chunk.encoded_text.tokens
        if len(raw) % 4:
            raise EngineError(f"datum {index}: model_input holds {len(raw)} bytes of tokens, no multiple of 4")
        parts.append(np.frombuffer(raw, dtype="<i4"))
    tokens = np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)
    if tokens.size == 0:
        raise EngineError(f"datum {index}: model_input is empty")
    inputs = {name: _read_tensor(index, name, tensor) for name, tensor in datum.loss_fn_inputs.items()}
    return Datum(tokens, inputs)


def _read_tensor(index: int, name: str, tensor: pb.Tensor) -> Array:
    where = f"datum {index}: loss input {name!r}"
    if tensor.WhichOneof("encoding") == "sparse_csr":
        raise EngineError(f"{where} is sparse; send it dense")
    if tensor.dtype not in _DTYPES:
        raise EngineError(f"{where} has no known dtype ({tensor.dtype})")
    label, dtype = _DTYPES[tensor.dtype]
    if len(tensor.dense) % dtype.itemsize:
        raise EngineError(f"{where} has {len(tensor.dense)} bytes, no multiple of {label}'s {dtype.itemsize}")
    flat = np.frombuffer(tensor.dense, dtype=dtype)
    shape = list(tensor.shape) or [flat.size]
    if min(shape, default=0) < 0 or math.prod(shape) != flat.size:
        raise EngineError(f"{where} has shape {shape} but {flat.size} values")
    if len([n for n in shape if n != 1]) > 1:
        raise EngineError(f"{where} has shape {shape}; this engine takes one value a position")
    if label in ("int64", "int32"):
        return flat.astype(np.int64)
    values = (flat.astype(np.uint32) << 16).view(np.float32) if label == "bfloat16" else flat.astype(np.float32)
    if not np.isfinite(values).all():
        raise EngineError(
            f"{where} holds {values[~np.isfinite(values)][0]} at position {int(np.argmin(np.isfinite(values)))}"
        )
    return values


def write_forward_backward(
    outputs: Mapping[str, list[NDArray[np.float32]]], n: int, metrics: Mapping[str, float]
) -> bytes:
    """outputs[name][datum] holds that datum's values; every name holds n of them."""
    message = pb.ForwardBackwardOutput(loss_fn_output_type="scalar")
    record = message.loss_fn_outputs.add(num_datums=n)
    for name, arrays in outputs.items():
        offsets = np.zeros(n + 1, dtype="<i8")
        np.cumsum([a.size * 4 for a in arrays], out=offsets[1:])
        field = record.fields[name]
        field.data = b"".join(a.astype("<f4").tobytes() for a in arrays)
        field.offsets = offsets.tobytes()
        field.dtype = pb.DTYPE_FLOAT32
    for name, value in metrics.items():
        message.metrics[name] = float(value)
    return message.SerializeToString(deterministic=True)


@dataclass(frozen=True)
class Sequence:
    """One sample: its tokens (a stop token included), their log-probs (nats), and why it ended."""

    tokens: NDArray[np.int32]
    logprobs: NDArray[np.float32]
    stopped: bool


def write_samples(sequences: list[Sequence], prompt_logprobs: NDArray[np.float32] | None, cached: int) -> bytes:
    message = pb.SampleResponse(prompt_cache_hit_tokens=cached)
    for sequence in sequences:
        message.sequences.add(
            stop_reason=pb.STOP_REASON_STOP if sequence.stopped else pb.STOP_REASON_LENGTH,
            tokens=sequence.tokens.astype("<i4").tobytes(),
            logprobs=sequence.logprobs.astype("<f4").tobytes(),
        )
    if prompt_logprobs is not None:
        message.prompt_logprobs = prompt_logprobs.astype("<f4").tobytes()
    return message.SerializeToString(deterministic=True)
