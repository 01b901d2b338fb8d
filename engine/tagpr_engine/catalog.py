"""What is in the store: lists of checkpoints, their time to live, copies."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import store
from .errors import EngineError

KINDS = {"weights": "training", "sampler_weights": "sampler"}  # folder -> what the protocol calls it


def checkpoints(root: Path, model_id: str) -> list[dict[str, Any]]:
    """Those of a training run, its states first; without those whose time has run out."""
    out: list[dict[str, Any]] = []
    for kind in KINDS:
        for folder in sorted((store.model_folder(root, model_id) / kind).glob("[!.]*")):
            with suppress(EngineError, FileNotFoundError):  # damaged, or deleted just now
                meta = store.read_meta(folder)
                if not store.is_over(meta):
                    out.append(_entry(model_id, kind, folder, meta))
    return out


def _entry(model_id: str, kind: str, folder: Path, meta: store.Meta) -> dict[str, Any]:
    return {
        "checkpoint_id": f"{kind}/{folder.name}",
        "checkpoint_type": KINDS[kind],
        "time": meta.time,
        "tinker_path": f"tinker://{model_id}/{kind}/{folder.name}",
        "size_bytes": sum(f.stat().st_size for f in folder.iterdir()),
        "public": False,
        "user_metadata": meta.user_metadata,
        "expires_at": meta.expires_at,
    }


def runs(root: Path) -> set[str]:
    """Training runs that have a checkpoint."""
    return {store.model_id_of(folder.parents[1].name) for folder in _folders(root)}


def everything(root: Path) -> list[dict[str, Any]]:
    """Checkpoints of all runs, the newest first."""
    found = [entry for run in sorted(runs(root)) for entry in checkpoints(root, run)]
    return sorted(found, key=lambda c: (str(c["time"]), str(c["tinker_path"])), reverse=True)


def set_expiry(root: Path, path: str, expires_at: str | None) -> None:
    folder = store.folder_of(root, path)
    _write_meta(folder, replace(store.read_meta(folder), expires_at=expires_at))


def sweep_expired(root: Path) -> None:
    """Delete the checkpoints whose time has run out."""
    for folder in _folders(root):
        with suppress(EngineError, OSError):  # damaged, or gone by now
            if store.is_over(store.read_meta(folder)):
                store.remove(folder)


def copy(root: Path, path: str, expires_at: str | None) -> str:
    """A checkpoint under a run of its own, by links where the disk has them: a saved file never changes."""
    source = store.folder_of(root, path)
    kind, name = source.parent.name, source.name
    model_id = f"copy_{uuid.uuid4().hex[:12]}"

    def fill(folder: Path) -> None:
        for file in source.iterdir():
            if file.name == "engine.json":
                continue
            try:
                os.link(file, folder / file.name)
            except OSError:
                shutil.copyfile(file, folder / file.name)
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        _write_meta(folder, replace(store.read_meta(source), time=now, expires_at=expires_at))

    store.write_folder(store.model_folder(root, model_id) / kind / name, fill)
    return f"tinker://{model_id}/{kind}/{name}"


def _folders(root: Path) -> Iterator[Path]:
    return (file.parent for file in root.glob("*/*weights/[!.]*/engine.json"))


def _write_meta(folder: Path, meta: store.Meta) -> None:
    """Whole or as it was; the time of the file is what tells a checkpoint from a later one of its name, so it stays."""
    target, temporary = folder / "engine.json", folder / f".engine-{uuid.uuid4().hex[:8]}.json"
    temporary.write_text(json.dumps(asdict(meta)))
    if target.is_file():
        before = target.stat()
        os.utime(temporary, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(temporary, target)
