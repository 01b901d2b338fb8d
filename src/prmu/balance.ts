import { groupBy } from "../core/group.ts";
import type { Random } from "../core/random.ts";

/** Elements of several lists in turn: the first of each, the second of each, … */
export function roundRobin<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  return Array.from({ length: longest }, (_, k) => lists.flatMap((list) => list.slice(k, k + 1))).flat();
}

/** What length alone says about pairs; a rule that always prefers the longer (or the shorter) side. */
export interface LengthBalance {
  readonly preferredLonger: number;
  readonly rejectedLonger: number;
  readonly equal: number;
  /** Accuracy of the better of the two rules, ties counting half: 0.5 is no clue. Null without pairs. */
  readonly ruleAccuracy: number | null;
}

/** `gaps`: preferred − rejected, in tokens (or in mentions of the history) of each pair. */
export function lengthBalance(gaps: readonly number[]): LengthBalance {
  const preferredLonger = gaps.filter((g) => g > 0).length;
  const rejectedLonger = gaps.filter((g) => g < 0).length;
  const equal = gaps.length - preferredLonger - rejectedLonger;
  const ruleAccuracy = gaps.length === 0 ? null : (Math.max(preferredLonger, rejectedLonger) + equal / 2) / gaps.length;
  return { preferredLonger, rejectedLonger, equal, ruleAccuracy };
}

/** Where one kind of response is nearly always longer, this share of the pairs stays all the same: the report says so. */
const KEPT_AT_LEAST = 0.1;

/** Pairs of like length difference: 0, 1, 2–3, 4–7, 8–15, … tokens. */
export const stratumOf = (gap: number): number => (gap === 0 ? 0 : 1 + Math.floor(Math.log2(Math.abs(gap))));

/** What balancing looks at in an element: preferred − rejected in tokens, and its task, whose lengths are balanced apart. */
export interface Lengths<T> {
  readonly gapOf: (element: T) => number;
  readonly taskOf: (element: T) => string;
}

/**
 * At most `perList` elements of each list and `cap` in all, lists taken in turn, so that within every stratum of a task's
 * length differences the preferred side is the longer one in half of the elements ({@link stratumOf}). Of a list the
 * first element is taken (lists come shuffled) that leans against the imbalance of its own stratum so far, else the
 * first; then what is left over in a stratum's majority goes, at random. So many are taken that `cap` are left after that.
 *
 * Nothing is chosen for having a small difference: where reading the history is what makes a chain long, that would
 * keep the chains that don't read it, and drop the very pairs that carry the content.
 */
export function chooseBalanced<T>(
  lists: readonly (readonly T[])[],
  cap: number,
  perList: number,
  lengths: Lengths<T>,
  random: Random,
): T[] {
  const left = lists.map((list) => [...list]);
  const chosen: T[] = [];
  const lean = new Map<string, number>();
  const leanOf = (element: T): number => lean.get(stratumKey(element, lengths)) ?? 0;
  let surplus = 0;
  for (let round = 0; round < perList; round++)
    for (const list of left) {
      const sign = (element: T): number => Math.sign(lengths.gapOf(element));
      const against = list.findIndex((e) => sign(e) * leanOf(e) <= 0);
      const [next] = list.splice(Math.max(0, against), 1);
      if (next === undefined) continue;
      const before = leanOf(next);
      const after = before + sign(next);
      lean.set(stratumKey(next, lengths), after);
      surplus += Math.abs(after) - Math.abs(before);
      chosen.push(next);
      if (chosen.length - Math.min(surplus, droppable(chosen.length)) >= cap)
        return evenOut(chosen, lengths, random).slice(0, cap);
    }
  return evenOut(chosen, lengths, random);
}

const stratumKey = <T>(element: T, { gapOf, taskOf }: Lengths<T>): string =>
  `${stratumOf(gapOf(element))} ${taskOf(element)}`;

const droppable = (chosen: number): number => Math.floor(chosen * (1 - KEPT_AT_LEAST));

/** Drops at random from each stratum's majority, evenly over strata as far as {@link KEPT_AT_LEAST} allows. */
function evenOut<T>(chosen: readonly T[], lengths: Lengths<T>, random: Random): T[] {
  const { gapOf } = lengths;
  const strata = groupBy([...chosen.keys()], (i) => stratumKey(chosen[i] as T, lengths));
  const surplus = [...strata.values()].map((indices) => {
    const longer = indices.filter((i) => gapOf(chosen[i] as T) > 0);
    const shorter = indices.filter((i) => gapOf(chosen[i] as T) < 0);
    const [most, fewest] = longer.length >= shorter.length ? [longer, shorter] : [shorter, longer];
    return random.shuffle(most).slice(fewest.length);
  });
  const dropped = new Set(roundRobin(surplus).slice(0, droppable(chosen.length)));
  return chosen.filter((_, i) => !dropped.has(i));
}
