import type { Random } from "../../src/core/random.ts";
import { CONCEPTS, LABELS } from "../../src/data/synthetic/lexicon.ts";
import { entry } from "../../src/data/synthetic/shape.ts";
import { type Hop, inForce, THEMES, type Trail } from "./world.ts";

/*
 * What trail's prompts and chains say: the shipped base's own words, so that it can look up what it reads, and few of
 * them. An item shows its theme by one of that theme's words, so it still has to be read.
 */

const themeName = (theme: number): string => entry(CONCEPTS, theme)[0];
const wordFor = (theme: number, random: Random): string => random.pick(entry(CONCEPTS, theme));
const labelName = (label: number): string => entry(LABELS, label);

export const answerOf = (trail: Trail): string => labelName(entry(trail.path, trail.path.length - 1).label);

/** System message and history, up to where the question begins: what queries on one history share. */
export function history(trail: Trail, random: Random): string {
  const items = trail.items.map(({ theme, label }, i) => `${i + 1} ${wordFor(theme, random)} ${labelName(label)}`);
  const system = "You answer as this particular user would.";
  return `<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${items.join("\n")}\n\n`;
}

/** The question and the opened turn, in the shipped base's chat form: which tag does film `depth` get? */
export function question({ start, depth }: Pick<Trail, "start" | "depth">, random: Random, reasoning: boolean): string {
  const asked = `Which tag ${depth} from ${wordFor(start, random)}`;
  return `${asked}<|im_end|>\n<|im_start|>assistant\n${reasoning ? "<think>\n" : "<think>\n\n</think>\n\n"}`;
}

/**
 * A clean chain, from where the prompt has opened it: hop by hop, each with its number. `down`: with how many are left,
 * itself included, so that the question's number is copied and the chain ends after 1: no counting up to it.
 */
export function chain(trail: Trail, down = false): string {
  const hops = trail.path.map((hop, h) => `film ${down ? trail.depth - h : h + 1} ${statement(trail, hop)}\n`);
  return `${hops.join("")}</think>\n\n${answerOf(trail)}`;
}

/** A hop: a theme and its label; of a theme that is not shown, what is in force of the others, and which label is left. */
function statement(trail: Trail, { theme, label, kind }: Hop): string {
  if (kind !== "hidden") return `${themeName(theme)} ${labelName(label)}`;
  const shown = inForce(trail.items);
  const given = Array.from({ length: THEMES }, (_, t) => t).flatMap((t) => {
    const tag = shown.get(t);
    return tag === undefined ? [] : [`${themeName(t)} ${labelName(tag)}`];
  });
  return `${themeName(theme)} unsure\ngiven ${given.join(" ")}\nmost ${themeName(theme)} ${labelName(label)}`;
}
