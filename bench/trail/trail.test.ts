import { describe, expect, it } from "vitest";
import { stream } from "../../src/core/random.ts";
import { CONCEPTS, LABELS } from "../../src/data/synthetic/lexicon.ts";
import { hops, queryOnly, shownItems } from "./ceilings.ts";
import { answerOf, chain, history, question } from "./prose.ts";
import { drawTrail, type HopKind, inForce, leadsOf, type Trail, tableOf } from "./world.ts";

const leads = leadsOf(0);

/** The first query of this depth, with a hop of this kind where one is named. */
function trailOf(depth: number, kind?: HopKind): Trail {
  for (let i = 0; ; i++) {
    const trail = drawTrail(leads, tableOf(0, `test-${depth}-${i}`), depth, stream(0, "test", depth, i));
    if (trail !== null && (kind === undefined || trail.path.some((hop) => hop.kind === kind))) return trail;
  }
}

describe("the world trail", () => {
  it("tells nothing by the query alone at any depth, all by the shown items, and little by too few hops", () => {
    for (const depth of [1, 2, 3, 4]) {
      const trail = trailOf(depth);
      expect(queryOnly(leads, trail)).toBeCloseTo(1 / 7, 12);
      expect(shownItems(leads, trail)).toBe(1);
      for (let j = 1; j < depth; j++) expect(hops(leads, trail, j)).toBeCloseTo(1 / (7 - j), 12);
    }
  });

  it("shows each theme's newest tag last", () => {
    for (const kind of ["once", "changed"] as const) {
      const trail = trailOf(4, kind);
      const newest = inForce(trail.items);
      for (const hop of trail.path) if (hop.kind !== "hidden") expect(newest.get(hop.theme)).toBe(hop.label);
    }
  });
});

describe("what it says", () => {
  it("is a chain of one line a hop whose last label is the answer", () => {
    const trail = trailOf(3);
    const lines = chain(trail).split("\n");
    expect(lines.filter((line) => line.startsWith("film ")).map((line) => line.split(" ")[1])).toEqual(["1", "2", "3"]);
    expect(lines.at(-1)).toBe(answerOf(trail));
  });

  it("can number hops by how many are left", () => {
    const lines = chain(trailOf(3), true).split("\n");
    expect(lines.filter((line) => line.startsWith("film ")).map((line) => line.split(" ")[1])).toEqual(["3", "2", "1"]);
  });

  it("finds the label of a theme that isn't shown among what the others leave", () => {
    const trail = trailOf(2, "hidden");
    const at = trail.path.findIndex((hop) => hop.kind === "hidden");
    const label = LABELS[trail.path[at]?.label ?? -1] ?? "";
    const lines = chain(trail).split("\n");
    const doubt = lines.findIndex((line) => line.endsWith("unsure"));
    expect(lines[doubt]).toMatch(new RegExp(`^film ${at + 1} `));
    const given = lines[doubt + 1]?.split(" ") ?? [];
    expect(given).toHaveLength(1 + 2 * 7);
    expect(given).not.toContain(label);
    expect(lines[doubt + 2]).toMatch(/^most /);
    expect(lines[doubt + 2]?.endsWith(` ${label}`)).toBe(true);
  });

  it("shows every item by a word of its theme, and asks for the depth", () => {
    const trail = trailOf(4);
    const lines = history(trail, stream(0, "prose")).split("<|im_start|>user\n")[1]?.trim().split("\n") ?? [];
    expect(lines).toHaveLength(trail.items.length);
    for (const [i, item] of trail.items.entries()) {
      const [number, word = "", label] = lines[i]?.split(" ") ?? [];
      expect([number, label]).toEqual([`${i + 1}`, LABELS[item.label]]);
      expect(CONCEPTS[item.theme]).toContain(word);
    }
    expect(question(trail, stream(0, "prose"), false)).toContain("Which tag 4 from ");
  });
});
