import type { Random } from "../../../core/random.ts";
import type { Almanac } from "../almanac.ts";
import { statement } from "../prose.ts";
import { type ReadPrompt, readPrompt } from "../read.ts";
import { typeOutcome } from "./facts.ts";
import { type Line, outcomeSaid, readLine } from "./lines.ts";
import { JUDGE_NOISE } from "./shares.ts";

/** What the judge of the paper grades, 1–5 each. */
export interface ScriptedGrades {
  readonly logical_consistency: number;
  readonly factual_accuracy: number;
  readonly completeness: number;
  readonly conciseness: number;
}

/** What is wrong with a chain, counted from the text alone. */
interface Findings {
  readonly wrong: number;
  readonly contradicts: boolean;
  readonly items: number;
  readonly unread: number;
  readonly idle: number;
}

/** Grades a chain from the texts of prompt, chain and answer, with some noise. */
export function grade(almanac: Almanac, prompt: string, chain: string, answer: string, random: Random): ScriptedGrades {
  const read = readPrompt(prompt);
  const lines = chain
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map(readLine);
  const found = read ? inspect(almanac, read, lines, answer) : null;
  const noisy = (value: number): number => {
    const off = random.next() < JUDGE_NOISE ? (random.next() < 0.5 ? -1 : 1) : 0;
    return Math.min(Math.max(value + off, 1), 5);
  };
  return {
    logical_consistency: noisy(!found ? 1 : consistency(found)),
    factual_accuracy: noisy(!found ? 1 : found.wrong > 0 ? 2 : 5),
    completeness: noisy(!found ? 1 : completeness(found)),
    conciseness: noisy(!found || found.idle > 2 ? 1 : found.idle > 0 ? 3 : 5),
  };
}

/** From a wrong premise or from a part of the items, as if they were all, little follows. */
function consistency(found: Findings): number {
  if (found.contradicts) return 1;
  return found.wrong > 0 ? 3 : isPartial(found) ? 4 : 5;
}

/** All items read and a decision that follows: 5. The history left aside altogether: 3. */
function completeness(found: Findings): number {
  if (isPartial(found)) return 1;
  if (found.items > 0 && found.unread === found.items) return 3;
  return found.contradicts || found.unread > 0 || found.idle > 2 ? 4 : 5;
}

/** A third of the items or more left out, but not all of them. */
function isPartial({ items, unread }: Findings): boolean {
  return unread < items && unread * 3 >= items && unread > 0;
}

function inspect(almanac: Almanac, prompt: ReadPrompt, lines: readonly Line[], answer: string): Findings {
  const { shape, items } = prompt;
  const shown = items.map(({ content, outcome }) =>
    content === null || outcome === null ? "" : statement(shape, content, outcome),
  );
  const read = new Set(lines.flatMap((line) => (line.kind === "item" ? [line.i] : [])));
  const wrong = lines.filter((line) => isWrong(almanac, shown, line) || isFalseVote(almanac, prompt, line)).length;
  return {
    wrong,
    contradicts: contradicts(prompt, lines, answer),
    items: items.length,
    unread: items.filter((_, k) => !read.has(k + 1)).length,
    idle: lines.filter(({ kind }) => kind === "idle").length,
  };
}

/** A line that says of the history or of the population what is not so. */
function isWrong(almanac: Almanac, shown: readonly string[], line: Line): boolean {
  switch (line.kind) {
    case "item":
    case "match":
      return shown[line.i - 1] !== line.said;
    case "check":
      return !shown.includes(line.said);
    case "type":
    case "usual":
      return !almanac.types.some(({ name }) => name === line.type);
    default:
      return false;
  }
}

/** A vote that names a type whose habit is another, or an item that is not shown. */
function isFalseVote(almanac: Almanac, { shape, items }: ReadPrompt, line: Line): boolean {
  if (line.kind !== "vote") return false;
  return line.types.some((name) => {
    const t = almanac.types.findIndex((type) => type.name === name);
    return !items.some(
      ({ content, outcome }) =>
        content !== null &&
        outcome !== null &&
        statement(shape, content, outcome) === line.said &&
        typeOutcome(almanac, shape, t, content) === outcome,
    );
  });
}

/** The decision must be what the last reason before it ends in, and the answer what was decided. */
function contradicts({ shape, content }: ReadPrompt, lines: readonly Line[], answer: string): boolean {
  const decision = lines.findLast((line) => line.kind === "decision");
  if (!decision || content === null) return true;
  const decided = outcomeSaid(decision.said);
  const reasoned = lines.map(outcomeReasoned).findLast((outcome) => outcome !== null) ?? decided;
  const given = shape.readAnswer(answer, content);
  return given === null || shape.outcomeWord(given) !== decided || decided !== reasoned;
}

/** The outcome that a line gives a reason for, or null when it gives none. */
function outcomeReasoned(line: Line): string | null {
  switch (line.kind) {
    case "match":
    case "usual":
    case "common":
      return outcomeSaid(line.said);
    case "most":
      return line.outcome;
    default:
      return null;
  }
}
