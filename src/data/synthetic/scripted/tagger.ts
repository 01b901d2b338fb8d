import type { Random } from "../../../core/random.ts";
import { entry } from "../shape.ts";
import { type Line, readLine } from "./lines.ts";
import { MISTAGGED } from "./shares.ts";

/** Lines `from` to `to` (counted from 1, both included) of a chain, under one tag. */
export interface ScriptedSegment {
  readonly from: number;
  readonly to: number;
  readonly tag: string;
}

type Meaning = Exclude<Line["kind"], "idle" | "vote">;

/** Names that the free phase gives each kind of step, as often as {@link WEIGHTS} says. */
export const NAMES: Readonly<Record<Meaning, readonly string[]>> = {
  asked: ["analyze_input", "state_query", "restate_query", "read_question"],
  item: ["examine_examples", "read_history", "review_history", "look_at_examples"],
  match: ["compare_entities", "find_match", "recall_match", "match_items"],
  most: ["identify_patterns", "summarize_history", "spot_pattern", "count_labels"],
  type: ["infer_preference", "infer_type", "guess_preference", "name_the_type"],
  usual: ["apply_preference", "apply_type", "use_preference", "recall_type_habit"],
  common: ["evaluate_candidates", "weigh_options", "consider_candidates", "general_knowledge"],
  check: ["verify_answer", "check_consistency", "double_check", "verify_choice"],
  decision: ["make_decision", "draw_conclusion", "final_choice", "decide_answer"],
};
/** Half of the time the first name, a quarter the second. */
const WEIGHTS = [4, 2, 1, 1];
const MEANINGS = Object.keys(NAMES) as Meaning[];

/** Where a meaning goes when no allowed tag has it: the nearest others, in turn. */
const NEAREST: Readonly<Record<Meaning, readonly Meaning[]>> = {
  asked: ["item", "type"],
  item: ["match", "asked", "most"],
  match: ["item", "most"],
  most: ["type", "item", "match"],
  type: ["most", "usual", "item"],
  usual: ["type", "common", "decision"],
  common: ["usual", "most", "decision"],
  check: ["decision", "match"],
  decision: ["check", "usual"],
};

/** Tags the numbered lines of a chain: freely, or (with `allowed`) each with the allowed tag of its meaning. */
export function tagLines(
  lines: readonly string[],
  allowed: readonly string[] | null,
  random: Random,
): ScriptedSegment[] {
  const segments: { from: number; to: number; meaning: Meaning }[] = [];
  for (const [k, text] of lines.entries()) {
    const read = readLine(text).kind;
    // What the items have in common: the type that they speak for, or the outcome that most of them have.
    const kind = read === "vote" ? "most" : read;
    const last = segments.at(-1);
    // Idle talk belongs to the step that it interrupts.
    if (last && (kind === "idle" || kind === last.meaning)) last.to = k + 1;
    else segments.push({ from: k + 1, to: k + 1, meaning: kind === "idle" ? "asked" : kind });
  }
  const mistagged = allowed ? MISTAGGED.restricted : MISTAGGED.free;
  return segments.map(({ from, to, meaning }) => {
    const meant = random.next() < mistagged ? random.pick(MEANINGS) : meaning;
    return { from, to, tag: allowed ? allowedName(meant, allowed) : freeName(meant, random) };
  });
}

function freeName(meaning: Meaning, random: Random): string {
  return entry(NAMES[meaning], random.weighted(WEIGHTS));
}

function allowedName(meaning: Meaning, allowed: readonly string[]): string {
  for (const near of [meaning, ...NEAREST[meaning]]) {
    const name = allowed.find((tag) => NAMES[near].includes(tag));
    if (name !== undefined) return name;
  }
  return allowed[0] ?? entry(NAMES[meaning], 0);
}
