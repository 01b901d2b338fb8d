"""The official `tinker` SDK, unmodified, trains, samples, saves and resumes against the server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from wire_client import TOKEN, start

tinker = pytest.importorskip("tinker")
torch = pytest.importorskip("torch")

TOKENS = [5, 6, 7, 8, 9]


@pytest.fixture(scope="module")
def service(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Address and key come from the environment, as a person would give them."""
    process, url = start("--model", folders["qwen"], "--store", tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINKER_BASE_URL", url)
        patch.setenv("TINKER_API_KEY", TOKEN)
        yield tinker.ServiceClient()
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


def trainer(service: Any, rank: int) -> Any:
    return service.create_lora_training_client(base_model="qwen", rank=rank, seed=1).result(timeout=120)


@pytest.mark.parametrize("rank", [0, 4])
def test_it_trains_samples_saves_and_resumes(service: Any, rank: int) -> None:
    client = trainer(service, rank)
    assert client.get_info().model_data.model_name == "qwen"
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
    a, b = (train(c, data, "cross_entropy", 3) for c in (client, again))
    assert a == b  # weights and moments
    client.load_state_with_optimizer(saved).result(timeout=120)
    assert train(client, data, "cross_entropy", 3) == a
    named = again.save_weights_for_sampler("named").result(timeout=120).path
    sampled = [
        [s.tokens for s in c.sample(prompt, num_samples=3, sampling_params=params).result(timeout=120).sequences]
        for c in (
            again.create_sampling_client(named).result(timeout=120),
            service.create_sampling_client(model_path=named),
            sampler,  # a snapshot of weights that both clients have left behind
        )
    ]
    assert sampled[0] == sampled[1]
    assert sampled[2] == [s.tokens for s in found]


def test_a_refused_call_leaves_its_client_usable(service: Any) -> None:
    client = trainer(service, 0)
    with pytest.raises(tinker.TinkerError, match="does not exist"):
        client.load_state("tinker://nobody/weights/nothing").result(timeout=120)
    train(client, [datum(weights=[1.0] * 5)], "cross_entropy", 2)


def test_clients_at_the_same_time_do_not_disturb_each_other(service: Any) -> None:
    def whole(rank: int) -> tuple[list[float], list[list[int]]]:
        client = trainer(tinker.ServiceClient(), rank)
        losses = train(client, [datum(weights=[1.0] * 5)] * (rank + 1), "cross_entropy", 4)
        sampler = client.save_weights_and_get_sampling_client().result(timeout=120)
        params = tinker.SamplingParams(max_tokens=4, seed=3, temperature=1.0)
        prompt = tinker.ModelInput.from_ints([5])
        asked = [sampler.sample(prompt, num_samples=2, sampling_params=params) for _ in range(3)]
        return losses, [s.tokens for a in asked for s in a.result(timeout=120).sequences]

    ranks = [0, 2, 4]
    with ThreadPoolExecutor(len(ranks)) as pool:
        together = list(pool.map(whole, ranks))
    assert together == [whole(rank) for rank in ranks]


def test_its_list_of_runs_comes_by_pages(service: Any) -> None:
    client = trainer(service, 0)
    client.save_state("listed").result(timeout=120)
    rest = service.create_rest_client()
    first = rest.list_training_runs(limit=1).result(timeout=120)
    assert len(first.training_runs) == 1 and first.cursor.total_count >= 1
    every = [
        rest.list_training_runs(limit=1, offset=i).result(timeout=120).training_runs[0].training_run_id
        for i in range(first.cursor.total_count)
    ]
    assert len(set(every)) == len(every) and client.model_id in every


def test_a_batch_that_the_sdk_splits_is_merged_again(service: Any) -> None:
    client = trainer(service, 0)
    one = datum(logprobs=[-1.0] * 5, advantages=[1.0] * 5)
    single = client.forward_backward([one], "ppo").result(timeout=120)
    client.optim_step(tinker.AdamParams(learning_rate=0.0)).result(timeout=120)
    whole = client.forward_backward([one] * 1030, "ppo").result(timeout=120)  # more than the 1,024 of one request
    assert len(whole.loss_fn_outputs) == 1030
    assert set(whole.metrics) == set(single.metrics)
    for name, value in single.metrics.items():
        if name != "computed_tokens:sum":
            times = 1030 if name.endswith(":sum") else 1
            assert whole.metrics[name] == pytest.approx(times * value, rel=1e-4), name


def test_custom_losses_are_differentiated_on_the_client(service: Any) -> None:
    client = trainer(service, 4)

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
    client = trainer(service, 4)
    with pytest.raises(Exception, match="needs loss input 'advantages'"):
        client.forward_backward([datum(logprobs=[0.0] * 5)], "importance_sampling").result(timeout=120)
