"""What tests of a server in this process ask of it again and again."""

from __future__ import annotations

import numpy as np
from wire_client import Client, datum

from tagpr_engine.engine import Engine
from tagpr_engine.gen import tinker_pb2 as pb
from tagpr_engine.worker import Job

GREEDY = {"max_tokens": 6, "temperature": 0, "stop": []}


def message(model: str, seq: int = 0, weight: float = 1.0) -> pb.ForwardBackwardRequest:
    made = pb.ForwardBackwardRequest(model_id=model, seq_id=seq, loss_fn="cross_entropy")
    datum(made, [5, 6, 7, 8], target_tokens=np.array([6, 7, 8, 9]), weights=np.full(4, weight))
    return made


def step(client: Client, model: str, rate: float = 0.02) -> dict[str, float]:
    return client.wait(client.post("optim_step", model_id=model, adam_params={"learning_rate": rate}))["metrics"]


def settle(engine: Engine) -> None:
    """Wait until everything queued so far has run."""
    future = engine.worker.future()
    engine.worker.submit(Job([future], lambda: [{}]))
    future.done.wait()
