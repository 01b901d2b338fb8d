import { TagprError } from "../core/errors.ts";

/**
 * pass@k of n sampled answers: the expected best of k drawn without replacement. For answers that are right or wrong this
 * is the unbiased 1 − C(n − c, k) / C(n, k) of Chen et al. 2021 (arXiv 2107.03374), c of them right; graded scores need
 * the general form, Σ s₍ᵢ₎ · C(i − 1, k − 1) / C(n, k) over the scores in rising order. `scores`: one an answer, higher is better.
 */
export function passAtK(scores: readonly number[], k: number): number {
  const n = scores.length;
  if (!Number.isInteger(k) || k < 1 || k > n) throw new TagprError("internal", `pass@${k} of ${n} answers`);
  // P(the best of k is the i-th) by the ratio of one rank to the next, so that no binomial grows large.
  let weight = k / n;
  let sum = 0;
  for (const [below, score] of scores.toSorted((a, b) => b - a).entries()) {
    sum += weight * score;
    weight *= (n - k - below) / (n - 1 - below || 1);
  }
  return sum;
}

/** The answer that most samples give, of equals the one drawn first; unreadable ones don't vote. Null where none can be read. */
export function majorityOf<T extends { readonly answer: string | null }>(answers: readonly T[]): T | null {
  const votes = new Map<string, number>();
  for (const { answer } of answers) if (answer !== null) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  const most = Math.max(0, ...votes.values());
  return answers.find(({ answer }) => answer !== null && votes.get(answer) === most) ?? null;
}

/** The k that pass@k is told for: 1, 2, 4 … and n itself. */
export const passRanks = (n: number): number[] =>
  [...new Set([...Array.from({ length: 32 }, (_, i) => 2 ** i).filter((k) => k < n), n])].sort((a, b) => a - b);

/** A dev score by temperature. */
export interface Decoding {
  readonly temperature: number;
  readonly score: number;
}

/** The temperature with the best dev score; of equals the lowest. Every method chooses so, from the same list. */
export const chosenOf = (tried: readonly Decoding[]): Decoding =>
  tried.toSorted((a, b) => a.temperature - b.temperature).reduce((best, one) => (one.score > best.score ? one : best));
