import { groupBy } from "../core/group.ts";
import { type Random, stream } from "../core/random.ts";
import type { Asked, Candidate } from "./types.ts";

/** A query of a task; ids are unique only within one. */
export const keyOf = (task: string, query: string): string => `${task}\n${query}`;

/**
 * A query's kept chains in the order in which they are taken: drawn among all of them, so that a chain the teacher comes
 * to often is drawn often; a chain that says word for word what an earlier one says is left out. Of several teachers the
 * next is drawn by their shares, as long as they have a chain left.
 */
export function orderCandidates(
  candidates: readonly Candidate[],
  shares: Readonly<Record<string, number>>,
  random: Random,
): Candidate[] {
  const said = new Set<string>();
  return inShares(random.shuffle(candidates), shares, random).filter(({ reasoning, answer }) => {
    const text = `${reasoning}\n\n${answer}`;
    if (said.has(text)) return false;
    said.add(text);
    return true;
  });
}

/** One after another, each from a teacher drawn by its share; one teacher's chains stay as they are. */
function inShares(
  candidates: readonly Candidate[],
  shares: Readonly<Record<string, number>>,
  random: Random,
): Candidate[] {
  const queues = [...groupBy(candidates, ({ by }) => by)].map(([by, own]) => ({
    share: shares[by] ?? 1,
    own: [...own],
  }));
  if (queues.length < 2) return [...candidates];
  const out: Candidate[] = [];
  while (out.length < candidates.length) {
    const left = queues.filter(({ own }) => own.length > 0);
    out.push(...(left[random.weighted(left.map(({ share }) => share))]?.own.splice(0, 1) ?? []));
  }
  return out;
}

/**
 * Which queries' chains are held out: a share of the users (of the queries, where users are unknown), so that the
 * held-out loss is one of people never trained on. At least one group stays on either side.
 */
export function heldOut(asked: readonly Asked[], share: number, seed: number): (example: Asked) => boolean {
  const groupOf = ({ task, id, user }: Asked): string => user ?? keyOf(task, id);
  const groups = [...new Set(asked.map(groupOf))].sort();
  const count =
    share === 0 || groups.length < 2 ? 0 : Math.min(Math.max(Math.round(share * groups.length), 1), groups.length - 1);
  const held = new Set(stream(seed, "chains", "held-out").shuffle(groups).slice(0, count));
  return (example) => held.has(groupOf(example));
}
