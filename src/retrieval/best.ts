/**
 * Positions of the k highest scores, best first; of equal scores the later position comes first (in a profile, which is
 * oldest first: the newer item). Cheaper than sorting, since k is small and most scores of a long profile are 0.
 */
export function bestPositions(scores: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  for (let i = scores.length - 1; i >= 0; i--) {
    const score = scores[i] ?? 0;
    if (best.length === k && score <= (scores[best[k - 1] ?? 0] ?? 0)) continue;
    let at = best.length < k ? best.push(i) - 1 : k - 1;
    for (; at > 0 && score > (scores[best[at - 1] ?? 0] ?? 0); at--) best[at] = best[at - 1] ?? 0;
    best[at] = i;
  }
  return best;
}
