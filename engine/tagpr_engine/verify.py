"""What an exported folder answers when plain transformers opens it: nothing of this engine's computing is used.

A request names a folder and what to read off:
  {"folder": …, "policy": [{"prompt": ids, "tokens": ids}]} -> [{"logprobs": nats a token, "best": greedy ids,
                                                               "margin": nats between the two best}]
  {"folder": …, "reward": [{"tokens": ids, "row": row of the user table | null}]} -> [{"logit": number}]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, GenerationConfig

Answers = list[dict[str, Any]]


@torch.no_grad()
def verify(request: dict[str, Any]) -> Answers:
    """fp32, eager attention, one sequence at a time."""
    folder = Path(request["folder"])
    AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if "policy" in request:
        GenerationConfig.from_pretrained(folder, local_files_only=True)
        model = _open(AutoModelForCausalLM, folder)
        return [_policy(model, item["prompt"], item["tokens"]) for item in request["policy"]]
    model = _open(AutoModelForSequenceClassification, folder)
    table = folder / "user_embeddings.safetensors"
    users = load_file(table)["user_embeddings"].float() if table.is_file() else None
    return [{"logit": _reward(model, users, item["tokens"], item["row"])} for item in request["reward"]]


def _open(kind: Any, folder: Path) -> Any:
    return kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True, use_safetensors=True
    ).eval()


def _policy(model: Any, prompt: list[int], tokens: list[int]) -> dict[str, Any]:
    ids = torch.tensor([[*prompt, *tokens]])
    logits = model(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1].float()
    logprobs = logits.log_softmax(-1).gather(1, torch.tensor(tokens)[:, None]).squeeze(1)
    two = logits.topk(2, dim=-1)
    return {
        "logprobs": logprobs.tolist(),
        "best": two.indices[:, 0].tolist(),
        "margin": (two.values[:, 0] - two.values[:, 1]).tolist(),
    }


def _reward(model: Any, users: torch.Tensor | None, tokens: list[int], row: int | None) -> float:
    """The score head at the last token, with the user's row as one soft token in front where there is a table."""
    embedded = model.get_input_embeddings()(torch.tensor([tokens]))
    if users is not None:
        embedded = torch.cat([users[row or 0].view(1, 1, -1), embedded], dim=1)
    return float(model(inputs_embeds=embedded, use_cache=False).logits[0, 0])
