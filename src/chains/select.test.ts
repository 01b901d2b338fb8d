import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QueryId, UserId } from "../data/types.ts";
import { heldOut } from "./select.ts";

const asked = (sizes: readonly number[]) =>
  sizes.flatMap((size, user) =>
    Array.from({ length: size }, (_, i) => ({
      task: "t",
      id: `${user}-${i}` as QueryId,
      user: `u${user}` as UserId,
    })),
  );

describe("chains that are held out", () => {
  it("are whole users, some and not all, never above twice the share where a user fits into that", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.double({ min: 0.01, max: 0.5, noNaN: true }), fc.nat(1000), (own, share, seed) => {
        const all = asked(own);
        const isHeld = heldOut(all, share, seed);
        const held = all.filter((one) => isHeld(one));
        const users = new Set(held.map(({ user }) => user));
        expect(all.filter(({ user }) => users.has(user))).toHaveLength(held.length);
        expect(users.size).toBeGreaterThan(0);
        expect(users.size).toBeLessThan(own.length);
        expect(held.length).toBeLessThanOrEqual(Math.max(2 * share * all.length, Math.min(...own)));
      }),
    );
  });

  it("leave a user who wrote a third of everything to learn from", () => {
    const all = asked([48, 14, 11, 10, 10, 6, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1]);
    for (let seed = 0; seed < 50; seed++) {
      const isHeld = heldOut(all, 0.1, seed);
      expect(all.filter((one) => isHeld(one)).every(({ user }) => user !== "u0")).toBe(true);
    }
  });
});
