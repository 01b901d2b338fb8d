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
 * users, texts, golds and ceilings (`world`; a change is a new world and needs a new base model), and what the scripted
 * teacher, judge and tagger say (`scripted`; a change needs new numbers in docs/log.md). Neither needs just a new hash.
 */
it.each([
  ["tag", { world: "3fc144cf634153b9d6148755971da70c", scripted: "7c4ac6c5a8812d29797f408d9e0f41fa" }],
  ["rating", { world: "c790a085a814be3e2ba52eb1d32fda3c", scripted: "e350b61f161d25931d19021e82dd0858" }],
  ["title", { world: "5c84ac0fb68669b823b6d3f18a5dc2f0", scripted: "a7365a8ba73d920e89b20282fc541e32" }],
] as const)("the shape %s is the one that results were published on", (name, hashes) => {
  const shape = SHAPES[name];
  const made = makeWorld(5);
  const facts = almanac(made);
  const drawn = [...examples(made, shape, { split: "train", users: 60, queriesPerUser: 2 })];
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
  const bounds = Object.values(ceilings(made, shape, cases)).map((value) => value.toFixed(9));
  const world = hashJson({ drawn, facts, bounds });
  const scripted = hashJson({ identity: scriptedIdentity(facts), chains, judged });
  expect({ world, scripted }).toEqual(hashes);
});
