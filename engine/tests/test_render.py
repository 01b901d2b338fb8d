"""The golden chats of TagPR's renderer are what this transformers renders."""

from __future__ import annotations

import json
from pathlib import Path

from golden import templates

from tagpr_engine.render import render


def test_golden_chats_are_those_of_transformers():
    assert json.loads(templates.GOLDEN.read_text())["templates"] == templates.golden()["templates"]


def test_a_folder_that_cannot_be_opened_is_told_beside_the_others(tmp_path: Path):
    [bad, good] = render(
        [{"folder": str(tmp_path), "chats": []}, {"folder": str(templates.MODEL), "chats": templates.CHATS[:1]}]
    )
    assert "error" in bad
    assert good["rendered"][0]["text"].endswith("<|im_start|>assistant\n")
