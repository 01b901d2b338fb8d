"""Checkpoints on disk: Hugging Face folders, written beside and renamed into place, so a folder that exists is whole.

STORE/<model_id>/weights/<name>/          model.safetensors (fp32), config, tokenizer, engine.json (Meta), and
                                          optimizer.safetensors
STORE/<model_id>/sampler_weights/<name>/  the same without the optimizer
A reward model's folder also holds user_embeddings.safetensors. Safetensors only: nothing here can run code.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from .backbone import Weights, load, read_tensors
from .encoder import TextEncoder
from .errors import EngineError, first_line
from .requests import short
from .training import TrainedModel

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "generation_config.json",
)
_REPLACED = ".old-for-"  # a checkpoint while another takes its name
FORMAT = 1  # of a checkpoint's folder
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")


@dataclass(frozen=True)
class Meta:
    """What a checkpoint says about itself (engine.json)."""

    base_model: str
    kind: str  # "weights" | "sampler_weights"
    model_role: str  # "policy" | "reward" | "soft_prompt"
    lora_rank: int
    user_embeddings: int | None
    steps: int
    time: str
    lora_parts: list[str] | None = None  # of `lora.PARTS`; None: saved before this was noted
    user_metadata: dict[str, Any] | None = None
    run_metadata: dict[str, Any] | None = None  # its training run's
    expires_at: str | None = None  # ISO 8601; None: never
    format: int = 1  # what names none is of 1


@dataclass(frozen=True)
class Note:
    """What its owner says of a checkpoint."""

    user_metadata: dict[str, Any] | None = None
    run_metadata: dict[str, Any] | None = None
    expires_at: str | None = None


def check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise EngineError(f"checkpoint name {name!r}: letters, digits, '.', '_' and '-' only, at most 128")
    return name


def model_folder(store: Path, model_id: str) -> Path:
    """Where a model's checkpoints are. A model made by load_weights has ':' in its id, which not every disk takes."""
    return store / check_name(model_id.replace(":", "~"))


def model_id_of(folder_name: str) -> str:
    return folder_name.replace("~", ":")


def folder_of(store: Path, path: str) -> Path:
    """The folder behind tinker://<model_id>/<weights|sampler_weights>/<name>. Raises EngineError if there is none."""
    parts = path.removeprefix("tinker://").split("/")
    if not path.startswith("tinker://") or len(parts) != 3 or parts[1] not in ("weights", "sampler_weights"):
        raise EngineError(f"{path!r} is no checkpoint path (tinker://<model_id>/weights/<name>)")
    folder = model_folder(store, parts[0]) / parts[1] / check_name(parts[2])
    if not (folder / "engine.json").is_file() or is_over(read_meta(folder)):
        raise EngineError(f"{path} does not exist", status=404)
    return folder


def is_over(meta: Meta) -> bool:
    """Whether its time has run out."""
    return meta.expires_at is not None and datetime.fromisoformat(meta.expires_at) <= datetime.now(UTC)


def delete(store: Path, path: str) -> None:
    """Remove a checkpoint: gone by name at once, then from disk."""
    folder = folder_of(store, path)
    remove(folder)
    for replaced in folder.parent.glob(f"{_REPLACED}*-{folder.name}"):
        if _replaced_name(replaced) == folder.name:
            remove(replaced)


def remove(folder: Path) -> None:
    """Gone by name at once, then from disk; a folder of such a name never comes back."""
    trash = folder.parent / f".old-{uuid.uuid4().hex[:12]}"
    os.rename(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)


def _replaced_name(folder: Path) -> str:
    return folder.name.removeprefix(_REPLACED).partition("-")[2]


def read_meta(folder: Path) -> Meta:
    """Fields that a newer engine noted are left out. Raises EngineError on a later format and what no engine wrote."""
    known = {f.name for f in fields(Meta)}
    try:
        found = json.loads((folder / "engine.json").read_text())
        meta = Meta(**{k: v for k, v in found.items() if k in known})
        theirs = found.get("format", 1)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise EngineError(f"checkpoint {folder.name}: its engine.json can't be read ({first_line(error)})") from error
    if theirs not in range(1, FORMAT + 1):
        said = f"checkpoint {folder.name} is of format {short(theirs)}, this engine reads {FORMAT}"
        raise EngineError(f"{said}: a later TagPR has written it, so go on with that one")
    return meta


def written(folder: Path) -> int:
    """Tells a checkpoint from another that was saved under its name later; 0 for a base model."""
    file = folder / "engine.json"
    return file.stat().st_mtime_ns if file.is_file() else 0


def write_folder(target: Path, fill: Any, overwrite: bool = False) -> None:
    """Call fill(folder) on a new folder beside `target`, flush it to disk, rename it to `target`."""
    if target.exists() and not overwrite:
        raise EngineError(f"{target} exists already")
    temporary = target.parent / f".tmp-{uuid.uuid4().hex[:12]}"
    try:
        temporary.mkdir(parents=True)
        fill(temporary)
        for file in temporary.iterdir():
            _fsync(file)
        _fsync(temporary)
        if target.exists():
            old = target.parent / f"{_REPLACED}{uuid.uuid4().hex[:12]}-{target.name}"
            os.rename(target, old)
            try:
                os.rename(temporary, target)
            except BaseException:
                os.rename(old, target)
                raise
            remove(old)
        else:
            os.rename(temporary, target)
        _fsync(target.parent)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise EngineError(f"{target} could not be saved: {error.strerror or error}", "server", 500) from error
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if "No space left" in str(error) or "I/O error" in str(error):
            raise EngineError(f"{target} could not be saved: {error}", "server", 500) from error
        raise


def sweep(store: Path, older_than: float = 3600.0) -> None:
    """Tidy up after saves that were killed: a checkpoint that was to be replaced and wasn't gets its name back, what is
    left over is removed. Younger leftovers may belong to another engine on this store."""
    for folder in store.glob(f"*/*/{_REPLACED}*"):
        target = folder.parent / _replaced_name(folder)
        with suppress(OSError):  # that engine has just finished with it
            if target.exists():
                remove(folder)
            else:
                os.rename(folder, target)
    limit = time.time() - older_than
    for folder in [*store.glob("*/*/.tmp-*"), *store.glob("*/*/.old-*")]:
        with suppress(FileNotFoundError):  # that engine has just finished with it
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_model(folder: Path, model: TrainedModel, dtype: torch.dtype = torch.float32) -> None:
    """config, weights, tokenizer files, and the user table where there is one."""
    weights = {name: t.to(dtype) for name, t in model.full_weights().items()}
    inner = model.backbone.model
    state, tied = _untied(inner, weights)
    config = copy.deepcopy(inner.config)
    config.dtype = dtype
    config.architectures = [type(inner).__name__]
    if not tied:
        config.tie_word_embeddings = False  # an adapter on the unembedding parted the two
    config.save_pretrained(folder)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    for name in TOKENIZER_FILES:
        if (model.backbone.folder / name).is_file():
            shutil.copyfile(model.backbone.folder / name, folder / name)
    if model.users is not None:
        save_file({"user_embeddings": model.users.detach().contiguous()}, folder / "user_embeddings.safetensors")


def _untied(model: Any, weights: Weights) -> tuple[dict[str, Tensor], bool]:
    """State with each tied tensor once, and whether the unembedding is still the embedding."""
    tied_keys: set[str] = set(
        getattr(model, "all_tied_weights_keys", None) or getattr(model, "_tied_weights_keys", None) or ()
    )
    state: dict[str, Tensor] = {}
    still_tied = True
    for name, tensor in weights.items():
        if name in tied_keys:
            source = model.get_input_embeddings()
            embedding = next(n for n, m in model.named_modules() if m is source) + ".weight"
            if torch.equal(weights[embedding], tensor):
                continue
            still_tied = False
        state[name] = tensor.contiguous().clone() if tensor.storage_offset() else tensor.contiguous()
    return state, still_tied


def check_free(store: Path, model_id: str, kind: str, name: str) -> None:
    """Raises EngineError where a checkpoint has this name. One whose time has run out makes room."""
    folder = model_folder(store, model_id) / kind / check_name(name)
    if not (folder / "engine.json").is_file():
        return
    if is_over(read_meta(folder)):
        remove(folder)
    else:
        raise taken(model_id, kind, name)


def taken(model_id: str, kind: str, name: str) -> EngineError:
    said = f"tinker://{model_id}/{kind}/{name} exists already; give another name, or overwrite it (overwrite: true)"
    return EngineError(said, status=409)


def save(
    store: Path, model_id: str, kind: str, name: str, model: TrainedModel, overwrite: bool, note: Note | None = None
) -> str:
    """Write a checkpoint and return its tinker:// path."""
    note = note or Note()
    if not overwrite:
        check_free(store, model_id, kind, name)

    def fill(folder: Path) -> None:
        write_model(folder, model)
        if model.adapter is not None:
            adapters = {name: master.detach().contiguous() for name, master in model.masters.items()}
            save_file(adapters, folder / "adapter.safetensors")
        if kind == "weights":
            save_file(optimizer_state(model), folder / "optimizer.safetensors")
        meta = Meta(
            base_model=model.base_model,
            kind=kind,
            model_role=model.role,
            lora_rank=model.adapter.rank if model.adapter else 0,
            user_embeddings=None if model.users is None else model.users.shape[0] - 1,
            steps=model.steps,
            time=time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()),
            lora_parts=model.adapter.parts if model.adapter else None,
            user_metadata=note.user_metadata,
            run_metadata=note.run_metadata,
            expires_at=note.expires_at,
            format=FORMAT,
        )
        (folder / "engine.json").write_text(json.dumps(asdict(meta)))

    write_folder(model_folder(store, model_id) / kind / check_name(name), fill, overwrite)
    return f"tinker://{model_id}/{kind}/{name}"


def optimizer_state(model: TrainedModel) -> dict[str, Tensor]:
    """Moments and step counts by parameter name."""
    out: dict[str, Tensor] = {"steps": torch.tensor([model.steps])}
    for name, master in model.masters.items():
        state = model.optimizer.state.get(master, {})
        for key, value in state.items():
            out[f"{key}/{name}"] = value.detach().float().reshape(value.shape or (1,)).contiguous()
    if model.row_adam is not None:
        rows = model.row_adam
        out.update({"rows/exp_avg": rows.exp_avg, "rows/exp_avg_sq": rows.exp_avg_sq, "rows/steps": rows.steps})
    return {name: tensor.clone() for name, tensor in out.items()}


@torch.no_grad()
def restore(folder: Path, path: str, model: TrainedModel, optimizer: bool) -> None:
    """Weights (and with `optimizer` moments) of a checkpoint into a model of the same shape.

    A policy's weights may also begin a reward model trained in full, which keeps its own head and user table; its
    adapters, merged, a policy trained in full; weights of a text encoder one for other users, whose heads then begin
    as the mean of the trained ones.
    """
    meta = read_meta(folder)
    rank = model.adapter.rank if model.adapter else 0
    role, encoder = model.role, isinstance(model.backbone.model, TextEncoder)
    count = None if model.users is None else model.users.shape[0] - 1
    begins = (meta.model_role, role, rank, optimizer, encoder) == ("policy", "reward", 0, False, False)
    merges = (meta.model_role, role, rank, optimizer, encoder) == ("policy", "policy", 0, False, False)
    others = encoder and not optimizer and None not in (count, meta.user_embeddings) and count != meta.user_embeddings
    for what, theirs, ours in (
        ("lora rank", meta.lora_rank, rank),
        ("model_role", meta.model_role, role),
        ("user_embeddings", meta.user_embeddings, count),
    ):
        allowed = begins or (merges and what == "lora rank") or (others and what == "user_embeddings")
        if theirs != ours and not allowed:
            raise EngineError(f"load_weights: {path} has {what} {theirs}, this model {ours}")
    moments = folder / "optimizer.safetensors"
    if optimizer and not moments.is_file():
        raise EngineError(f"load_weights: {path} holds no optimizer state (it was saved for sampling)")
    if model.adapter is not None:
        source = read_tensors(folder / "adapter.safetensors")
    elif encoder:
        source = read_tensors(folder / "model.safetensors")
    else:
        source = dict(load(folder, torch.float32, "cpu", model.backbone.reward).model.named_parameters())
    if begins:
        source["score.weight"] = nn.Parameter(model.masters["score.weight"].clone())
    _check_fit(source, model.masters, path)
    # read before anything changes: what is damaged is refused, and the model stays as it was
    kept = read_tensors(moments) if optimizer else {}
    has_rows = model.users is not None and not begins
    users: dict[str, Tensor] = read_tensors(folder / "user_embeddings.safetensors") if has_rows else {}
    model.before_change()
    model.discard()
    for name, tensor in source.items():
        model.masters[name].copy_(tensor)
    model.publish()
    if model.users is not None and not begins:
        rows = users["user_embeddings"]
        model.users.copy_(rows[1:].mean(0) if others and rows.shape[0] > 1 else rows[0] if others else rows)
    model.forget_moments()
    if optimizer:
        _restore_moments(kept, model)


def _check_fit(source: dict[str, Tensor], target: dict[str, Tensor], path: str) -> None:
    if set(source) != set(target):
        odd = sorted(set(source) ^ set(target))
        raise EngineError(f"load_weights: {path} does not fit this model (first difference: {odd[0]})")
    for name, tensor in source.items():
        if tensor.shape != target[name].shape:
            raise EngineError(
                f"load_weights: {path} has {name} of shape {list(tensor.shape)}, not {list(target[name].shape)}"
            )


def _restore_moments(state: dict[str, Tensor], model: TrainedModel) -> None:
    model.steps = int(state["steps"][0])
    for name, master in model.masters.items():
        if f"step/{name}" not in state:
            continue
        model.optimizer.state[master] = {
            "step": state[f"step/{name}"].reshape(()).to(master.device),
            "exp_avg": state[f"exp_avg/{name}"].to(master.device),
            "exp_avg_sq": state[f"exp_avg_sq/{name}"].to(master.device),
        }
        model.largest = max(model.largest, float(state[f"exp_avg/{name}"].abs().max()))
    if model.row_adam is not None:
        model.row_adam.exp_avg.copy_(state["rows/exp_avg"])
        model.row_adam.exp_avg_sq.copy_(state["rows/exp_avg_sq"])
        model.row_adam.steps.copy_(state["rows/steps"])
        model.largest = max(model.largest, float(state["rows/exp_avg"].abs().max()))


def _is_encoder(folder: Path) -> bool:
    return json.loads((folder / "config.json").read_text()).get("architectures") == [TextEncoder.__name__]


_OURS = ("engine.json", "optimizer.safetensors", "adapter.safetensors")


def export(model_folder: Path, target: Path, dtype: str) -> None:
    """A checkpoint as a plain Hugging Face folder at an absolute path, in float32 or bfloat16."""
    if not target.is_absolute():
        raise EngineError(f"export: {target} must be an absolute path")
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    if dtype not in kinds:
        raise EngineError(f"export: dtype {dtype!r} is not float32 or bfloat16")

    if _is_encoder(model_folder):
        raise EngineError("export: a text encoder with heads of its own has no form that others read")

    def fill(folder: Path) -> None:
        for file in model_folder.iterdir():
            if file.name not in (*_OURS, "model.safetensors", "config.json"):
                shutil.copyfile(file, folder / file.name)
        state = read_tensors(model_folder / "model.safetensors")
        save_file({n: t.to(kinds[dtype]) for n, t in state.items()}, folder / "model.safetensors", {"format": "pt"})
        config = json.loads((model_folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "dtype": dtype}, indent=2))

    write_folder(target, fill)
