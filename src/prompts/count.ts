import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";

/** Counts a text's tokens as a model folder's tokenizer does, those that it puts around it included. */
export function tokenCounter(dir: string): (text: string) => number {
  const part = (name: string): object => JSON.parse(readFileSync(join(dir, name), "utf8")) as object;
  const tokenizer = new Tokenizer(part("tokenizer.json"), part("tokenizer_config.json"));
  return (text) => tokenizer.encode(text).ids.length;
}
