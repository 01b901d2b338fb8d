import type { Answers } from "./answers.ts";

/** Mean of a user's queries; higher is better, errors negated. */
export interface UserScore {
  readonly user: string;
  readonly score: number;
  readonly queries: number;
}

/** In the order in which the users appear. A query without a user is one of its own. */
export function userScores({ clusters, score }: Pick<Answers, "clusters" | "score">): UserScore[] {
  const sums = new Map<string, { sum: number; n: number }>();
  for (const [i, user] of clusters.entries()) {
    const own = sums.get(user) ?? { sum: 0, n: 0 };
    own.sum += score[i] ?? 0;
    own.n++;
    sums.set(user, own);
  }
  return [...sums].map(([user, { sum, n }]) => ({ user, score: sum / n, queries: n }));
}

/** Gini coefficient of values of at least 0, ascending; null where one is below 0, or all are 0. */
export function gini(ascending: readonly number[]): number | null {
  const n = ascending.length;
  const total = ascending.reduce((a, b) => a + b, 0);
  if (n === 0 || total === 0 || (ascending[0] ?? 0) < 0) return null;
  const weighted = ascending.reduce((sum, value, i) => sum + (2 * (i + 1) - n - 1) * value, 0);
  return weighted / (n * total);
}
