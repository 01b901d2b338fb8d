import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TINY_QWEN3 } from "../core/testing/fixtures.ts";
import { loadRenderer } from "./renderer.ts";

const renderer = loadRenderer(TINY_QWEN3);
const readText = (path: string): string => readFileSync(path, "utf8");
const messages = [
  { role: "system", content: "S" },
  { role: "user", content: "Which <b>?\n漢" },
] as const;

/**
 * Golden ids by transformers 5.23.0:
 *   t = AutoTokenizer.from_pretrained("fixtures/skyrl/tiny-qwen3"); t.encode(text, add_special_tokens=False)
 *   t.apply_chat_template(messages, add_generation_prompt=True, tokenize=True)
 */
const GOLDEN: [string, number[]][] = [
  ["Hello world", [42, 268, 78, 81, 505, 277, 78, 70]],
  [
    "  two  spaces\n\nand lines\t",
    [223, 260, 89, 81, 223, 504, 82, 67, 69, 270, 201, 201, 67, 276, 263, 75, 80, 270, 200],
  ],
  [
    "naïve café 漢字 这家店 😀",
    [
      80, 67, 130, 110, 88, 71, 496, 67, 72, 130, 105, 223, 165, 123, 98, 164, 258, 248, 223, 167, 126, 250, 164, 109,
      117, 164, 121, 248, 223, 175, 256, 249, 225,
    ],
  ],
  ["", []],
  ["don't 123 4567", [70, 81, 80, 9, 86, 311, 21, 827, 25]],
];

describe("loadRenderer", () => {
  it.each(GOLDEN)("encodes like transformers: %j", (text, ids) => {
    expect(renderer.encode(text)).toEqual(ids);
  });

  it("renders the chat like transformers, as text and as tokens", () => {
    expect(renderer.renderChat(messages, { thinking: true })).toBe(
      "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nWhich <b>?\n漢<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(renderer.promptTokens(messages, { thinking: true })).toEqual([
      1, 85, 91, 85, 86, 71, 79, 201, 53, 2, 201, 1, 87, 280, 201, 57, 74, 75, 69, 74, 223, 30, 68, 32, 33, 201, 165,
      123, 98, 2, 201, 1, 67, 322, 274, 86, 67, 80, 86, 201,
    ]);
  });

  it("decoding gives any text back, without the end of turn", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(!text.includes("<|"));
        expect(renderer.decode([...renderer.encode(text), ...renderer.eosIds])).toBe(text);
      }),
    );
  });

  it("knows the end of turn and that this template writes no <think>", () => {
    expect(renderer.eosIds).toEqual([2]);
    expect(renderer.responsePrefix).toBe("");
  });

  it("keeps <think> even when a tokenizer calls it special, hands thinking to the template, tells what it writes", () => {
    const dir = copy();
    const path = join(dir, "tokenizer.json");
    const json = JSON.parse(readText(path)) as { added_tokens: object[] };
    const think = {
      id: 1023,
      content: "<think>",
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    };
    json.added_tokens.push(think);
    writeFileSync(path, JSON.stringify(json));
    writeFileSync(
      join(dir, "chat_template.jinja"),
      "{% if enable_thinking %}<think>\n{% else %}<think></think>{% endif %}",
    );
    const other = loadRenderer(dir);
    expect(other.decode([1023, 42, 2])).toBe("<think>H");
    expect(other.responsePrefix).toBe("<think>\n");
    expect(other.renderChat(messages, { thinking: false })).toBe("<think></think>");
  });

  it("finds the template in tokenizer_config.json too", () => {
    const dir = copy();
    rmSync(join(dir, "chat_template.jinja"));
    const config = JSON.parse(readText(join(dir, "tokenizer_config.json"))) as object;
    const named = [
      { name: "tool_use", template: "no" },
      { name: "default", template: "{{ messages[0].content }}!" },
    ];
    writeFileSync(join(dir, "tokenizer_config.json"), JSON.stringify({ ...config, chat_template: named }));
    expect(loadRenderer(dir).renderChat(messages, { thinking: true })).toBe("S!");
  });

  it("names what is missing from a folder", () => {
    expect(() => loadRenderer("/nowhere")).toThrow(/\/nowhere\/tokenizer\.json is not there/);
    const bare = copy();
    rmSync(join(bare, "chat_template.jinja"));
    expect(() => loadRenderer(bare)).toThrow(/has no chat template/);
    const broken = copy();
    writeFileSync(join(broken, "config.json"), "{");
    expect(() => loadRenderer(broken)).toThrow(/config\.json: /);
  });
});

function copy(): string {
  const dir = mkdtempSync(join(tmpdir(), "model-"));
  for (const file of ["tokenizer.json", "tokenizer_config.json", "config.json", "chat_template.jinja"])
    writeFileSync(join(dir, file), readText(join(TINY_QWEN3, file)));
  return dir;
}
