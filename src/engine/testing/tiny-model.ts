import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stream } from "../../core/random.ts";

/** The Python of the tests: `TAGPR_PYTHON`, else the checkout's virtual environment. */
export function testPython(env: Readonly<Record<string, string | undefined>>): string {
  const own = fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));
  if (env.TAGPR_PYTHON) return env.TAGPR_PYTHON;
  if (existsSync(own)) return own;
  throw new Error("no Python with the engine's requirements: run npm run setup, or set TAGPR_PYTHON");
}

const WIDTH = 32;
const HEAD = 16;
const CONFIG = {
  architectures: ["Qwen3ForCausalLM"],
  model_type: "qwen3",
  hidden_size: WIDTH,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: HEAD,
  hidden_act: "silu",
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  rope_theta: 10000,
  attention_bias: false,
  tie_word_embeddings: true,
  eos_token_id: 2,
  pad_token_id: 1,
  dtype: "float32",
};
const CHAT =
  "{% for m in messages %}{{ m.role }} {{ m.content }} <end> {% endfor %}{% if add_generation_prompt %}assistant {% endif %}";

/**
 * A Qwen3 folder with random weights, written without Python: 16k parameters and a token a word of the vocabulary.
 * Ids 0 to 2 are `<unk>`, `<pad>` and `<end>`.
 */
export function makeTinyModel(
  dir: string,
  words: readonly string[] = Array.from({ length: 125 }, (_, i) => `w${i}`),
): void {
  const vocab = ["<unk>", "<pad>", "<end>", ...words];
  mkdirSync(dir, { recursive: true });
  const json = (name: string, value: unknown): void => writeFileSync(join(dir, name), JSON.stringify(value));
  json("config.json", { ...CONFIG, vocab_size: vocab.length });
  json("tokenizer.json", tokenizer(vocab));
  json("tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    unk_token: "<unk>",
    pad_token: "<pad>",
    eos_token: "<end>",
    chat_template: CHAT,
  });
  writeFileSync(join(dir, "model.safetensors"), safetensors(shapes(vocab.length)));
}

function tokenizer(vocab: readonly string[]): unknown {
  const special = vocab.slice(0, 3).map((content, id) => ({
    ...{ id, content, special: true, normalized: false },
    ...{ single_word: false, lstrip: false, rstrip: false },
  }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "WhitespaceSplit" },
        { type: "Split", pattern: { Regex: "</?\\w+>|\\w+|[^\\s\\w]" }, behavior: "Isolated", invert: false },
      ],
    },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab: Object.fromEntries(vocab.map((word, i) => [word, i])), unk_token: "<unk>" },
  };
}

function shapes(vocabSize: number): Record<string, readonly number[]> {
  const all: Record<string, readonly number[]> = { "model.embed_tokens.weight": [vocabSize, WIDTH] };
  for (let i = 0; i < CONFIG.num_hidden_layers; i++) {
    const layer = `model.layers.${i}`;
    Object.assign(all, {
      [`${layer}.self_attn.q_proj.weight`]: [2 * HEAD, WIDTH],
      [`${layer}.self_attn.k_proj.weight`]: [HEAD, WIDTH],
      [`${layer}.self_attn.v_proj.weight`]: [HEAD, WIDTH],
      [`${layer}.self_attn.o_proj.weight`]: [WIDTH, 2 * HEAD],
      [`${layer}.self_attn.q_norm.weight`]: [HEAD],
      [`${layer}.self_attn.k_norm.weight`]: [HEAD],
      [`${layer}.mlp.gate_proj.weight`]: [CONFIG.intermediate_size, WIDTH],
      [`${layer}.mlp.up_proj.weight`]: [CONFIG.intermediate_size, WIDTH],
      [`${layer}.mlp.down_proj.weight`]: [WIDTH, CONFIG.intermediate_size],
      [`${layer}.input_layernorm.weight`]: [WIDTH],
      [`${layer}.post_attention_layernorm.weight`]: [WIDTH],
    });
  }
  return { ...all, "model.norm.weight": [WIDTH] };
}

/** Norms are ones, matrices normal with deviation 0.3 (smaller ones leave tied embeddings too little logit range). */
function safetensors(all: Readonly<Record<string, readonly number[]>>): Uint8Array {
  const random = stream("tiny-model");
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  const parts: Float32Array[] = [];
  let offset = 0;
  for (const [name, shape] of Object.entries(all)) {
    const size = shape.reduce((a, b) => a * b, 1);
    parts.push(Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0.3 * random.normal())));
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + 4 * size] };
    offset += 4 * size;
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  return Buffer.concat([length, head, ...parts.map((part) => Buffer.from(part.buffer))]);
}
