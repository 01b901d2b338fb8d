import fc from "fast-check";
import { expect, it } from "vitest";
import { clipped, sentenceOf } from "./sentence.ts";

it.each([
  ['{"error":{"message":"no","code":1}}', "no"],
  ['{"error":"no"}', "no"],
  ['{"message":"no"}', "no"],
  ['{"detail":"no"}', "no"],
  [
    '{"detail":[{"loc":["body","n"],"msg":"at most 1"},{"loc":["body","x"],"msg":"missing"}]}',
    "n: at most 1; x: missing",
  ],
  ['{"error":{"error":{"message":"no"}}}', "no"],
  ['{"choices":[]}', '{"choices":[]}'],
  ["no connection\nupstream", "no connection upstream"],
  ["<html><head><title>Sign in</title></head></html>", 'a web page, "Sign in"'],
  ['\uFEFF{"error":"no"}', "no"],
  ["\u001b[2J\u001b]0;title\u0007no", "[2J ]0;title no"],
  ["", ""],
])("%j says %j", (text, said) => {
  expect(sentenceOf(text)).toBe(said);
});

it("law: one short line without control characters, whatever comes", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), (text) => {
      const said = clipped(sentenceOf(text));
      expect(said).not.toMatch(/[\p{Cc}\n]/u);
      expect(said.length).toBeLessThanOrEqual(301);
    }),
  );
});
