import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { readJson, writeJson } from "../../core/jsonl.ts";
import { isObject } from "../../data/lamp/record.ts";

type Json = Record<string, unknown>;

/**
 * Makes `config.json` say the same to those who read the form of transformers 5 (`rope_parameters`, `dtype`) and to those
 * who read that of 4.x, as vLLM and llama.cpp's converter do (`rope_theta`, `rope_scaling`, `torch_dtype`), whichever of
 * both the engine wrote. Without it 4.57 reads the default theta of 10,000 for a model's 1,000,000, and says nothing.
 */
export function settleConfig(folder: string): void {
  const path = join(folder, "config.json");
  if (!existsSync(path)) return;
  const config = readJson<unknown>(path);
  if (isObject(config)) writeJson(path, bothForms(config));
}

/**
 * Transformers 5 names a tokenizer's class by one that 4.x doesn't have, and can't open; both know the name before that.
 */
export function settleTokenizer(folder: string): void {
  const path = join(folder, "tokenizer_config.json");
  if (!existsSync(path)) return;
  const config = readJson<unknown>(path);
  if (!isObject(config) || config.tokenizer_class !== "TokenizersBackend") return;
  writeJson(path, { ...config, tokenizer_class: "PreTrainedTokenizerFast" });
}

/** {@link settleConfig} on the value; models of several parts have a config a part (`text_config`). */
export function bothForms(config: Json): Json {
  const parts = Object.entries(config).flatMap(([key, value]) =>
    key.endsWith("_config") && isObject(value) && key !== "quantization_config"
      ? [[key, bothForms(value)] as const]
      : [],
  );
  const whole = { ...config, ...Object.fromEntries(parts) };
  return { ...whole, ...ropeForms(whole), ...dtypeForms(whole) };
}

function dtypeForms({ dtype, torch_dtype: older }: Json): Json {
  const name = dtype ?? older;
  return name === undefined || name === null ? {} : { dtype: name, torch_dtype: name };
}

function ropeForms(config: Json): Json {
  const { rope_parameters: rope } = config;
  if (!isObject(rope)) return newerRope(config);
  // Layers of several kinds, each with its own (Gemma 3): 4.x has two names for the two thetas.
  const { full_attention: full, sliding_attention: sliding } = rope;
  if (isObject(full)) {
    const local =
      isObject(sliding) && sliding.rope_theta !== undefined ? { rope_local_base_freq: sliding.rope_theta } : {};
    return { ...olderRope(config, full), ...local };
  }
  return olderRope(config, rope);
}

/** What 4.x reads, from the parameters of 5.x. @throws TagprError where the file says two different thetas */
function olderRope(config: Json, { rope_theta: theta, partial_rotary_factor: partial, ...scaling }: Json): Json {
  if (theta !== undefined && config.rope_theta !== undefined && config.rope_theta !== theta)
    throw new TagprError(
      "engine",
      `the exported config.json says rope_theta ${String(config.rope_theta)} and, in rope_parameters, ${String(theta)}`,
      { hint: "The engine wrote a model that two readers read differently; nothing was kept." },
    );
  const scaled = scaling.rope_type !== undefined && scaling.rope_type !== "default";
  return {
    ...(theta === undefined ? {} : { rope_theta: theta }),
    ...(partial === undefined ? {} : { partial_rotary_factor: partial }),
    ...(scaled && config.rope_scaling === undefined ? { rope_scaling: scaling } : {}),
  };
}

/** What 5.x reads, where an engine wrote the older form alone. */
function newerRope({ rope_theta: theta, rope_scaling: scaling }: Json): Json {
  if (theta === undefined) return {};
  const { type, ...rest } = isObject(scaling) ? scaling : {};
  return { rope_parameters: { rope_type: type ?? "default", ...rest, rope_theta: theta } };
}

/** Engines write for themselves (0600, a folder of 0700); an export is for others: 0644, folders 0755. */
export function forEveryone(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) forEveryone(path);
    else if (entry.isFile()) chmodSync(path, 0o644);
  }
}
