import type { TaggedStep } from "../pieces.ts";
import { saysWhole } from "../said.ts";
import { type Counted, counts, labelOf } from "./counts.ts";
import type { Evidence, Seen } from "./evidence.ts";
import { type Sayings, sayingsFor } from "./words.ts";

/** A chain as a rule makes it: steps with their tags, and the answer that they lead to. */
export interface Draft {
  readonly steps: readonly TaggedStep[];
  readonly answer: string;
}

/** One way from the items to an answer; null where the items give it nothing to stand on. Pure. */
export type Strategy = (evidence: Evidence) => Draft | null;

/** Shared words that are named. */
const NAMED_WORDS = 3;
/** Items that are compared. */
const NEAR = 3;

const step = (tag: string, ...texts: readonly string[]): TaggedStep => ({ tag, text: texts.join(" ") });
const asked = (say: Sayings, { asked: quote }: Evidence): TaggedStep => step("analyze_input", say.asked(quote));
const decided = (say: Sayings, answer: string): TaggedStep => step("make_decision", say.answer(answer));

/** What the user did in the one item that is most like the query. */
export const nearest: Strategy = (evidence) => {
  const { task, similar } = evidence;
  const best = similar[0];
  const answer = best && labelOf(evidence, best);
  if (best === undefined || answer === undefined) return null;
  const say = sayingsFor(task);
  return {
    answer,
    steps: [
      asked(say, evidence),
      step("find_similar", say.alike(best.number, best.shared.slice(0, NAMED_WORDS))),
      step("recall_choice", say.chose(best.number, answer, best.about)),
      decided(say, answer),
    ],
  };
};

/** What the user did most often in the items that are like the query. */
export const near: Strategy = (evidence) => {
  const { task, similar } = evidence;
  const some = similar.slice(0, NEAR);
  if (some.length < 2) return null;
  const say = sayingsFor(task);
  const counted = counts(evidence, some);
  const top = counted[0];
  if (top === undefined) return null;
  const first = some[0] as Seen;
  return {
    answer: top.choice,
    steps: [
      asked(say, evidence),
      found(say, some),
      listed(say, counted),
      ...(top.items.length > 1
        ? [step("count_choices", say.most(top.choice, top.items.length, some.length))]
        : [recall(say, first, evidence)]),
      decided(say, top.choice),
    ],
  };
};

/** What makes the two nearest of them like the query. */
const found = (say: Sayings, similar: readonly Seen[]): TaggedStep =>
  step("find_similar", ...similar.slice(0, 2).map((item) => say.alike(item.number, item.shared.slice(0, 2))));

const recall = (say: Sayings, item: Seen, evidence: Evidence): TaggedStep =>
  step("recall_choice", say.chose(item.number, labelOf(evidence, item) ?? item.choice, item.about));

/** What the user did most often of all; of equals what they did last. */
export const habit: Strategy = (evidence) => {
  const { task, items } = evidence;
  const counted = counts(evidence, items.toReversed());
  const top = counted[0];
  if (top === undefined || top.items.length < 2) return null;
  const say = sayingsFor(task);
  return {
    answer: top.choice,
    steps: [
      asked(say, evidence),
      listed(say, counted),
      step("count_choices", say.most(top.choice, top.items.length, items.length)),
      decided(say, top.choice),
    ],
  };
};

/** What the user did last. */
export const latest: Strategy = (evidence) => {
  const last = evidence.items.at(-1);
  const answer = last && labelOf(evidence, last);
  if (last === undefined || answer === undefined) return null;
  const say = sayingsFor(evidence.task);
  return {
    answer,
    steps: [
      asked(say, evidence),
      step("recall_choice", say.newest(last.number, answer, last.about)),
      decided(say, answer),
    ],
  };
};

/** A label that the query itself names, and that the user has chosen before. */
export const named: Strategy = (evidence) => {
  const { task, query, items } = evidence;
  if (task.kind !== "classification") return null;
  const counted = counts(evidence, items.toReversed());
  const top = counted.find(({ choice }) => saysWhole(query, choice));
  if (top === undefined) return null;
  const say = sayingsFor(task);
  return {
    answer: top.choice,
    steps: [
      asked(say, evidence),
      step("match_label", say.named(top.choice)),
      recall(say, top.items[0] as Seen, evidence),
      decided(say, top.choice),
    ],
  };
};

/** The grade nearest to the average, of the items that are like the query or of all. */
export const average =
  (of: "similar" | "all"): Strategy =>
  (evidence) => {
    const { task } = evidence;
    if (task.kind !== "ordinal") return null;
    const some = (of === "all" ? evidence.items : evidence.similar.slice(0, NEAR)).filter(
      (item) => labelOf(evidence, item) !== undefined,
    );
    if (some.length < 2) return null;
    const say = sayingsFor(task);
    const grades = some.map((item) => labelOf(evidence, item) ?? "");
    const mean = grades.reduce((sum, grade) => sum + Number(grade), 0) / grades.length;
    const answer = nearestGrade(task.labels, mean);
    return {
      answer,
      steps: [
        asked(say, evidence),
        ...(of === "similar" ? [found(say, some)] : []),
        listed(say, counts(evidence, some)),
        step("average_scores", say.average(grades, String(Math.round(100 * mean) / 100), answer)),
        decided(say, answer),
      ],
    };
  };

/**
 * For an answer that the items leave open: what the user did in those most like the query (in all, where none is alike),
 * then the answer. It claims no more than is so; which answer follows is for whoever learns from it to see.
 */
export function open(evidence: Evidence, gold: string): Draft | null {
  const { task, similar, items } = evidence;
  const answer = labelOf(evidence, { choice: gold.trim() });
  const some = similar.slice(0, NEAR);
  const counted = counts(evidence, some.length > 0 ? some : items);
  if (answer === undefined || counted.length === 0) return null;
  const say = sayingsFor(task);
  return {
    answer,
    steps: [
      asked(say, evidence),
      ...(some.length > 0 ? [found(say, some.slice(0, 1))] : []),
      listed(say, counted),
      decided(say, answer),
    ],
  };
}

/** More items than this are told by choice. */
const LISTED = 12;

/** What each item has, in the prompt's order: a small model can copy that from there, and count. */
function listed(say: Sayings, counted: readonly Counted[]): TaggedStep {
  const each = counted.flatMap(({ choice, items }) => items.map(({ number }) => ({ choice, number })));
  if (each.length > LISTED)
    return step(
      "compare_items",
      ...counted.slice(0, NEAR).map(({ choice, items }) => say.same(numbers(items), choice)),
    );
  const inOrder = each.toSorted((a, b) => a.number - b.number);
  return step("compare_items", ...inOrder.map(({ choice, number }) => say.same([number], choice)));
}

const nearestGrade = (labels: readonly string[], mean: number): string =>
  labels.reduce((a, b) => (Math.abs(Number(b) - mean) < Math.abs(Number(a) - mean) ? b : a));

const numbers = (items: readonly Seen[]): number[] => items.map(({ number }) => number).sort((a, b) => a - b);

/** Every way to a label or a grade. */
export const CHOICES: readonly Strategy[] = [nearest, near, habit, latest, named, average("similar"), average("all")];
