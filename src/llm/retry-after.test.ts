import fc from "fast-check";
import { expect, it } from "vitest";
import { backOff, retryAfter } from "./retry-after.ts";

const NOW = Date.parse("Sun, 29 Nov 2026 12:00:00 GMT");
const wait = (headers: Record<string, string>): number | null => retryAfter(new Headers(headers), () => NOW);

it.each([
  [{ "retry-after": "8" }, 8000],
  [{ "retry-after": " 1.5 " }, 1500],
  [{ "retry-after-ms": "250", "retry-after": "8" }, 250],
  [{ "retry-after": "Sun, 29 Nov 2026 12:00:05 GMT" }, 5000],
  // A clock that is an hour off does no harm: the answer's own date is what the other is counted from.
  [{ "retry-after": "Sun, 29 Nov 2026 13:00:05 GMT", date: "Sun, 29 Nov 2026 13:00:00 GMT" }, 5000],
  [{ "retry-after": "Sun, 29 Nov 2026 11:59:55 GMT" }, null],
  [{ "retry-after": "0" }, null],
  [{ "retry-after": "-5" }, null],
  [{ "retry-after": "soon" }, null],
  [{ "retry-after": "99999999999" }, null],
  [{ "retry-after": "1e3" }, null],
  [{ "retry-after": "NaN" }, null],
  [{ "retry-after": "Sun, 99 Nov 2026 12:00:05 GMT" }, null],
  [{ "retry-after": "2026-11-29" }, null],
  [{}, null],
])("%j asks for %s ms", (headers, ms) => {
  expect(wait(headers)).toBe(ms);
});

it("law: whatever stands there, a wait is positive and at most a day", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      const ms = wait({ "retry-after": text });
      expect(ms === null || (ms > 0 && ms <= 86_400_000)).toBe(true);
    }),
  );
});

it("law: back-off grows to its most, and is never less than half of it", () => {
  fc.assert(
    fc.property(fc.nat(60), fc.double({ min: 0, max: 1, noNaN: true }), (k, draw) => {
      const ms = backOff(k, 500, 8000, () => draw);
      const full = Math.min(500 * 2 ** k, 8000);
      expect(ms).toBeGreaterThanOrEqual(full / 2);
      expect(ms).toBeLessThanOrEqual(full);
    }),
  );
});
