import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/random.ts";
import { hops, queryOnly, shownItems } from "./ceilings.ts";
import { answerOf, chain, prompt } from "./prose.ts";
import { drawTrail, inForce, leadsOf, type Trail, tableOf } from "./world.ts";

const leads = leadsOf(0);
const trailOf = (depth: number): Trail => {
  for (let i = 0; ; i++) {
    const trail = drawTrail(leads, tableOf(0, `test-${depth}-${i}`), depth, stream(0, "test", depth, i));
    if (trail !== null) return trail;
  }
};

describe("the world trail", () => {
  it("tells nothing by the query alone at any depth, all by the shown items, and little by too few hops", () => {
    for (const depth of [1, 2, 3, 4]) {
      const trail = trailOf(depth);
      expect(queryOnly(leads, trail)).toBeCloseTo(1 / 7, 12);
      expect(shownItems(leads, trail)).toBe(1);
      for (let j = 1; j < depth; j++) expect(hops(leads, trail, j)).toBeCloseTo(1 / (7 - j), 12);
    }
  });

  it("shows each theme's newest tag last, and a chain whose last hop is the answer", () => {
    for (const depth of [1, 2, 3, 4]) {
      const trail = trailOf(depth);
      const newest = inForce(trail.items);
      for (const { theme, label, kind } of trail.path) if (kind !== "hidden") expect(newest.get(theme)).toBe(label);
      const lines = chain(trail).split("\n");
      expect(lines.at(-1)).toBe(answerOf(trail));
      expect(lines.filter((line) => line.startsWith("film "))).toHaveLength(depth);
      expect(prompt(trail, stream(0, "prose"), true)).toContain(`Which tag does film ${depth} get?`);
    }
  });
});
