import { stream } from "../core/random.ts";
import type { Answers } from "./answers.ts";

/** A query where one method gains on another, and how it was come by. */
export interface Picked {
  readonly query: string;
  /** In the headline score; errors negated. */
  readonly gain: number;
  /** Queries that have this very gain. */
  readonly tied: number;
  readonly better: number;
  readonly same: number;
  readonly worse: number;
}

/** The query where `own` gains most on `base` by the headline score; of equal ones the seed draws. Null without a common one. */
export function pickCase(base: Answers, own: Answers, seed: number, task: string): Picked | null {
  const usual = new Map(base.queries.map((query, i) => [query, base.score[i] ?? Number.NaN]));
  const gains = own.queries.flatMap((query, i) => {
    const before = usual.get(query);
    return before === undefined ? [] : [{ query, gain: (own.score[i] ?? Number.NaN) - before }];
  });
  const most = gains.reduce((high, { gain }) => Math.max(high, gain), Number.NEGATIVE_INFINITY);
  const tied = gains.filter(({ gain }) => gain === most);
  const [first] = stream(seed, "case", task).shuffle(tied);
  if (first === undefined) return null;
  const count = (test: (gain: number) => boolean): number => gains.filter(({ gain }) => test(gain)).length;
  return {
    ...{ ...first, tied: tied.length },
    ...{ better: count((gain) => gain > 0), same: count((gain) => gain === 0), worse: count((gain) => gain < 0) },
  };
}
