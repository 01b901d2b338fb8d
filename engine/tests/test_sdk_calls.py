"""Every public method of the pinned SDK, once: served, or refused in one sentence with a status that ends it."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from wire_client import TOKEN, start

tinker = pytest.importorskip("tinker")

NANO = Path(__file__).resolve().parents[2] / "models" / "nano"
CLIENTS = ("ServiceClient", "TrainingClient", "SamplingClient", "RestClient", "AdminClient")
LOCAL = {"holder", "get_telemetry", "on_queue_state_change", "create"}  # ask the server nothing
PARAMS = tinker.SamplingParams(max_tokens=2, seed=1, temperature=0.7)
PROMPT = tinker.ModelInput.from_ints([5, 6, 7])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, address = start("--model", NANO, "--store", tmp_path_factory.mktemp("store"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINKER_BASE_URL", address)
        patch.setenv("TINKER_API_KEY", TOKEN)
        yield address
    process.terminate()
    process.wait(20)


def datum() -> Any:
    inputs = {
        "target_tokens": tinker.TensorData(data=[6, 7, 8], dtype="int64", shape=[3]),
        "weights": tinker.TensorData(data=[1.0, 1.0, 1.0], dtype="float32", shape=[3]),
    }
    return tinker.Datum(model_input=PROMPT, loss_fn_inputs=inputs)


def squares(data: Any, logprobs: Any) -> Any:
    return sum((lp**2).sum() for lp in logprobs), {}


def settled(value: Any) -> Any:
    """What a call gives in the end, whichever kind of future it answers with."""
    while True:
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        elif isinstance(value, Future) or hasattr(value, "result"):
            value = value.result(timeout=120)
        else:
            return value


class World:
    """Clients, and what they have saved; every method gets names of its own."""

    def __init__(self) -> None:
        self.service = tinker.ServiceClient(user_metadata={"who": "me"}, project_id="any", display_name="every method")
        self.base = str(NANO)
        train = self.service.create_lora_training_client(
            self.base, rank=4, train_mlp=False, user_metadata={"run": "first"}
        )
        self.training = settled(train)
        self.state = settled(self.training.save_state("state", user_metadata={"step": "0"})).path
        self.weights = settled(self.training.save_weights_for_sampler("sampler")).path
        self.sampling = settled(self.service.create_sampling_client(model_path=self.weights))
        self.rest, self.admin = tinker.RestClient(), tinker.AdminClient()
        self.run = self.training.model_id
        self.session = self.service.holder.get_session_id()
        self.count = 0

    def name(self) -> str:
        self.count += 1
        return f"name{self.count}"

    def spare(self) -> str:
        """A checkpoint that may be deleted."""
        return settled(self.training.save_state(self.name())).path

    def last(self, path: str) -> tuple[str, str]:
        run, kind, name = path.removeprefix("tinker://").split("/")
        return run, f"{kind}/{name}"


Call = Callable[[World], tuple[Any, ...]]
# client.method -> (arguments, a look at the answer) or (arguments, what the refusal says)
SERVED: dict[str, tuple[Call, Callable[[World, Any], bool]]] = {
    "ServiceClient.get_server_capabilities": (lambda w: (), lambda w, a: len(a.supported_models) == 1),
    "ServiceClient.create_lora_training_client": (lambda w: (w.base, 2), lambda w, a: a.model_id != w.run),
    "ServiceClient.create_training_client_from_state": (lambda w: (w.state,), lambda w, a: bool(a.model_id)),
    "ServiceClient.create_training_client_from_state_with_optimizer": (
        lambda w: (w.state,),
        lambda w, a: a.get_info().lora_rank == 4,
    ),
    "ServiceClient.create_sampling_client": (lambda w: (w.weights,), lambda w, a: a.get_base_model() == w.base),
    "ServiceClient.create_custom_loss": (
        lambda w: (loss_named(w.name()), {"logprobs": 1, "weights": 1}),
        lambda w, a: a.loss_id is None,
    ),
    "ServiceClient.create_rest_client": (lambda w: (), lambda w, a: bool(settled(a.list_sessions()).sessions)),
    "ServiceClient.copy_weights": (lambda w: (w.state,), lambda w, a: copied(w, a)),
    "ServiceClient.get_console_url": (lambda w: (), lambda w, a: w.session in a),
    "TrainingClient.forward": (lambda w: ([datum()], "cross_entropy"), lambda w, a: len(a.loss_fn_outputs) == 1),
    "TrainingClient.forward_backward": (lambda w: ([datum()], "cross_entropy"), lambda w, a: "loss:sum" in a.metrics),
    "TrainingClient.forward_backward_custom": (lambda w: ([datum()], squares), lambda w, a: bool(a.loss_fn_outputs)),
    "TrainingClient.optim_step": (
        lambda w: (settled(w.training.forward_backward([datum()], "cross_entropy")) and tinker.AdamParams(),),
        lambda w, a: a.metrics["grad_norm:mean"] > 0,
    ),
    "TrainingClient.save_state": (lambda w: (w.name(),), lambda w, a: a.path.startswith("tinker://")),
    "TrainingClient.save_weights_for_sampler": (lambda w: (w.name(),), lambda w, a: "sampler_weights" in a.path),
    "TrainingClient.save_weights_and_get_sampling_client": (lambda w: (), lambda w, a: sampled(a)),
    "TrainingClient.create_sampling_client": (lambda w: (w.weights,), lambda w, a: sampled(a)),
    "TrainingClient.load_state": (lambda w: (w.state,), lambda w, a: a is not None),
    "TrainingClient.load_state_with_optimizer": (lambda w: (w.state,), lambda w, a: a is not None),
    "TrainingClient.get_info": (lambda w: (), lambda w, a: a.lora_rank == 4),
    "TrainingClient.get_tokenizer": (lambda w: (), lambda w, a: len(a) > 100),
    "TrainingClient.get_console_url": (lambda w: (), lambda w, a: w.run in a),
    "SamplingClient.sample": (lambda w: (PROMPT, 2, PARAMS), lambda w, a: len(a.sequences) == 2),
    "SamplingClient.compute_logprobs": (lambda w: (PROMPT,), lambda w, a: a[0] is None and a[2] < 0),
    "SamplingClient.get_base_model": (lambda w: (), lambda w, a: a == w.base),
    "SamplingClient.get_tokenizer": (lambda w: (), lambda w, a: len(a) > 100),
    "SamplingClient.get_sampler_handle": (lambda w: (), lambda w, a: sampled(w.sampling.from_sampler_handle(a))),
    "SamplingClient.from_sampler_handle": (
        lambda w: (w.sampling.get_sampler_handle(),),
        lambda w, a: a.get_base_model() == w.base,
    ),
    "RestClient.get_server_capabilities": (lambda w: (), lambda w, a: len(a.supported_models) == 1),
    "RestClient.get_training_run": (lambda w: (w.run,), lambda w, a: a.user_metadata == {"run": "first"}),
    "RestClient.get_training_run_by_tinker_path": (lambda w: (w.state,), lambda w, a: a.training_run_id == w.run),
    "RestClient.get_weights_info_by_tinker_path": (
        lambda w: (w.state,),
        lambda w, a: (a.train_attn, a.train_mlp, a.train_unembed) == (True, False, True),
    ),
    "RestClient.list_training_runs": (
        lambda w: (100,),
        lambda w, a: w.run in [r.training_run_id for r in a.training_runs],
    ),
    "RestClient.list_checkpoints": (
        lambda w: (w.run,),
        lambda w, a: a.checkpoints[0].tinker_path.startswith("tinker://"),
    ),
    "RestClient.list_user_checkpoints": (
        lambda w: (100, 0),
        lambda w, a: w.state in [c.tinker_path for c in a.checkpoints],
    ),
    "RestClient.delete_checkpoint": (lambda w: w.last(w.spare()), lambda w, a: a is None or a == {}),
    "RestClient.delete_checkpoint_from_tinker_path": (lambda w: (w.spare(),), lambda w, a: True),
    "RestClient.set_checkpoint_ttl_from_tinker_path": (lambda w: (w.spare(), 7200), lambda w, a: expires(w)),
    "RestClient.copy_weights": (lambda w: (w.weights, "any"), lambda w, a: copied(w, a)),
    "RestClient.get_session": (lambda w: (w.session,), lambda w, a: w.run in a.training_run_ids),
    "RestClient.list_sessions": (lambda w: (), lambda w, a: w.session in a.sessions),
    "RestClient.search_sessions": (
        lambda w: (tinker.types.SessionSearchRequest(display_name="METHOD every", user_metadata={"who": "me"}),),
        lambda w, a: [s.session_id for s in a.sessions] == [w.session] and a.sessions[0].checkpoints_count > 1,
    ),
    "RestClient.get_sampler": (
        lambda w: (w.sampling._sampling_session_id,),
        lambda w, a: (a.base_model, a.model_path) == (w.base, w.weights),
    ),
}
BILL, PUBLIC, DOWNLOAD = "keeps no accounts", "publishes nothing", "gives no archives"
REFUSED: dict[str, tuple[Call, str]] = {
    "TrainingClient.save_weights_external": (lambda w: (w.name(),), DOWNLOAD),
    "RestClient.get_external_weights_urls": (lambda w: (f"tinker://{w.run}/external_weights/x",), DOWNLOAD),
    "RestClient.publish_checkpoint_from_tinker_path": (lambda w: (w.state,), PUBLIC),
    "RestClient.unpublish_checkpoint_from_tinker_path": (lambda w: (w.state,), PUBLIC),
    "RestClient.assign_session_project": (lambda w: (w.session, "p"), "has no projects"),
    "RestClient.export_session_trace": (lambda w: (w.session,), "records no traces"),
    "RestClient.get_audit_log": (lambda w: (), BILL),
    "RestClient.get_billing_usage": (lambda w: ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), BILL),
    "RestClient.get_current_checkpoint_storage_usage": (lambda w: (), BILL),
    "RestClient.whoami": (lambda w: (), "requires JWT auth"),
    "AdminClient.get_audit_log": (lambda w: (), BILL),
    "AdminClient.get_billing_usage": (lambda w: ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"), BILL),
    "AdminClient.get_current_checkpoint_storage_usage": (lambda w: (), BILL),
}


def loss_named(name: str) -> Any:
    def loss(logprobs: Any, weights: Any) -> Any:
        total = -(logprobs * weights).sum()
        return total, {"custom/total:sum": total}

    loss.__name__ = name
    return loss


def sampled(client: Any) -> bool:
    return len(settled(client.sample(PROMPT, 1, PARAMS)).sequences) == 1


def copied(w: World, path: str) -> bool:
    run, _ = w.last(path)
    return run != w.run and [c.tinker_path for c in settled(w.rest.list_checkpoints(run)).checkpoints] == [path]


def expires(w: World) -> bool:
    found = [
        c for c in settled(w.rest.list_checkpoints(w.run)).checkpoints if c.checkpoint_id.endswith(f"name{w.count}")
    ]
    return len(found) == 1 and found[0].expires_at is not None


@pytest.fixture(scope="module")
def world(url: str) -> World:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return World()


def public(kind: str) -> set[str]:
    members = inspect.getmembers(getattr(tinker, kind))
    return {f"{kind}.{n}" for n, m in members if not n.startswith("_") and n not in LOCAL and callable(m)}


def test_no_method_is_left_out() -> None:
    """A newer SDK with more of them fails here first."""
    every = set.union(*(public(kind) for kind in CLIENTS))
    driven = {*SERVED, *REFUSED, "ServiceClient.close"}
    assert every == driven | {f"{name}_async" for name in driven if f"{name}_async" in every}


def client_of(world: World, method: str) -> Any:
    return {
        "ServiceClient": world.service,
        "TrainingClient": world.training,
        "SamplingClient": world.sampling,
        "RestClient": world.rest,
        "AdminClient": world.admin,
    }[method.split(".")[0]]


def both(method: str) -> list[str]:
    twin = f"{method}_async"
    return [method, twin] if twin in public(method.split(".")[0]) else [method]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", list(SERVED))
def test_it_is_served(world: World, method: str) -> None:
    arguments, good = SERVED[method]
    for name in both(method):
        given: tuple[Any, ...] = arguments(world)
        answer = settled(getattr(client_of(world, method), name.split(".")[1])(*given))
        assert good(world, answer), name


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", list(REFUSED))
def test_it_is_refused_in_a_sentence_and_at_once(world: World, method: str) -> None:
    arguments, says = REFUSED[method]
    for name in both(method):
        with pytest.raises((tinker.APIStatusError, RuntimeError), match=says) as caught:
            settled(getattr(client_of(world, method), name.split(".")[1])(*arguments(world)))
        if isinstance(caught.value, tinker.APIStatusError):
            assert caught.value.status_code == 400
    settled(world.training.forward([datum()], "cross_entropy"))  # and its number waits for nobody


@pytest.mark.filterwarnings("ignore")
def test_leaving_a_client_finishes_its_session(url: str) -> None:
    with tinker.ServiceClient() as service:
        training = settled(service.create_lora_training_client(str(NANO), rank=2))
        session = service.holder.get_session_id()
    rest = tinker.RestClient()
    assert settled(rest.get_session(session)).training_run_ids == [training.model_id]
    query = tinker.types.SessionSearchRequest(session_id=session)
    assert settled(rest.search_sessions(query)).sessions[0].status.reason.type == "success"
    with pytest.raises(tinker.APIStatusError) as caught:
        settled(tinker.ServiceClient().create_lora_training_client("nosuch"))
    assert caught.value.status_code == 404


@pytest.mark.filterwarnings("ignore")
def test_giving_up_a_sample_stops_it(world: World) -> None:
    import time

    long = tinker.SamplingParams(max_tokens=900, seed=1, temperature=1.0, stop=[])
    sent = [world.sampling.sample(PROMPT, 64, long) for _ in range(4)]
    begun = time.monotonic()
    while world.sampling.holder is None or time.monotonic() - begun < 1.0:
        time.sleep(0.05)  # until the requests are on their way: the SDK can't cancel what it has not sent
    for future in sent:
        future.future().cancel()
    assert sampled(world.sampling)


@pytest.mark.filterwarnings("ignore")
def test_soft_targets_and_tables_reach_the_sdk(world: World) -> None:
    targets = tinker.TensorData(data=[6, 7, 7, 8, 8, 9], dtype="int64", shape=[3, 2])
    weights = tinker.TensorData(data=[0.5] * 6, dtype="float32", shape=[3, 2])
    soft = tinker.Datum(model_input=PROMPT, loss_fn_inputs={"target_tokens": targets, "weights": weights})
    output = settled(world.training.forward([soft, datum()], "cross_entropy")).loss_fn_outputs
    assert [list(o["logprobs"].shape) for o in output] == [[3, 2], [3]]
    ids = tinker.TensorData(data=[6, -1, 7, 8], dtype="int64", shape=[2, 2])
    answer = settled(
        world.sampling.sample(
            PROMPT,
            1,
            PARAMS,
            include_prompt_logprobs=True,
            topk_prompt_logprobs=3,
            topk_sample_logprobs=2,
            target_prompt_logprobs=ids,
            prompt_logprobs_last_n=1,
        )
    )
    assert answer.topk_prompt_logprobs[:2] == [None, None] and len(answer.topk_prompt_logprobs[2]) == 3
    assert answer.prompt_logprobs[:2] == [None, None] and answer.prompt_logprobs[2] < 0
    assert [len(row) for row in answer.sequences[0].topk_logprobs] == [2] * len(answer.sequences[0].tokens)
    found = answer.target_prompt_logprobs
    assert (
        list(found.shape) == [2, 2] and found.data[1] == 0 and found.data[2] == pytest.approx(answer.prompt_logprobs[2])
    )
