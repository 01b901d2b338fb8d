"""An exported folder as one GGUF file, for llama.cpp's server.

    python bench/peers/gguf_of.py FOLDER FILE.gguf [--type f32|f16]

Llama, Qwen2 and Qwen3 with a byte-level BPE tokenizer, as every model that TagPR trains here. Prompts reach the server as
token ids, so that its own pre-tokenizer, which it knows by names of models, is asked for nothing but to decode.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
from safetensors.torch import load_file

ARCHITECTURES = {
    "LlamaForCausalLM": gguf.MODEL_ARCH.LLAMA,
    "Qwen2ForCausalLM": gguf.MODEL_ARCH.QWEN2,
    "Qwen3ForCausalLM": gguf.MODEL_ARCH.QWEN3,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--type", choices=["f32", "f16"], default="f32")
    args = parser.parse_args()
    config = json.loads((args.folder / "config.json").read_text())
    name = config["architectures"][0]
    if name not in ARCHITECTURES:
        raise SystemExit(f"{args.folder}: {name} is not known here (known: {', '.join(ARCHITECTURES)})")
    writer = gguf.GGUFWriter(args.file, gguf.MODEL_ARCH_NAMES[ARCHITECTURES[name]])
    write_shape(writer, config, args.folder)
    write_tokenizer(writer, config, args.folder)
    write_weights(writer, config, args.folder, args.type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(args.file)


def head_size(config: dict) -> int:
    return config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]


def write_shape(writer: gguf.GGUFWriter, config: dict, folder: Path) -> None:
    rope = config.get("rope_parameters") or {}
    if rope.get("rope_type", "default") != "default" or config.get("rope_scaling"):
        raise SystemExit(f"{folder}: scaled rotary embeddings are not written here")
    writer.add_name(folder.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(head_size(config))
    writer.add_value_length(head_size(config))
    writer.add_rope_dimension_count(head_size(config))
    writer.add_rope_freq_base(rope.get("rope_theta") or config.get("rope_theta", 10000.0))
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])


def write_tokenizer(writer: gguf.GGUFWriter, config: dict, folder: Path) -> None:
    told = json.loads((folder / "tokenizer.json").read_text())
    if told["model"]["type"] != "BPE":
        raise SystemExit(f"{folder}: a tokenizer of kind {told['model']['type']} is not written here")
    tokens = [f"[PAD{i}]" for i in range(config["vocab_size"])]
    types = [gguf.TokenType.UNUSED] * len(tokens)
    for token, i in told["model"]["vocab"].items():
        tokens[i], types[i] = token, gguf.TokenType.NORMAL
    for added in told["added_tokens"]:
        kind = gguf.TokenType.CONTROL if added["special"] else gguf.TokenType.USER_DEFINED
        tokens[added["id"]], types[added["id"]] = added["content"], kind
    merges = [m if isinstance(m, str) else " ".join(m) for m in told["model"]["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2" if config["model_type"].startswith("qwen") else "smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_add_bos_token(False)
    writer.add_eos_token_id(end_of(config, folder))
    template = folder / "chat_template.jinja"
    if template.is_file():
        writer.add_chat_template(template.read_text())


def end_of(config: dict, folder: Path) -> int:
    file = folder / "generation_config.json"
    told = json.loads(file.read_text()) if file.is_file() else {}
    end = told.get("eos_token_id", config.get("eos_token_id"))
    return end[0] if isinstance(end, list) else end


def write_weights(writer: gguf.GGUFWriter, config: dict, folder: Path, kind: str) -> None:
    names = gguf.get_tensor_name_map(ARCHITECTURES[config["architectures"][0]], config["num_hidden_layers"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if kind == "f32" else gguf.LlamaFileType.MOSTLY_F16)
    for file in sorted(folder.glob("*.safetensors")):
        if file.name == "user_embeddings.safetensors":
            continue
        for name, tensor in load_file(file).items():
            if name == "lm_head.weight" and config.get("tie_word_embeddings"):
                continue
            values = tensor.float().numpy()
            if config["model_type"] == "llama":
                values = turned(values, name, config)
            wide = values.ndim == 1 or kind == "f32"
            target = names.get_name(name, try_suffixes=(".weight", ".bias"))
            if target is None:
                raise SystemExit(f"{file}: {name} has no place in this architecture")
            writer.add_tensor(target, values if wide else values.astype(np.float16))


def turned(values: np.ndarray, name: str, config: dict) -> np.ndarray:
    """llama.cpp turns neighbours of a Llama's heads, transformers halves."""
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}.get(name.split(".")[-2])
    if heads is None:
        return values
    return values.reshape(config[heads], 2, -1, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)


main()
