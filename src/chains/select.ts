import { type Random, stream } from "../core/random.ts";
import type { Asked, Candidate } from "./types.ts";

/** A query of a task; ids are unique only within one. */
export const keyOf = (task: string, query: string): string => `${task}\n${query}`;

/**
 * A query's kept chains in the order in which they are taken: drawn among all of them, so that a chain the teacher comes
 * to often is drawn often; a chain that says word for word what an earlier one says is left out.
 */
export function orderCandidates(candidates: readonly Candidate[], random: Random): Candidate[] {
  const said = new Set<string>();
  return random.shuffle(candidates).filter(({ reasoning, answer }) => {
    const text = `${reasoning}\n\n${answer}`;
    if (said.has(text)) return false;
    said.add(text);
    return true;
  });
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
