import { groupBy } from "../core/group.ts";

/**
 * Clues that say nothing of what is better: how long a response is, and how often it mentions the history. Pairs are
 * taken as they come; what a clue alone would get is reported, beside what is left of the model's accuracy where the clue
 * is worth nothing ({@link controlWeights}), and training may weigh pairs against one ({@link trainingWeights}).
 */
export type Clue = "length" | "history";

/** What a clue alone says about pairs; a rule that always prefers the side with more of it (or with less). */
export interface LengthBalance {
  readonly preferredLonger: number;
  readonly rejectedLonger: number;
  readonly equal: number;
  /** Accuracy of the better of the two rules, ties counting half: 0.5 is no clue. Null without pairs. */
  readonly ruleAccuracy: number | null;
}

/** `gaps`: preferred − rejected of each pair. */
export function lengthBalance(gaps: readonly number[]): LengthBalance {
  const preferredLonger = gaps.filter((g) => g > 0).length;
  const rejectedLonger = gaps.filter((g) => g < 0).length;
  const equal = gaps.length - preferredLonger - rejectedLonger;
  const ruleAccuracy = gaps.length === 0 ? null : (Math.max(preferredLonger, rejectedLonger) + equal / 2) / gaps.length;
  return { preferredLonger, rejectedLonger, equal, ruleAccuracy };
}

/** One pair's gap, and its kind and task: strata are theirs alone. */
export interface Gap {
  readonly gap: number;
  readonly label: string;
}

/** Pairs of like difference: 0, 1, 2–3, 4–7, 8–15, … */
export const stratumOf = (gap: number): number => (gap === 0 ? 0 : 1 + Math.floor(Math.log2(Math.abs(gap))));

/**
 * Weights under which a rule by the clue is right in exactly half: in each stratum ({@link stratumOf}) of a label the pairs
 * whose preferred side has more weigh as much as those whose preferred side has less, and a stratum as much as it has
 * pairs. 0 where a stratum has one of the two alone: there nothing can be told from the clue.
 */
export function controlWeights(gaps: readonly Gap[]): number[] {
  return overStrata(gaps, (gap, { all, more, less }) => {
    if (gap === 0) return 1;
    if (more === 0 || less === 0) return 0;
    return all / (2 * (gap > 0 ? more : less));
  });
}

/** The least that a pair weighs in training: where one kind of response is nearly always longer, some of it stays. */
const LEAST = 0.1;

/**
 * Weights to train with: in each stratum the larger side is weighed down to the smaller one, never under {@link LEAST}.
 * No pair weighs more than 1, so that no single one decides.
 */
export function trainingWeights(gaps: readonly Gap[]): number[] {
  return overStrata(gaps, (gap, { more, less }) => {
    if (gap === 0) return 1;
    const [own, other] = gap > 0 ? [more, less] : [less, more];
    return Math.min(1, Math.max(LEAST, other / own));
  });
}

interface Stratum {
  readonly all: number;
  readonly more: number;
  readonly less: number;
}

function overStrata(gaps: readonly Gap[], weigh: (gap: number, stratum: Stratum) => number): number[] {
  const keyOf = ({ gap, label }: Gap): string => `${stratumOf(gap)} ${label}`;
  const strata = new Map(
    [...groupBy(gaps, keyOf)].map(([key, own]) => {
      const more = own.filter(({ gap }) => gap > 0).length;
      return [key, { all: own.length, more, less: own.filter(({ gap }) => gap < 0).length }] as const;
    }),
  );
  return gaps.map((one) => weigh(one.gap, strata.get(keyOf(one)) ?? { all: 0, more: 0, less: 0 }));
}
