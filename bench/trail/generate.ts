import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Random, stream } from "../../src/core/random.ts";
import { CONCEPTS, LABELS } from "../../src/data/synthetic/lexicon.ts";
import { entry } from "../../src/data/synthetic/shape.ts";
import { answerOf, chain, history, question } from "./prose.ts";
import { CONSTANTS, drawTrail, leadsOf, THEMES, type Trail, tableOf, walk } from "./world.ts";

/*
 * Sets for the gates, as JSONL of {depth, prompt, target, answer, path}; path: [theme, label, kind] a hop.
 *   npx tsx bench/trail/generate.ts FILE SEED FORM COUNT [DEPTHS [SPLIT [HIDDEN [CHANGED [ITEMS]]]]]
 * FORM: chain (think, then answer), down (hops numbered by how many are left), direct (answer at once) or asked (at once, one history asked from every theme for every
 * depth; with DEPTHS 1 and other seeds what the base is pre-trained on). DEPTHS: e.g. 1234, drawn evenly. Every history has
 * a user of its own. HIDDEN: the share of prompts in which one theme is not shown; CHANGED: how many
 * themes were tagged again later; ITEMS: how many are shown (the world's own where they aren't named).
 */
const [file = "", seedText = "0", form = "direct", countText = "0", depths = "1234", split = "train", ...own] =
  process.argv.slice(2);
const [hidden, changed, items] = own;
const seed = Number(seedText);
const constants = {
  ...CONSTANTS,
  ...(hidden === undefined ? {} : { hidden: [1 - Number(hidden), Number(hidden)] }),
  ...(changed === undefined ? {} : { changed: Number(changed) }),
  ...(items === undefined ? {} : { items: Number(items) }),
};
const leads = leadsOf(seed);

/** What the two forms of a query have in common, and what they don't. */
function row(trail: Trail, told: string, random: Random) {
  const reasoning = form === "chain" || form === "down";
  return {
    depth: trail.depth,
    prompt: told + question(trail, random, reasoning),
    target: `${reasoning ? chain(trail, form === "down") : answerOf(trail)}<|im_end|>`,
    answer: answerOf(trail),
    path: trail.path.map(({ theme, label, kind }) => [entry(CONCEPTS, theme)[0], entry(LABELS, label), kind]),
  };
}

/** The same history asked from each theme and for each depth that has a walk, in any order. */
function everyQuestion(trail: Trail, table: readonly number[], random: Random): Trail[] {
  const shown = new Set(trail.items.map(({ theme }) => theme));
  const themes = Array.from({ length: THEMES }, (_, t) => t);
  const asked = themes.flatMap((start) => [...depths].map((depth) => ({ start, depth: Number(depth) })));
  return random.shuffle(asked).flatMap(({ start, depth }) => {
    const path = walk(leads, table, start, depth)?.map((hop) => ({
      ...hop,
      kind: shown.has(hop.theme) ? ("once" as const) : ("hidden" as const),
    }));
    return path === undefined ? [] : [{ ...trail, start, depth, path }];
  });
}

const lines: string[] = [];
const count = Number(countText);
for (let i = 0; lines.length < count; i++) {
  const random = stream(seed, "trail", split, i);
  const table = tableOf(seed, `${split}-${i}`);
  const trail = drawTrail(leads, table, Number(depths[lines.length % depths.length]), random, constants);
  if (trail === null) continue;
  const told = history(trail, random);
  const asked = form === "asked" ? everyQuestion(trail, table, random) : [trail];
  for (const one of asked) lines.push(JSON.stringify(row(one, told, random)));
}
mkdirSync(join(file, ".."), { recursive: true });
writeFileSync(file, `${lines.join("\n")}\n`);
