import type { ShownExample } from "../data/types.ts";
import type { Centre } from "../rewards/personalization.ts";
import type { PairSource } from "./sample.ts";
import type { ScoreItem } from "./scorer-types.ts";
import { splitter } from "./split.ts";

/** Responses to one query, of the kind that RL scores: written with the profile, their form in order. */
export interface Scorable {
  readonly task: string;
  readonly query: string;
  readonly texts: readonly string[];
}

/** More say nothing new of a mean and a spread. */
const MOST = 200;

/** Responses of held-out queries, else of some that were trained on. */
export function scorable(sources: readonly PairSource[], heldOut: number, seed: number): Scorable[] {
  const splitOf = splitter(
    sources.map(({ example }) => example),
    heldOut,
    seed,
  );
  const all = sources.flatMap(({ example, withProfile }) => {
    const texts = withProfile.filter(({ formatOk }) => formatOk).map(({ text }) => text);
    return texts.length === 0
      ? []
      : [{ task: example.task, query: example.id, texts, held: splitOf(example) === "held_out" }];
  });
  const held = all.filter((one) => one.held);
  return (held.length > 0 ? held : all).slice(0, MOST).map(({ task, query, texts }) => ({ task, query, texts }));
}

export const itemsOf = (some: readonly Scorable[], examples: ReadonlyMap<string, ShownExample>): ScoreItem[] =>
  some.flatMap(({ task, query, texts }) => {
    const example = examples.get(`${task}/${query}`);
    return example === undefined ? [] : texts.map((text) => ({ example, text }));
  });

/**
 * Mean logit of what RL scores, and the root mean square of the differences that it compares: between responses to one
 * query. Null where no query has two of them, or all score alike: then pairs must do.
 */
export function centreOfGroups(groups: readonly (readonly number[])[]): Centre | null {
  const logits = groups.flat();
  const squares = groups.flatMap((group) => group.flatMap((a, i) => group.slice(i + 1).map((b) => (a - b) ** 2)));
  const average = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const spread = squares.length === 0 ? 0 : Math.sqrt(average(squares));
  return spread > 0 ? { mean: average(logits), spread } : null;
}
