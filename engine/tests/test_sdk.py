"""The official `tinker` SDK, unmodified, trains, samples, saves and resumes against the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wire_client import TOKEN, start

tinker = pytest.importorskip("tinker")
torch = pytest.importorskip("torch")

TOKENS = [5, 6, 7, 8, 9]


@pytest.fixture(scope="module")
def service(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    process, url = start("--model", folders["qwen"], "--store", tmp_path_factory.mktemp("store"))
    yield tinker.ServiceClient(base_url=url, api_key=TOKEN)
    process.terminate()
    process.wait(20)


def datum(**extra: list[float]) -> Any:
    inputs: dict[str, Any] = {"target_tokens": tinker.TensorData(data=[*TOKENS[1:], 10], dtype="int64", shape=[5])}
    for name, values in extra.items():
        inputs[name] = tinker.TensorData(data=values, dtype="float32", shape=[5])
    return tinker.Datum(model_input=tinker.ModelInput.from_ints(TOKENS), loss_fn_inputs=inputs)


def train(client: Any, data: list[Any], loss: str, steps: int, config: dict[str, float] | None = None) -> list[float]:
    losses: list[float] = []
    for _ in range(steps):
        done = client.forward_backward(data, loss, config)
        step = client.optim_step(tinker.AdamParams(learning_rate=0.02))
        losses.append(done.result(timeout=120).metrics["loss:sum"])
        assert step.result(timeout=120).metrics["grad_norm:mean"] > 0
    return losses


def test_it_trains_samples_saves_and_resumes(service: Any) -> None:
    client = service.create_lora_training_client(base_model="qwen", rank=4, seed=1).result(timeout=120)
    data = [datum(weights=[1.0] * 5)] * 3
    losses = train(client, data, "cross_entropy", 12)
    assert losses[-1] < 0.5 * losses[0]
    old = client.forward(data[:1], "cross_entropy").result(timeout=120).loss_fn_outputs[0]["logprobs"].tolist()
    ratio = datum(logprobs=old, advantages=[1.0] * 5)
    for loss in ("importance_sampling", "ppo", "cispo"):
        train(client, [ratio], loss, 1)
    gspo = datum(logprobs=old, advantages=[0.1] * 5, sequence_ratio_mask=[1.0] * 5)
    train(client, [gspo], "gspo", 1, {"clip_low_threshold": 0.9, "clip_high_threshold": 1.1})
    saved = client.save_state("one").result(timeout=120).path
    sampler = client.save_weights_and_get_sampling_client().result(timeout=120)
    params = tinker.SamplingParams(max_tokens=5, seed=3, temperature=1.0)
    prompt = tinker.ModelInput.from_ints([5])
    first = sampler.sample(prompt, num_samples=3, sampling_params=params, include_prompt_logprobs=True)
    found = first.result(timeout=120).sequences
    assert len(found) == 3 and all(len(s.tokens) == len(s.logprobs) for s in found)
    again = service.create_training_client_from_state_with_optimizer(saved).result(timeout=120)
    a, b = (c.forward(data, "cross_entropy").result(timeout=120).metrics["loss:sum"] for c in (client, again))
    assert a == pytest.approx(b, abs=1e-5)


def test_custom_losses_are_differentiated_on_the_client(service: Any) -> None:
    client = service.create_lora_training_client(base_model="qwen", rank=4, seed=1).result(timeout=120)

    def loss(data: list[Any], logprobs: list[Any]) -> tuple[Any, dict[str, float]]:
        total = sum((lp**2).sum() for lp in logprobs)
        return total, {"squares:sum": float(total.detach())}

    values: list[float] = []
    for _ in range(6):
        done = client.forward_backward_custom([datum(), datum()], loss)
        step = client.optim_step(tinker.AdamParams(learning_rate=0.02))
        values.append(done.result(timeout=120).metrics["squares:sum"])
        step.result(timeout=120)
    assert values[-1] < values[0]


def test_an_error_reaches_the_caller_as_it_was_said(service: Any) -> None:
    client = service.create_lora_training_client(base_model="qwen", rank=4, seed=1).result(timeout=120)
    with pytest.raises(Exception, match="needs loss input 'advantages'"):
        client.forward_backward([datum(logprobs=[0.0] * 5)], "importance_sampling").result(timeout=120)
