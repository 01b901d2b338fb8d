import type { Random } from "../../src/core/random.ts";
import { CONCEPTS, FILLERS, LABELS } from "../../src/data/synthetic/lexicon.ts";
import { entry } from "../../src/data/synthetic/shape.ts";
import { type Item, inForce, THEMES, type Trail } from "./world.ts";

/* What trail's prompts and chains say: the shipped base's own words, so that it can look up what it reads. */

const themeName = (theme: number): string => entry(CONCEPTS, theme)[0];
const labelName = (label: number): string => entry(LABELS, label);

const describe = (theme: number, random: Random): string =>
  `a ${random.pick(FILLERS.adjectives)} ${random.pick(FILLERS.nouns)} about ${random.pick(entry(CONCEPTS, theme))} ${random.pick(FILLERS.places)}`;

export const answerOf = (trail: Trail): string => labelName(entry(trail.path, trail.path.length - 1).label);

/** The prompt in the shipped base's chat form. */
export function prompt(trail: Trail, random: Random, reasoning: boolean): string {
  const items = trail.items.map(
    ({ theme, label }, i) => `[${i + 1}] ${describe(theme, random)} | tag: ${labelName(label)}`,
  );
  const system = reasoning
    ? "You answer as this particular user would. Reason in short steps inside <think> and </think>, then give only the answer."
    : "You answer as this particular user would. Give only the answer.";
  const input = `Each tag leads to the next film. Which tag does film ${trail.depth} get? Just answer with the tag name without further explanation. tags: [${LABELS.join(", ")}] description: ${describe(trail.start, random)}`;
  return `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\nHistory of this user, oldest first:\n${items.join("\n")}\n\n${input}<|im_end|>\n<|im_start|>assistant\n${reasoning ? "" : "<think>\n\n</think>\n\n"}`;
}

/** The same with every item read already, and nothing else: what reading costs is left out. */
export function bare(trail: Trail): string {
  return `${trail.items.map(item).join("\n")}\n${trail.depth} ${themeName(trail.start)}\n`;
}

const item = ({ theme, label }: Item, i: number): string => `${i + 1} ${themeName(theme)} ${labelName(label)}`;

/** A clean chain: every item read, then hop by hop; a hidden edge by listing what is in force and what is left over. */
export function chain(trail: Trail): string {
  const hops = trail.path.flatMap(({ theme, label, kind }, h) => [
    ...(kind === "hidden" ? elimination(trail, label) : []),
    `film ${h + 1} ${themeName(theme)} ${labelName(label)}`,
  ]);
  return `<think>\n${[...trail.items.map(item), ...hops].join("\n")}\n</think>\n\n${answerOf(trail)}`;
}

/** The labels in force, in their own order, and the one that nobody has. Where two are left it is a guess between them. */
function elimination(trail: Trail, label: number): string[] {
  const taken = new Set(inForce(trail.items).values());
  const here = Array.from({ length: THEMES }, (_, l) => l).filter((l) => taken.has(l));
  return [`given ${here.map(labelName).join(" ")}`, `most ${labelName(label)}`];
}
