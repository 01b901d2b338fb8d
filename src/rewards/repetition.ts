import { wordsOf } from "../core/words.ts";
import { MARKUP } from "../prompts/chain.ts";

/** Distinct and all n-grams of a response: within each step and within the answer, never across; markup left out. */
export function countNgrams(response: string, n: number): { readonly distinct: number; readonly all: number } {
  const seen = new Set<string>();
  let all = 0;
  for (const part of response.replace(MARKUP, "\0").split("\0")) {
    const words = wordsOf(part);
    for (let i = 0; i + n <= words.length; i++) {
      seen.add(words.slice(i, i + n).join(" "));
      all++;
    }
  }
  return { distinct: seen.size, all };
}

/**
 * Repetition reward (paper eq. 8), in (−1, 0]: −(1 − |U|/|N|), N the multiset and U the set of n-grams. The paper's ε
 * guards |N| = 0 alone; there the reward is 0 by definition (ours), so that a response without repetition gets exactly 0.
 */
export function repetitionReward(response: string, n: number): number {
  const { distinct, all } = countNgrams(response, n);
  return all === 0 || distinct === all ? 0 : distinct / all - 1;
}
