"""How transformers renders chats with the template of a model's folder, to compare another renderer with.

A request is a list of folders and chats: [{"folder": …, "chats": [{"messages": […], "thinking": bool}]}]
 -> [{"rendered": [{"text": the prompt, "ids": its token ids} | {"error": what the template said}]}
     | {"error": why transformers can't open the folder}].
Templates that ask for a date are told 26 July 2024, as TagPR tells them.
"""

from __future__ import annotations

import datetime
from typing import Any

from transformers import AutoTokenizer
from transformers.utils import chat_template_utils


class _ThatDay(datetime.datetime):
    """The clock of `strftime_now` in templates."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> _ThatDay:
        return cls(2024, 7, 26, tzinfo=tz)


def render(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    chat_template_utils.datetime = _ThatDay  # pyright: ignore
    return [_folder(one["folder"], one["chats"]) for one in asked]


def _folder(folder: str, chats: list[dict[str, Any]]) -> dict[str, Any]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except Exception as error:  # of many kinds, by what is wrong with the folder
        return {"error": str(error).strip().split("\n")[0]}
    return {"rendered": [_chat(tokenizer, chat["messages"], chat["thinking"]) for chat in chats]}


def _chat(tokenizer: Any, messages: list[dict[str, str]], thinking: bool) -> dict[str, Any]:
    try:
        text = tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=thinking,
        )
    except Exception as error:  # a template raises what it likes
        return {"error": str(error)}
    return {"text": text, "ids": tokenizer.encode(text, add_special_tokens=False)}
