"""Protobuf to arrays and back. Nothing is guessed: a tensor whose bytes, shape or dtype disagree is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet
from numpy.typing import NDArray

from .errors import EngineError
from .gen import tinker_pb2 as pb

Array = NDArray[np.float32] | NDArray[np.int64]
SEVERAL = ("target_tokens", "weights")  # may have several values a position
MAX_DENSE = 1 << 26  # cells of a matrix

_DTYPES: dict[int, tuple[str, np.dtype[np.generic]]] = {
    pb.DTYPE_FLOAT32: ("float32", np.dtype("<f4")),
    pb.DTYPE_INT64: ("int64", np.dtype("<i8")),
    pb.DTYPE_INT32: ("int32", np.dtype("<i4")),
    pb.DTYPE_BFLOAT16: ("bfloat16", np.dtype("<u2")),
}


@dataclass(frozen=True)
class Datum:
    """tokens[i] predicts inputs["target_tokens"][i]; an input is [T], or [T, K] with several values a position."""

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
    inputs = {name: _read_tensor(index, name, tensor, tokens.size) for name, tensor in datum.loss_fn_inputs.items()}
    return Datum(tokens, inputs)


def _read_tensor(index: int, name: str, tensor: pb.Tensor, positions: int) -> Array:
    where = f"datum {index}: loss input {name!r}"
    if tensor.dtype not in _DTYPES:
        raise EngineError(f"{where} has no known dtype ({tensor.dtype})")
    label, dtype = _DTYPES[tensor.dtype]
    sparse = tensor.WhichOneof("encoding") == "sparse_csr"
    raw = tensor.sparse_csr.values if sparse else tensor.dense
    if len(raw) % dtype.itemsize:
        raise EngineError(f"{where} has {len(raw)} bytes, no multiple of {label}'s {dtype.itemsize}")
    flat = np.frombuffer(raw, dtype=dtype)
    shape = list(tensor.shape) or [flat.size]
    if sparse:
        crow = _indices(where, tensor.sparse_csr.crow_indices)
        flat = dense(where, flat, crow, _indices(where, tensor.sparse_csr.col_indices), shape).reshape(-1)
    if min(shape, default=0) < 0 or math.prod(shape) != flat.size:
        raise EngineError(f"{where} has shape {shape} but {flat.size} values")
    if len(shape) == 2 and shape[0] == positions and shape[1] > 0 and name in SEVERAL:
        flat = flat.reshape(shape)
    elif len([n for n in shape if n != 1]) > 1:
        raise EngineError(f"{where} has shape {shape}; it takes one value a position")
    if label in ("int64", "int32"):
        return flat.astype(np.int64)
    values = (flat.astype(np.uint32) << 16).view(np.float32) if label == "bfloat16" else flat.astype(np.float32)
    if not np.isfinite(values).all():
        raise EngineError(
            f"{where} holds {values[~np.isfinite(values)][0]} at position {int(np.argmin(np.isfinite(values)))}"
        )
    return values


def _indices(where: str, raw: bytes) -> NDArray[np.int64]:
    if len(raw) % 8:
        raise EngineError(f"{where} has {len(raw)} bytes of indices, no multiple of 8")
    return np.frombuffer(raw, dtype="<i8").astype(np.int64)


def dense(
    where: str, values: NDArray[Any], crow: NDArray[np.int64], col: NDArray[np.int64], shape: list[int], fill: int = 0
) -> NDArray[Any]:
    """A sparse CSR matrix written out, `fill` where it names nothing."""
    fits = len(shape) == 2 and min(shape) >= 0 and math.prod(shape) <= MAX_DENSE and crow.size == shape[0] + 1
    fits = fits and crow[0] == 0 and bool((np.diff(crow) >= 0).all()) and crow[-1] == values.size == col.size
    if not fits or (col.size and (col.min() < 0 or col.max() >= shape[1])):
        raise EngineError(f"{where} is no sparse CSR matrix of shape {shape} (at most {MAX_DENSE} cells)")
    out = np.full(shape, fill, dtype=values.dtype)
    out[np.repeat(np.arange(shape[0]), np.diff(crow)), col] = values
    return out


def write_forward_backward(
    outputs: Mapping[str, list[NDArray[np.float32]]], n: int, metrics: Mapping[str, float]
) -> bytes:
    """outputs[name][datum] holds that datum's values, [T] or [T, K]; every name holds n of them.

    A record takes neighbours with the same K.
    """
    message = pb.ForwardBackwardOutput(loss_fn_output_type="scalar")
    trailing = [tuple(arrays[i].shape[1:] for arrays in outputs.values()) for i in range(n)]
    for _, places in groupby(range(n), key=lambda i: trailing[i]):
        piece = list(places)
        record = message.loss_fn_outputs.add(num_datums=len(piece))
        for name, arrays in outputs.items():
            here = [arrays[i] for i in piece]
            offsets = np.zeros(len(piece) + 1, dtype="<i8")
            np.cumsum([a.size * 4 for a in here], out=offsets[1:])
            field = record.fields[name]
            field.data = b"".join(a.astype("<f4").tobytes() for a in here)
            field.offsets = offsets.tobytes()
            field.dtype = pb.DTYPE_FLOAT32
            field.trailing_shape.extend(here[0].shape[1:])
    for name, value in metrics.items():
        message.metrics[name] = float(value)
    return message.SerializeToString(deterministic=True)
