import fc from "fast-check";
import { expect, it } from "vitest";
import { html } from "../html.ts";
import { cloud, place } from "./cloud.ts";

const words = fc.uniqueArray(
  fc.record({
    word: fc.string({ minLength: 1, maxLength: 14 }),
    weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
  { maxLength: 40, selector: ({ word }) => word },
);

it("no two words meet, and none stands outside", () => {
  fc.assert(
    fc.property(words, (given) => {
      const boxes = place(given).map(({ box }) => box);
      for (const [i, a] of boxes.entries()) {
        expect(Math.min(a.x, a.y, 640 - a.x - a.width, 320 - a.y - a.height)).toBeGreaterThanOrEqual(-1e-9);
        for (const b of boxes.slice(i + 1))
          expect(a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height).toBe(
            true,
          );
      }
    }),
    { numRuns: 50 },
  );
});

it("a word is text, whatever it holds", () => {
  const { wide } = cloud([{ word: "<b>", weight: 1 }], { name: "c", alt: "c", caption: html`c` });
  expect(wide).toContain("&lt;b&gt;</text>");
});
