import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packageRoot } from "../core/installation.ts";
import { TINY_QWEN3 } from "../core/testing/fixtures.ts";
import { loadRenderer } from "../prompts/renderer.ts";
import { textStream } from "./text-stream.ts";

describe.each([TINY_QWEN3, join(packageRoot(), "models", "nano")])("text of tokens as they come, %s", (dir) => {
  const renderer = loadRenderer(dir);
  const pieces = (tokens: readonly number[], size = 1): string[] => {
    const text = textStream(renderer);
    const said: string[] = [];
    for (let at = 0; at < tokens.length; at += size) said.push(text.push(tokens.slice(at, at + size)));
    return [...said, text.end()];
  };

  it("joined, is the text of all tokens, whatever they are and however they come", () => {
    const ids = fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 40 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 5 }), (tokens, size) => {
        expect(pieces(tokens, size).join("")).toBe(renderer.decode(tokens));
      }),
    );
  });

  it("never holds half a character", () => {
    const text = fc.array(
      fc.constantFrom("naïve ", "漢字", "😀", "👩‍👩‍👧", "e\u0301", " 这家店", "<think>\n", "plain "),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(text, (words) => {
        const said = pieces(renderer.encode(words.join("")));
        expect(said.join("")).toBe(words.join(""));
        for (const piece of said) expect(Buffer.from(piece).toString()).toBe(piece);
        expect(said.join("|")).not.toContain("\ufffd");
      }),
    );
  });

  it("comes at once where a token is a whole character", () => {
    const tokens = renderer.encode("it is so");
    expect(
      pieces(tokens)
        .slice(0, -1)
        .every((piece) => piece !== ""),
    ).toBe(true);
  });
});
