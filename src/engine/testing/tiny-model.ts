import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pythonPath } from "../process.ts";

/** The Python of the tests: `TAGPR_PYTHON`, else the checkout's virtual environment. */
export function testPython(env: Readonly<Record<string, string | undefined>>): string {
  const own = fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));
  if (env.TAGPR_PYTHON) return env.TAGPR_PYTHON;
  if (existsSync(own)) return own;
  throw new Error("no Python with the engine's requirements: run npm run setup, or set TAGPR_PYTHON");
}

/** A Qwen3 of 60k parameters with random weights and one token a word `w0` … `w127`; ids 0 to 2 are unk, pad and end. */
const SCRIPT = `
import json, sys
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import Qwen3Config, Qwen3ForCausalLM
out = sys.argv[1]
torch.manual_seed(0)
config = Qwen3Config(
    vocab_size=128, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=16, max_position_embeddings=512, initializer_range=0.3, tie_word_embeddings=True,
    bos_token_id=None, eos_token_id=2, pad_token_id=1,
)
Qwen3ForCausalLM(config).save_pretrained(out)
words = ["<unk>", "<pad>", "<end>"] + [f"w{i}" for i in range(125)]
tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
tokenizer.save(f"{out}/tokenizer.json")
with open(f"{out}/tokenizer_config.json", "w") as file:
    json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<end>", "pad_token": "<pad>"}, file)
`;

export function makeTinyModel(dir: string, env: Readonly<Record<string, string | undefined>> = process.env): void {
  execFileSync(testPython(env), ["-c", SCRIPT, dir], { env: { ...env, PYTHONPATH: pythonPath(env) }, stdio: "pipe" });
}
