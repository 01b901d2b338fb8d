import { groupBy } from "../core/group.ts";
import { type Random, stream } from "../core/random.ts";
import type { Asked, Candidate } from "./types.ts";

/** Whose query one is. */
type Owned = Pick<Asked, "task" | "id" | "user">;

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
 * held-out loss is one of people never trained on. Users with so many chains that over twice the share would be held out
 * are passed over: where few people write most, a draw of users could take half of what there is to learn from. At least
 * one group stays on either side. `asked`: one entry a chain.
 */
export function heldOut(asked: readonly Owned[], share: number, seed: number): (example: Owned) => boolean {
  const groupOf = ({ task, id, user }: Owned): string => user ?? keyOf(task, id);
  const sizes = new Map([...groupBy(asked, groupOf)].map(([group, own]) => [group, own.length]));
  const groups = [...sizes.keys()].sort();
  if (share === 0 || groups.length < 2) return () => false;
  const count = Math.min(Math.max(Math.round(share * groups.length), 1), groups.length - 1);
  const shuffled = stream(seed, "chains", "held-out").shuffle(groups);
  const smallest = Math.min(...sizes.values());
  const held = new Set<string>();
  let left = Math.max(2 * share * asked.length, smallest);
  for (const group of shuffled) {
    const size = sizes.get(group) ?? 0;
    if (held.size === count || size > left) continue;
    held.add(group);
    left -= size;
  }
  return (example) => held.has(groupOf(example));
}
