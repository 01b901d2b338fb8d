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

/** `gaps`: preferred length − rejected length of each pair. */
export function lengthBalance(gaps: readonly number[]): LengthBalance {
  const preferredLonger = gaps.filter((g) => g > 0).length;
  const rejectedLonger = gaps.filter((g) => g < 0).length;
  const equal = gaps.length - preferredLonger - rejectedLonger;
  const ruleAccuracy = gaps.length === 0 ? null : (Math.max(preferredLonger, rejectedLonger) + equal / 2) / gaps.length;
  return { preferredLonger, rejectedLonger, equal, ruleAccuracy };
}

/** Beyond this accuracy of the length rule pairs are dropped, the most telling first, … */
const LENGTH_RULE_AT_MOST = 0.55;
/** … but at least this share of them stays: where one kind of response is always longer, the report says so. */
const KEPT_AT_LEAST = 0.5;

/**
 * At most `perList` elements of each list and `cap` in all, lists taken in turn. Of a list the element is taken whose
 * length gap leans against the imbalance so far, the smallest such gap first; then {@link trim}.
 */
export function chooseBalanced<T>(
  lists: readonly (readonly T[])[],
  cap: number,
  perList: number,
  gapOf: (element: T) => number,
): T[] {
  const left = lists.map((list) => [...list]);
  const chosen: T[] = [];
  let balance = 0;
  for (let round = 0; round < perList; round++)
    for (const list of left) {
      if (chosen.length >= cap) return trim(chosen, gapOf);
      const best = leastTelling(list, balance, gapOf);
      if (best === undefined) continue;
      list.splice(list.indexOf(best), 1);
      balance += Math.sign(gapOf(best));
      chosen.push(best);
    }
  return trim(chosen, gapOf);
}

function leastTelling<T>(list: readonly T[], balance: number, gapOf: (element: T) => number): T | undefined {
  const wrong = (element: T): number => (Math.sign(gapOf(element)) * Math.sign(balance) > 0 ? 1 : 0);
  let best: T | undefined;
  for (const element of list) {
    if (best === undefined) best = element;
    else {
      const order = wrong(element) - wrong(best) || Math.abs(gapOf(element)) - Math.abs(gapOf(best));
      if (order < 0) best = element;
    }
  }
  return best;
}

/** Drops pairs of the majority, the largest gaps first, until length is hardly a clue or half of the pairs are left. */
function trim<T>(chosen: readonly T[], gapOf: (element: T) => number): T[] {
  const { preferredLonger, rejectedLonger, equal } = lengthBalance(chosen.map(gapOf));
  const sign = preferredLonger >= rejectedLonger ? 1 : -1;
  const gaps = chosen.map(gapOf);
  const majority = [...gaps.keys()].filter((i) => Math.sign(gaps[i] ?? 0) === sign);
  majority.sort((a, b) => Math.abs(gaps[b] ?? 0) - Math.abs(gaps[a] ?? 0));
  const accuracy = (dropped: number): number =>
    (majority.length - dropped + equal / 2) / Math.max(1, chosen.length - dropped);
  let dropped = 0;
  while (accuracy(dropped) > LENGTH_RULE_AT_MOST && chosen.length - dropped - 1 >= KEPT_AT_LEAST * chosen.length)
    dropped++;
  const out = new Set(majority.slice(0, dropped));
  return chosen.filter((_, i) => !out.has(i));
}
