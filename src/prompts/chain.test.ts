import fc from "fast-check";
import { expect, it } from "vitest";
import { readChain, stepSpans } from "./chain.ts";

/** Chains with every fault that there is. */
const chain = fc
  .array(fc.constantFrom("<a>", "</a>", "<b>", "</b>", "\n", " ", "war", "so it is"), { maxLength: 14 })
  .map((parts) => parts.join(""));

it("spans are those of the steps that are read, one after the other, and what is between them is white", () => {
  fc.assert(
    fc.property(chain, (text) => {
      const { steps } = readChain(text);
      const spans = stepSpans(text);
      expect(spans.map(({ tag, text: { from, to } }) => ({ tag, text: text.slice(from, to).trim() }))).toEqual(steps);
      let at = spans[0]?.from ?? text.length;
      for (const { from, to, text: words } of spans) {
        expect(from).toBe(at);
        expect(words.to).toBeLessThanOrEqual(to);
        expect(to).toBeGreaterThan(from);
        at = to;
      }
      expect(at).toBe(text.length);
    }),
  );
});

it("of a clean chain what is left without a step is the clean chain of the others", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("war", "so it is"), { minLength: 1, maxLength: 6 }), fc.nat(5), (words, k) => {
      const all = words.map((word, i) => ({ tag: `t${i}`, text: word }));
      const text = `\n${all.map(({ tag, text: word }) => `<${tag}>\n${word}\n</${tag}>\n`).join("")}`;
      const at = k % all.length;
      const { from = 0, to = 0 } = stepSpans(text)[at] ?? {};
      const left = readChain(text.slice(0, from) + text.slice(to));
      expect(left).toEqual({ steps: all.filter((_, i) => i !== at), fault: null });
    }),
  );
});
