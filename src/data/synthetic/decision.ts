import { type Content, entry, type Shape } from "./shape.ts";

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
      return bestBag(shape, content, outcomes);
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

/**
 * The bag of tokens with the best expected ROUGE-1 F over *all* strings, hedges included. ROUGE-1 sees a bag; the
 * things spoken of are in every possible gold, so they are always worth saying; templates share no other token, and for
 * a bag of a given size a template's tokens are worth the same each. So for every size the best bag takes the tokens of
 * the templates that are worth most, and the best size is the best of all.
 */
function bestBag(shape: Shape, content: Content, outcomes: readonly number[]): Decision {
  if (shape.bag === undefined) throw new RangeError(`${shape.name} has no bag of tokens`);
  const things = shape.bag.things(content).length;
  const golds = shape.bag.markers.map((words, o) => ({ o, p: outcomes[o] ?? 0, own: words.length }));
  const most = things + golds.reduce((sum, { own }) => sum + own, 0);
  let best = { expected: -1, pick: golds.map(() => 0) };
  for (let size = things; size <= most; size++) {
    const worth = ({ p, own }: (typeof golds)[number]): number => (2 * p) / (size + things + own);
    const pick = golds.map(() => 0);
    let left = size - things;
    for (const gold of golds.toSorted((x, y) => worth(y) - worth(x))) {
      pick[gold.o] = Math.min(gold.own, left);
      left -= entry(pick, gold.o);
    }
    const expected = golds.reduce((sum, gold) => sum + worth(gold) * (things + entry(pick, gold.o)), 0);
    if (expected > best.expected) best = { expected, pick };
  }
  return { answer: sayBag(shape, shape.bag, content, best.pick), expected: best.expected };
}

function sayBag(shape: Shape, bag: NonNullable<Shape["bag"]>, content: Content, pick: readonly number[]): string {
  const whole = pick.findIndex((k, o) => k === entry(bag.markers, o).length);
  const markers = pick.flatMap((k, o) => (o === whole ? [] : entry(bag.markers, o).slice(0, k)));
  const base = whole < 0 ? bag.things(content).join(" ") : shape.answer(content, whole, "");
  return [base, ...markers].join(" ");
}
