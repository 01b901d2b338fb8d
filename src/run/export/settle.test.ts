import { mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJson, writeJson } from "../../core/jsonl.ts";
import { bothForms, forEveryone, settleTokenizer } from "./settle.ts";

describe("config.json says the same to older and newer readers", () => {
  it.each([
    [
      "a theta alone",
      { rope_parameters: { rope_type: "default", rope_theta: 1e6 }, dtype: "float32" },
      { rope_theta: 1e6, torch_dtype: "float32" },
    ],
    [
      "scaled positions",
      { rope_parameters: { rope_type: "yarn", factor: 4, original_max_position_embeddings: 32768, rope_theta: 1e6 } },
      { rope_theta: 1e6, rope_scaling: { rope_type: "yarn", factor: 4, original_max_position_embeddings: 32768 } },
    ],
    [
      "a part of each head",
      { rope_parameters: { rope_type: "default", rope_theta: 1e4, partial_rotary_factor: 0.5 } },
      { rope_theta: 1e4, partial_rotary_factor: 0.5 },
    ],
    [
      "layers of two kinds",
      { rope_parameters: { full_attention: { rope_theta: 1e6 }, sliding_attention: { rope_theta: 1e4 } } },
      { rope_theta: 1e6, rope_local_base_freq: 1e4 },
    ],
    [
      "a part of its own",
      { text_config: { rope_parameters: { rope_type: "default", rope_theta: 5e5 } } },
      { text_config: { rope_parameters: { rope_type: "default", rope_theta: 5e5 }, rope_theta: 5e5 } },
    ],
    [
      "an engine of the older form",
      { rope_theta: 1e6, rope_scaling: { rope_type: "linear", factor: 2 }, torch_dtype: "bfloat16" },
      { rope_parameters: { rope_type: "linear", factor: 2, rope_theta: 1e6 }, dtype: "bfloat16" },
    ],
    ["no positions of that kind", { hidden_size: 8 }, {}],
  ])("%s", (_, config, added) => {
    expect(bothForms(config)).toEqual({ ...config, ...added });
    expect(bothForms(bothForms(config))).toEqual(bothForms(config));
  });

  it("two thetas are refused", () => {
    expect(() => bothForms({ rope_theta: 1e4, rope_parameters: { rope_theta: 1e6 } })).toThrow(
      /says rope_theta 10000 and, in rope_parameters, 1000000/,
    );
  });
});

it("a tokenizer's class is one that older transformers have too, any other stays", () => {
  const dir = mkdtempSync(join(tmpdir(), "tokenizer-"));
  const path = join(dir, "tokenizer_config.json");
  for (const [given, written] of [
    ["TokenizersBackend", "PreTrainedTokenizerFast"],
    ["Qwen2Tokenizer", "Qwen2Tokenizer"],
  ]) {
    writeJson(path, { tokenizer_class: given, eos_token: "x" });
    settleTokenizer(dir);
    expect(readJson(path)).toEqual({ tokenizer_class: written, eos_token: "x" });
  }
});

it("files of an export are anybody's to read", () => {
  const dir = mkdtempSync(join(tmpdir(), "modes-"));
  mkdirSync(join(dir, "sub"), { mode: 0o700 });
  for (const file of ["a.json", join("sub", "b")]) writeFileSync(join(dir, file), "", { mode: 0o600 });
  forEveryone(dir);
  const mode = (path: string) => statSync(join(dir, path)).mode & 0o777;
  expect([mode("."), mode("sub"), mode("a.json"), mode(join("sub", "b"))]).toEqual([0o755, 0o755, 0o644, 0o644]);
});
