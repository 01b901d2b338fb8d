"""One training recipe of tinker-cookbook, unmodified, on a local model and local data: python recipes.py NAME MODEL OUT

The server's address and token come from TINKER_BASE_URL and TINKER_API_KEY. What is checked is what a person would look
at: steps were made, what they report is finite, checkpoints are there, and the session was finished.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import tinker
from tinker_cookbook import renderers
from tinker_cookbook.distillation import sdft, train_off_policy, train_on_policy
from tinker_cookbook.distillation.datasets import DistillationDatasetConfig, TeacherConfig
from tinker_cookbook.preference import train_dpo
from tinker_cookbook.preference.dpo_datasets import DPODatasetBuilderFromComparisons
from tinker_cookbook.preference.preference_datasets import ComparisonBuilderFromJsonl
from tinker_cookbook.recipes.math_rl.arithmetic_env import ArithmeticDatasetBuilder
from tinker_cookbook.recipes.sdft.datasets import SDFTDataset
from tinker_cookbook.rl import train as rl
from tinker_cookbook.supervised import train as sft
from tinker_cookbook.supervised.data import FromConversationFileBuilder
from tinker_cookbook.supervised.types import ChatDatasetBuilderCommonConfig
from tinker_cookbook.tokenizer_utils import get_tokenizer

RENDERER = "role_colon"
WORDS = ["red", "green", "blue", "warm", "cold", "early", "late", "quiet"]
Recipe = Callable[[str, Path], Awaitable[None]]


def conversations(folder: Path) -> str:
    file = folder / "conversations.jsonl"
    lines = [
        {"messages": [{"role": "user", "content": f"Say {a} and {b}"}, {"role": "assistant", "content": f"{a} {b}"}]}
        for a in WORDS
        for b in WORDS[:4]
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def comparisons(folder: Path) -> str:
    file = folder / "comparisons.jsonl"
    lines = [
        {
            "comparison": {
                "prompt_conversation": [{"role": "user", "content": f"Say {a}"}],
                "completion_A": [{"role": "assistant", "content": a}],
                "completion_B": [{"role": "assistant", "content": WORDS[(i + 1) % len(WORDS)]}],
            },
            "label": "A",
        }
        for i, a in enumerate(WORDS * 4)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def common(model: str, batch: int) -> ChatDatasetBuilderCommonConfig:
    return ChatDatasetBuilderCommonConfig(
        model_name_for_tokenizer=model, renderer_name=RENDERER, max_length=256, batch_size=batch
    )


def chat(model: str, folder: Path, batch: int = 8) -> FromConversationFileBuilder:
    return FromConversationFileBuilder(common_config=common(model, batch), file_path=conversations(folder))


def sums(model: str, batches: int = 3) -> ArithmeticDatasetBuilder:
    return ArithmeticDatasetBuilder(
        batch_size=2,
        model_name_for_tokenizer=model,
        renderer_name=RENDERER,
        n_batches=batches,
        group_size=4,
        include_fewshot=False,
    )


def names(model: str, folder: Path, name: str) -> dict[str, Any]:
    return {
        "model_name": model,
        "recipe_name": f"soak_{name}",
        "renderer_name": RENDERER,
        "log_path": str(folder),
        "lora_rank": 4,
    }


async def supervised(model: str, folder: Path) -> None:
    config = {"dataset_builder": chat(model, folder), "learning_rate": 1e-3, "save_every": 2, "num_epochs": 2}
    await sft.main(sft.Config(**names(model, folder, "sft"), **config))
    losses = [m["train_mean_nll"] for m in metrics(folder) if "train_mean_nll" in m]
    require(losses[-1] < losses[0], f"the loss did not fall: {losses}")


async def resumed(model: str, folder: Path) -> None:
    """Ended in the middle, and begun again on the same folder: it goes on where it was."""
    config = {"dataset_builder": chat(model, folder), "learning_rate": 1e-3, "save_every": 1, "num_epochs": 2}
    ended = {"evaluator_builders": [lambda: ending_evaluator(3)], "eval_every": 1}
    try:
        await sft.main(sft.Config(**names(model, folder, "resume"), **config, **ended))
    except RuntimeError as error:
        require("the end" in str(error), str(error))
    before = [m["step"] for m in metrics(folder) if "train_mean_nll" in m]
    await sft.main(sft.Config(**names(model, folder, "resume"), **config))
    steps = [m["step"] for m in metrics(folder) if "train_mean_nll" in m]
    require(0 < len(before) < 8 and steps[-1] == 7, f"it did not go on: {before}, {steps}")
    require(steps[len(before)] > 0, f"it began anew: {steps}")


def ending_evaluator(calls: int) -> Any:
    from tinker_cookbook.eval.evaluators import TrainingClientEvaluator

    class Evaluator(TrainingClientEvaluator):
        left = calls

        async def __call__(self, training_client: tinker.TrainingClient) -> dict[str, float]:
            self.left -= 1
            if self.left < 0:
                raise RuntimeError("the end")
            return {"left": float(self.left)}

    return Evaluator()


async def reinforced(model: str, folder: Path, **more: Any) -> None:
    config = {"learning_rate": 1e-4, "max_tokens": 8, "save_every": 2, "eval_every": 0, "dataset_builder": sums(model)}
    await rl.main(rl.Config(**names(model, folder, "rl"), **{**config, **more}))


async def rl_sync(model: str, folder: Path) -> None:
    await reinforced(model, folder)


async def rl_async(model: str, folder: Path) -> None:
    stale = rl.AsyncConfig(max_steps_off_policy=2, groups_per_batch=2, loss_fn="importance_sampling")
    await reinforced(model, folder, async_config=stale)


async def ppo_kl(model: str, folder: Path) -> None:
    """A KL penalty against the base, twice over each batch, and the KL afterwards."""
    reference = rl.KLReferenceConfig(base_model=model)
    config = {"kl_penalty_coef": 0.1, "kl_reference_config": reference, "num_substeps": 2, "compute_post_kl": True}
    await reinforced(model, folder, loss_fn="ppo", **config)


async def cispo(model: str, folder: Path) -> None:
    await reinforced(model, folder, loss_fn="cispo")


async def cooler(model: str, folder: Path) -> None:
    """The sampler's log-probs and the trainer's differ by the temperature, and by nothing else."""
    await reinforced(model, folder, temperature=0.7)


async def dpo(model: str, folder: Path) -> None:
    builder = DPODatasetBuilderFromComparisons(
        comparison_builder=ComparisonBuilderFromJsonl(train_path=comparisons(folder)), common_config=common(model, 4)
    )
    config = {"dataset_builder": builder, "learning_rate": 1e-3, "eval_every": 1, "save_every": 4}
    evaluators = [lambda: sampling_evaluator()]
    dpo_config = train_dpo.Config(**names(model, folder, "dpo"), **config, evaluator_builders=evaluators)
    await asyncio.to_thread(train_dpo.main, dpo_config)


def sampling_evaluator() -> Any:
    """It samples each snapshot, and holds on to all of them: what was a snapshot of a step stays one."""
    from tinker_cookbook.eval.evaluators import SamplingClientEvaluator

    held: list[tinker.SamplingClient] = []

    class Evaluator(SamplingClientEvaluator):
        async def __call__(self, sampling_client: tinker.SamplingClient) -> dict[str, float]:
            held.append(sampling_client)
            prompt = tinker.ModelInput.from_ints([5, 6, 7])
            params = tinker.SamplingParams(max_tokens=4, temperature=1.0, seed=1)
            for client in held:
                await client.sample(prompt, 1, params)
            return {"held": float(len(held))}

    return Evaluator()


async def distil_on_policy(model: str, folder: Path) -> None:
    data = DistillationDatasetConfig(
        dataset_builder=sums(model), teacher_config=TeacherConfig(base_model=model), groups_per_batch=2
    )
    config = {"dataset_configs": [data], "learning_rate": 1e-4, "max_tokens": 8, "save_every": 2, "eval_every": 0}
    await train_on_policy.main(train_on_policy.Config(**names(model, folder, "on_policy"), **config))


async def distil_off_policy(model: str, folder: Path) -> None:
    """Soft targets: the teacher's likeliest tokens at every position of the data."""
    data = train_off_policy.DatasetWithTeacher(
        dataset_builder=chat(model, folder), teacher_config=TeacherConfig(base_model=model)
    )
    config = {"dataset_configs": [data], "learning_rate": 1e-4, "n_teacher_targets": 5, "batch_size": 4, "max_steps": 3}
    await train_off_policy.main(train_off_policy.Config(**names(model, folder, "off_policy"), **config))


async def self_distil(model: str, folder: Path, **more: Any) -> None:
    renderer = renderers.get_renderer(RENDERER, get_tokenizer(model))
    data = SDFTDataset([f"Say {w}" for w in WORDS], list(WORDS), batch_size=2, group_size=2, renderer=renderer)
    config = {"learning_rate": 1e-4, "max_tokens": 8, "topk": 5, "max_steps": 2, "eval_every": 0, **more}
    await sdft.main(sdft.Config(**names(model, folder, "sdft"), **config), data)


async def self_distil_reverse(model: str, folder: Path) -> None:
    await self_distil(model, folder, reverse=True)


RECIPES: dict[str, Recipe] = {
    "sft": supervised,
    "resume": resumed,
    "rl-sync": rl_sync,
    "rl-async": rl_async,
    "rl-ppo-kl": ppo_kl,
    "rl-cispo": cispo,
    "rl-temperature": cooler,
    "dpo": dpo,
    "distil-on-policy": distil_on_policy,
    "distil-off-policy": distil_off_policy,
    "sdft": self_distil,
    "sdft-reverse": self_distil_reverse,
}


def metrics(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(otherwise)


def main(name: str, model: str, out: str) -> None:
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(RECIPES[name](model, folder))
    found = metrics(folder)
    numbers = {k: v for m in found for k, v in m.items() if isinstance(v, float)}
    require(len(found) >= 2, f"only {len(found)} lines of metrics")
    odd = [f"{k} is {v}" for k, v in numbers.items() if not math.isfinite(v)]
    require(odd == [], f"not finite: {odd}")
    apart = [m["optim/kl_sample_train_v1"] for m in found if "optim/kl_sample_train_v1" in m]
    if name in ("rl-sync", "rl-cispo"):  # sampler and trainer agree where the weights are the same
        require(abs(apart[0]) < 1e-4, f"the sampler's log-probs are not the trainer's: {apart}")
    saved = [line for line in (folder / "checkpoints.jsonl").read_text().splitlines() if line]
    require(len(saved) >= 1, "no checkpoint was saved")
    print(json.dumps({"lines": len(found), "checkpoints": len(saved), "kl_sample_train": apart}))


if __name__ == "__main__":
    main(*sys.argv[1:])
