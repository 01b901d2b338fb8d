"""Fetch a model of the Hugging Face hub into the hub's own cache: the files that TagPR reads, and no others.

Tells its parent how it goes, a JSON object a line on standard output: `total` and `files` (bytes and files to come),
then `done` (bytes so far) now and then, at last `folder` and `revision`; or `fault`, a word, with `detail`. The hub's
own environment holds: HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT, HF_HUB_OFFLINE.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import first_line

# Also a sentence-transformers model's modules, each in a numbered folder. No pickles, no other formats' copies.
_TEXTS = re.compile(r"(\d+_\w+/)?[^/]+\.(json|txt|model|jinja)")
_WEIGHTS = re.compile(r"(\d+_\w+/)?model(-\d+-of-\d+)?\.safetensors")
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)

Say = Callable[[dict[str, Any]], None]


class Fault(Exception):
    """Why there is no model: a word that the parent knows, and what was found."""

    def __init__(self, fault: str, detail: str = "") -> None:
        super().__init__(fault)
        self.told = {"fault": fault, "detail": detail}


def download(name: str, weights: bool) -> int:
    """Exit code; everything else is said."""

    def say(told: dict[str, Any]) -> None:
        print(json.dumps(told), flush=True)

    try:
        say(_fetch(name, weights, say))
    except Fault as fault:
        say(fault.told)
        return 2
    except Exception as error:
        say(_fault_of(error).told)
        return 2
    return 0


def _fetch(name: str, weights: bool, say: Say) -> dict[str, Any]:
    from huggingface_hub import HfApi, constants, snapshot_download, try_to_load_from_cache

    info = HfApi().model_info(name, files_metadata=True)
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    files = wanted(sizes, weights)
    here = {file for file in files if isinstance(try_to_load_from_cache(name, file, revision=info.sha), str)}
    total = sum(sizes[file] for file in files if file not in here)
    _room(Path(constants.HF_HUB_CACHE), total)
    say({"total": total, "files": len(files) - len(here)})
    # The name of the branch, not the revision: the cache then knows which snapshot is its newest.
    folder = snapshot_download(name, allow_patterns=files, tqdm_class=_counted(total, say))
    return {"folder": folder, "revision": Path(folder).name}


def wanted(names: Iterable[str], weights: bool) -> list[str]:
    """The files of a repository that a model is read from. Raises Fault where it holds none that TagPR can read."""
    names = sorted(names)
    texts = [name for name in names if _TEXTS.fullmatch(name)]
    if "config.json" not in texts:
        raise Fault("foreign")
    if not weights:
        return texts
    tensors = [name for name in names if _WEIGHTS.fullmatch(name)]
    if not any("/" not in name for name in tensors):
        raise Fault("pickled")
    return [*texts, *tensors]


def _room(cache: Path, needed: int) -> None:
    place = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise Fault("space", f"{needed / 1e9:.1f} GB, and {place} has {free / 1e9:.1f} GB free")


def _counted(total: int, say: Say) -> Any:
    """The library's progress bar, which draws nothing and tells how many bytes are there, percent by percent."""
    from tqdm.auto import tqdm

    counts: dict[int, int] = {}
    told = 0

    class Counted(tqdm):  # pyright: ignore
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})
            self.of_bytes = kwargs.get("unit") == "B"

        def update(self, n: float | None = 1) -> None:
            nonlocal told
            if not self.of_bytes:
                return
            # Several bars may count the same bytes: as they come, and as they are written.
            counts[id(self)] = counts.get(id(self), 0) + int(n or 0)
            done = min(total, max(counts.values()))
            if done - told >= total / 100 or told < done == total:
                told = done
                say({"done": done})

    return Counted


def _fault_of(error: Exception) -> Fault:
    from huggingface_hub import errors

    if isinstance(error, errors.OfflineModeIsEnabled):
        return Fault("offline")
    if isinstance(error, errors.GatedRepoError):
        return Fault("gated")
    if isinstance(error, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return Fault("unknown")
    if isinstance(error, errors.HfHubHTTPError):
        return Fault("refused", f"HTTP {error.response.status_code}")
    if isinstance(error, OSError) and error.errno in _DISK:
        return Fault("disk", error.strerror or first_line(error))
    return Fault("unreachable", first_line(error))
