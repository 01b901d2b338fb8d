import { readFileSync, statSync } from "node:fs";
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_TAGS } from "../../core/tags.ts";
import { CONCEPTS, LABELS, LEVELS, TITLES, TOPICS, TYPES } from "./lexicon.ts";

const nano = new URL("../../../models/nano/", import.meta.url);
const json = (file: URL): never => JSON.parse(readFileSync(file, "utf8")) as never;
const tokenizer = new Tokenizer(json(new URL("tokenizer.json", nano)), json(new URL("tokenizer_config.json", nano)));
const ids = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;

describe("the shipped base model", () => {
  it("gives the ids that the Python tokenizer gave when it was made", () => {
    // Made by pretrain/train.py (tokenizers' own encode).
    const cases = json(new URL("../../../pretrain/parity.json", import.meta.url)) as { text: string; ids: number[] }[];
    for (const { text, ids: expected } of cases) expect(ids(text)).toEqual(expected);
  });

  it("encodes any text and gives it back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        expect(tokenizer.decode(ids(text), { skip_special_tokens: false })).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it("has one token for each word of the world, and for each mark of a chain", () => {
    const words = [...CONCEPTS.flat(), ...LABELS, ...LEVELS.flat(), ...TYPES, ...TOPICS, ...TITLES.map((t) => t.name)];
    for (const word of words) expect(ids(` ${word}`), word).toHaveLength(1);
    for (const label of LABELS) expect(ids(label), label).toHaveLength(1);
    for (const tag of ["think", ...DEFAULT_TAGS]) {
      expect(ids(`<${tag}>`), tag).toHaveLength(1);
      expect(ids(`</${tag}>`), tag).toHaveLength(1);
    }
  });

  it("renders chats as ChatML, with an empty thought where thinking is off", () => {
    const template = new Template(readFileSync(new URL("chat_template.jinja", nano), "utf8"));
    const messages = [{ role: "user", content: "hi" }];
    const head = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n";
    expect(template.render({ messages, add_generation_prompt: true })).toBe(head);
    expect(template.render({ messages, add_generation_prompt: true, enable_thinking: false })).toBe(
      `${head}<think>\n\n</think>\n\n`,
    );
  });

  it("ships in at most 30 MB, in the Hugging Face layout", () => {
    expect(statSync(new URL("model.safetensors", nano)).size).toBeLessThan(30e6);
    const config = json(new URL("config.json", nano)) as { model_type: string; max_position_embeddings: number };
    expect(config.model_type).toBe("qwen3");
    expect(config.max_position_embeddings).toBeGreaterThanOrEqual(2048);
    expect(json(new URL("generation_config.json", nano))).toHaveProperty("eos_token_id");
  });
});
