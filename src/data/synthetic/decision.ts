import { TITLES } from "./lexicon.ts";
import { type Content, entry, type Shape } from "./shape.ts";
import { TITLE } from "./title.ts";

export interface Decision {
  readonly answer: string;
  /** Expected score in the shape's metric. */
  readonly expected: number;
}

/** The answer with the best expected score under a distribution over the query's outcomes. */
export function bestDecision(shape: Shape, content: Content, outcomes: readonly number[]): Decision {
  switch (shape.metric) {
    case "accuracy":
      return mode(shape, content, outcomes);
    case "mae":
      return median(shape, content, outcomes);
    case "rouge1":
      return bestBag(content, outcomes);
  }
}

function mode(shape: Shape, content: Content, outcomes: readonly number[]): Decision {
  const expected = Math.max(...outcomes);
  return { answer: shape.answer(content, outcomes.indexOf(expected), ""), expected };
}

/** Scores are whole numbers, so the best of the five is the best of all (a median). */
function median(shape: Shape, content: Content, outcomes: readonly number[]): Decision {
  const costs = outcomes.map((_, guess) => outcomes.reduce((sum, p, o) => sum + p * Math.abs(o - guess), 0));
  const expected = Math.min(...costs);
  return { answer: shape.answer(content, costs.indexOf(expected), ""), expected };
}

const MARKERS = TITLES.map(({ pattern }) => pattern.replace(/\{[ab]\}/g, " ").match(/[a-z]+/g) ?? []);
const PICKS = picks(MARKERS.map((words) => words.length));

/** All ways of taking some words of each template. */
function picks(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((pick) => Array.from({ length: size + 1 }, (_, k) => [...pick, k])),
    [[]],
  );
}

/**
 * The bag of words with the best expected ROUGE-1 F over *all* strings, hedges included. ROUGE-1 sees a bag; the two
 * topics are in every possible gold, so they are always worth saying; templates share no other word and the words
 * of one template are worth the same, so counting how many of each template's words to say covers every string.
 */
function bestBag(content: Content, outcomes: readonly number[]): Decision {
  const golds = outcomes.map((p, o) => ({ p, o, size: 2 + entry(MARKERS, o).length }));
  let best = { expected: -1, pick: entry(PICKS, 0) };
  for (const pick of PICKS) {
    const size = 2 + pick.reduce((sum, k) => sum + k, 0);
    const expected = golds.reduce((sum, g) => sum + (g.p * 2 * (2 + entry(pick, g.o))) / (size + g.size), 0);
    if (expected > best.expected) best = { expected, pick };
  }
  return { answer: sayBag(content, best.pick), expected: best.expected };
}

function sayBag(content: Content, pick: readonly number[]): string {
  const whole = pick.findIndex((k, o) => k === entry(MARKERS, o).length);
  const markers = pick.flatMap((k, o) => (o === whole ? [] : entry(MARKERS, o).slice(0, k)));
  const base = whole < 0 ? TITLE.contentWords(content) : TITLE.answer(content, whole, "");
  return [base, ...markers].join(" ");
}
