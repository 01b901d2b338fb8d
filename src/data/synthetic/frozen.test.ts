import { expect, it } from "vitest";
import { hashJson } from "../../core/run-dir.ts";
import { almanac } from "./almanac.ts";
import { ceilings } from "./ceilings.ts";
import { examples } from "./examples.ts";
import { answerScripted, scriptedIdentity } from "./scripted/server.ts";
import { SHAPES } from "./shapes.ts";
import { makeWorld } from "./world.ts";

/*
 * The shipped base model, the quickstart and every published number stand on these three shapes as they are: their
 * users, texts, golds, ceilings, and what the scripted teacher, judge and tagger say. A change here is a new world: it
 * needs a new base model and new numbers, not a new hash.
 */
it.each([
  ["tag", "7022376b1a950f7b46d12e59fcad0050"],
  ["rating", "3713e662ab708ddd435e1fe928fcf738"],
  ["title", "069e018bc0462dd832cabb43b4cf55f2"],
] as const)("the shape %s is the one that results were published on", (name, hash) => {
  const shape = SHAPES[name];
  const world = makeWorld(5);
  const facts = almanac(world);
  const drawn = [...examples(world, shape, { split: "train", users: 60, queriesPerUser: 2 })];
  const cases = drawn.map((example) => ({ example, shown: example.profile.slice(-8) }));
  const prompts = cases.map(({ example, shown }) => {
    const lines = shown.map(
      ({ fields }, k) => `[${k + 1}] ${fields[shape.textField]} | ${shape.labelField}: ${fields[shape.labelField]}`,
    );
    return `History of this user, oldest first:\n${lines.join("\n")}\n\n${example.input}`;
  });
  const chains = prompts.map((content) => answerScripted(facts, [{ content }], 8));
  const judged = prompts.map((prompt, i) => {
    const { reasoning = "", content = "" } = chains[i]?.[0] ?? {};
    const asked = `<prompt>\n${prompt}\n</prompt>\n<reasoning>\n${reasoning}\n</reasoning>\n<answer>\n${content}\n</answer>`;
    return ["logical_consistency", "tag freely"].map((content) =>
      answerScripted(facts, [{ content }, { content: asked }], 2),
    );
  });
  const bounds = Object.values(ceilings(world, shape, cases)).map((value) => value.toFixed(9));
  expect(hashJson({ drawn, facts, identity: scriptedIdentity(facts), chains, judged, bounds })).toBe(hash);
});
