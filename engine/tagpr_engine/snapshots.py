"""Unnamed samplers: a model's weights as they were, kept as long as their session.

They stay in memory up to `room`; beyond it, the one that was sampled longest ago goes to a file in the store, and comes
back when it is asked for. An adapter's snapshot is the adapter alone.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file

from .backbone import Backbone, Weights, bind, read_tensors
from .errors import EngineError, first_line
from .training import Snapshot

log = logging.getLogger("tagpr_engine")
_FOLDER = ".snapshots-"


@dataclass
class Seat:
    """What a model's snapshots are sampled in, one at a time, and which adapter is merged into it now."""

    shell: Backbone
    holds: str | None = None


@dataclass
class Held:
    seat: Seat
    snapshot: Snapshot
    expires_at: str | None = None
    file: Path | None = None
    spilled: dict[str, str] | None = None  # a weight's name -> its name in the file, where it is

    @property
    def bytes(self) -> int:
        seen = {t.data_ptr(): t.nbytes for t in self.snapshot.weights.values()}
        return sum(seen.values())


class Snapshots:
    def __init__(self, store: Path, room: int) -> None:
        self.folder = store / f"{_FOLDER}{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self.room = room
        self.held: dict[str, Held] = {}  # the most recently used stands last
        self._said = False
        _sweep(store)

    def add(self, sampling_id: str, held: Held) -> None:
        """Raises EngineError, and keeps it not, where there is room neither in memory nor in the store."""
        self.held[sampling_id] = held
        try:
            self._make_room(sampling_id)
        except EngineError:
            self.drop(sampling_id)
            raise

    def use(self, sampling_id: str) -> Backbone:
        """The shell, with this snapshot's weights in it. Raises EngineError where it was let go."""
        held = self.held.pop(sampling_id, None)
        if held is None:
            raise EngineError(f"sampling session {sampling_id!r} is unknown or was let go", status=404)
        self.held[sampling_id] = held
        if held.spilled is not None and held.file is not None:
            found = read_tensors(held.file)
            device = held.seat.shell.device
            held.snapshot.weights = {name: found[key].to(device) for name, key in held.spilled.items()}
            held.spilled = None
            self._make_room(sampling_id)
        adapter = held.snapshot.adapter
        if adapter is None or held.seat.holds != sampling_id:
            if adapter is not None:  # what was merged for the last one goes before there is another
                held.seat.holds = None
                bind(held.seat.shell.model, adapter.base())
            bind(held.seat.shell.model, held.snapshot.whole())
            held.seat.holds = sampling_id
        return held.seat.shell

    def drop(self, sampling_id: str) -> None:
        held = self.held.pop(sampling_id, None)
        if held is None:
            return
        held.snapshot.forget()
        if held.file is not None:
            held.file.unlink(missing_ok=True)
        with suppress(OSError):  # others' files are still in it, or none ever was
            self.folder.rmdir()

    def _make_room(self, keep: str) -> None:
        used = sum(h.bytes for h in self.held.values())
        for sampling_id, held in self.held.items():
            if used <= self.room:
                return
            if sampling_id != keep and held.spilled is None:
                used -= held.bytes
                self._spill(sampling_id, held)

    def _spill(self, sampling_id: str, held: Held) -> None:
        if not self._said:
            self._said = True
            log.info("snapshots take more than %d MiB: the oldest wait in %s", self.room >> 20, self.folder)
        unique: dict[int, str] = {}
        names = {n: unique.setdefault(t.data_ptr(), n) for n, t in held.snapshot.weights.items()}
        if held.file is None:
            file = self.folder / f"{sampling_id}.safetensors"
            _write(file, {n: held.snapshot.weights[n].contiguous() for n in unique.values()})
            held.file = file
        held.spilled = names
        held.snapshot.forget()
        if held.seat.holds == sampling_id:
            held.seat.holds = None


def room_for(device: str) -> int:
    """A quarter of the memory that there is."""
    if device == "cuda":
        return torch.cuda.get_device_properties(0).total_memory >> 2
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 2


def _write(file: Path, weights: Weights) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(weights, file)
    except Exception as error:  # safetensors has its own kind for a full disk
        file.unlink(missing_ok=True)
        raise EngineError(
            f"a snapshot could not be kept: memory for snapshots (--snapshot-memory) is full, and so is the store "
            f"({first_line(error)}); finish sessions that are over, or let samplers go",
            "server",
            500,
        ) from error


def _sweep(store: Path) -> None:
    """Remove what engines left that were killed."""
    for folder in store.glob(f"{_FOLDER}*"):
        pid = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if not (pid.isdigit() and _alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
