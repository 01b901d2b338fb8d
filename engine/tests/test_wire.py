"""Bytes that do not say what they claim are refused, with the datum and the input by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from wire_client import datum

from tagpr_engine.errors import EngineError
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.wire import parse_forward_backward, read_data


def weights(**changes: object) -> Callable[[pb.ForwardBackwardRequest], None]:
    def spoil(message: pb.ForwardBackwardRequest) -> None:
        tensor = message.data[1].loss_fn_inputs["weights"]
        for name, value in changes.items():
            if name == "shape":
                del tensor.shape[:]
                tensor.shape.extend(value)  # type: ignore[arg-type]
            else:
                setattr(tensor, name, value)

    return spoil


def sparse(message: pb.ForwardBackwardRequest) -> None:
    message.data[1].loss_fn_inputs["weights"].sparse_csr.values = b"\0" * 4


def image(message: pb.ForwardBackwardRequest) -> None:
    message.data[1].model_input.add().image.format = "png"


def empty(message: pb.ForwardBackwardRequest) -> None:
    del message.data[1].model_input[:]


def cut(message: pb.ForwardBackwardRequest) -> None:
    message.data[1].model_input[0].encoded_text.tokens = b"\0" * 6


def f4(*values: float) -> bytes:
    return np.array(values, "<f4").tobytes()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (weights(dense=f4(1, 1, float("inf"))), "'weights' holds inf at position 2"),
        (weights(dense=f4(1, float("nan"), 1)), "'weights' holds nan at position 1"),
        (weights(dense=f4(1, 1)), r"shape \[3\] but 2 values"),
        (weights(dense=b"\0" * 11), "11 bytes, no multiple of float32's 4"),
        (weights(dtype=99), "no known dtype"),
        (weights(shape=[-1, -3]), r"shape \[-1, -3\]"),
        (weights(dense=f4(1, 1, 1, 1), shape=[2, 2]), "one value a position"),
        (sparse, "no sparse CSR matrix of shape"),
        (image, "image; this engine takes text only"),
        (empty, "model_input is empty"),
        (cut, "6 bytes of tokens"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(spoil: Callable[[pb.ForwardBackwardRequest], None], says: str) -> None:
    message = pb.ForwardBackwardRequest(loss_fn="cross_entropy")
    for _ in range(2):
        datum(message, [5, 6, 7], target_tokens=np.array([6, 7, 8]), weights=np.ones(3))
    assert len(read_data(message)[0]) == 2
    spoil(message)
    with pytest.raises(EngineError, match=says) as caught:
        read_data(parse_forward_backward(message.SerializeToString()))
    assert caught.value.message.startswith("datum 1: ")


def test_a_body_of_another_kind_is_refused() -> None:
    with pytest.raises(EngineError, match="not a ForwardBackwardRequest"):
        parse_forward_backward(b'{"model_id": "x"}')
    message = pb.ForwardBackwardRequest()
    message.loss_fn_config_v2["clip_low_threshold"].text = "low"
    with pytest.raises(EngineError, match="'clip_low_threshold' must be a number"):
        read_data(message)


def test_bf16_tensors_are_read() -> None:
    message = pb.ForwardBackwardRequest()
    datum(message, [5, 6], weights=np.array([1.0, -0.5]))
    tensor = message.data[0].loss_fn_inputs["weights"]
    tensor.dense, tensor.dtype = (np.frombuffer(tensor.dense, "<u4") >> 16).astype("<u2").tobytes(), pb.DTYPE_BFLOAT16
    assert read_data(message)[0][0].inputs["weights"].tolist() == [1.0, -0.5]
