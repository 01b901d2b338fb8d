import { type Convention, rouge1L } from "../metrics/rouge.ts";

/**
 * The answer that is nearest to all others: with the highest mean ROUGE-L F against them, of equals the one drawn first;
 * unreadable ones don't count. Null where none can be read. (Minimum Bayes risk with the samples as its distribution;
 * n answers cost n(n − 1)/2 comparisons.)
 */
export function medoid<T extends { readonly answer: string | null }>(
  answers: readonly T[],
  convention: Convention,
): T | null {
  const read = answers.filter(({ answer }) => answer !== null);
  const sums = read.map(() => 0);
  for (const [i, a] of read.entries())
    for (let j = i + 1; j < read.length; j++) {
      const [, near] = rouge1L(a.answer ?? "", read[j]?.answer ?? "", convention);
      sums[i] = (sums[i] ?? 0) + near;
      sums[j] = (sums[j] ?? 0) + near;
    }
  return read[sums.indexOf(Math.max(...sums))] ?? null;
}
