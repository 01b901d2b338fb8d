import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadTextTokens } from "./text-tokens.ts";

/** A tokenizer of whole words between two marks, as a sentence encoder's folder has it. */
function folder(files: Record<string, unknown>): string {
  const dir = mkdtempSync(join(tmpdir(), "encoder-"));
  const vocab = Object.fromEntries(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c"].map((word, id) => [word, id]));
  const special = (id: number, content: string) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  });
  const tokenizer = {
    ...{ version: "1.0", truncation: null, padding: null, normalizer: null, decoder: null },
    added_tokens: [special(2, "[CLS]"), special(3, "[SEP]")],
    pre_tokenizer: { type: "Whitespace" },
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { SpecialToken: { id: "[CLS]", type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "[SEP]", type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
        "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
      },
    },
    model: { type: "WordLevel", vocab, unk_token: "[UNK]" },
  };
  for (const [name, json] of Object.entries({ "tokenizer.json": tokenizer, ...files }))
    writeFileSync(join(dir, name), JSON.stringify(json));
  return dir;
}

it("a text is read between the encoder's own marks, and a long one is cut before the last of them", () => {
  const tokens = loadTextTokens(
    folder({ "sentence_bert_config.json": { max_seq_length: 4 }, "config.json": { model_type: "bert" } }),
  );
  expect(tokens("a b")).toEqual([2, 4, 5, 3]);
  expect(tokens("a b c a")).toEqual([2, 4, 5, 3]);
});

it("a folder without a tokenizer is refused", () => {
  expect(() => loadTextTokens(mkdtempSync(join(tmpdir(), "none-")))).toThrow(/has no tokenizer.json/);
});
