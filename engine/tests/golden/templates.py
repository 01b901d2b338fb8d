"""Makes src/prompts/testing/templates/golden.json: chats by transformers with each template beside it.

cd engine && ../.venv/bin/python tests/golden/templates.py
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import transformers

from tagpr_engine.render import render

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "src/prompts/testing/templates"
MODEL = ROOT / "fixtures/skyrl/tiny-qwen3"
GOLDEN = TEMPLATES / "golden.json"

USER = {"role": "user", "content": "  Which <b>?\r\n漢 {{ x }} \n"}
SYSTEM = {"role": "system", "content": "Reason inside <think> and </think>."}
ASSISTANT = {"role": "assistant", "content": "<think>\nwhy\n</think>\n\nso "}
CHATS = [
    {"messages": messages, "thinking": thinking}
    for messages in ([USER], [SYSTEM, USER], [USER, ASSISTANT, USER], [SYSTEM, USER, ASSISTANT, USER])
    for thinking in (True, False)
]


def folder(template: Path, at: Path, bos: str | None) -> Path:
    """The tiny model's folder with another template, and with a token that opens the text where one is given."""
    for name in ("tokenizer.json", "config.json"):
        shutil.copy(MODEL / name, at / name)
    config = json.loads((MODEL / "tokenizer_config.json").read_text())
    (at / "tokenizer_config.json").write_text(json.dumps({**config, **({"bos_token": bos} if bos else {})}))
    shutil.copy(template, at / "chat_template.jinja")
    return at


def golden() -> dict[str, Any]:
    cases = {}
    for template in sorted(TEMPLATES.glob("*.jinja")):
        bos = "<|im_start|>" if "bos_token" in template.read_text() else None
        with tempfile.TemporaryDirectory() as at:
            [said] = render([{"folder": str(folder(template, Path(at), bos)), "chats": CHATS}])
        cases[template.name] = {"bos": bos, **said}
    return {"transformers": transformers.__version__, "chats": CHATS, "templates": cases}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), ensure_ascii=False, indent=1) + "\n")
