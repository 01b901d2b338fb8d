import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";

/** Token ids of a text as its encoder reads it, special tokens included; a long text's end is cut. */
export type TextTokens = (text: string) => number[];

const limits = z.looseObject({ max_seq_length: z.int().positive().nullish() });
const shape = z.looseObject({
  model_type: z.string().nullish(),
  max_position_embeddings: z.int().positive().nullish(),
});

/**
 * Opens a text encoder's tokenizer (a Hugging Face or sentence-transformers folder). Texts are cut where sentence-transformers
 * cuts them: `max_seq_length`, 512 tokens where the folder says nothing, a Longformer's whole context.
 */
export function loadTextTokens(dir: string): TextTokens {
  const { model_type: kind, max_position_embeddings: context = 512 } = shape.parse(readJson(dir, "config.json") ?? {});
  const said = limits.parse(readJson(dir, "sentence_bert_config.json") ?? {}).max_seq_length;
  const most = kind === "longformer" ? (context ?? 514) - 2 : (said ?? 512);
  const json = readJson(dir, "tokenizer.json");
  if (json === null)
    throw new TagprError("data", `${dir} has no tokenizer.json`, { hint: "A text encoder needs one in its folder." });
  const tokenizer = new Tokenizer(json, readJson(dir, "tokenizer_config.json") ?? {});
  const ending = tokenizer.encode("").ids.at(-1);
  return (text) => {
    const { ids } = tokenizer.encode(text);
    return ids.length <= most || ending === undefined ? ids.slice(0, most) : [...ids.slice(0, most - 1), ending];
  };
}

function readJson(dir: string, name: string): Record<string, unknown> | null {
  const path = join(dir, name);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new TagprError("data", readFault(path, error), { hint: "Download the model again.", cause: error });
  }
}
