import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import { type FormatReason, formatChain } from "./format.ts";
import { nameSteps } from "./name-steps.ts";
import { keyOf, orderCandidates } from "./select.ts";
import type { Candidate, Chain, Tagger, TagSet } from "./types.ts";

export interface Restricted {
  /** In the order of the queries. */
  readonly chains: { readonly candidate: Candidate; readonly chain: Omit<Chain, "split"> }[];
  /** What came of each candidate that was tagged: {@link CHAIN}, {@link UNREADABLE}, or why the format filter left it out. */
  readonly tried: readonly { readonly task: string; readonly outcome: Outcome }[];
}

export const CHAIN = "chain";
export const UNREADABLE = "unreadable";
type Outcome = typeof CHAIN | typeof UNREADABLE | FormatReason;

export interface RestrictOptions {
  readonly perQuery: number;
  readonly minSteps: number;
  /** How much of the chains each teacher writes, by name, in any unit. */
  readonly shares: Readonly<Record<string, number>>;
  readonly seed: number;
}

/**
 * Restricted tagging and the format filter, until every query has `perQuery` chains or no candidate left: chains are
 * tagged in rounds, and one that fails makes place for the query's next, so no more is tagged (and paid) than needed.
 */
export async function restrictTags(
  kept: readonly Candidate[],
  tagger: Tagger,
  tags: TagSet,
  options: RestrictOptions,
  onRound: (chains: number) => void,
): Promise<Restricted> {
  const queues = [...groupBy(kept, ({ task, example }) => keyOf(task.name, example.id))].map(([key, own]) => ({
    waiting: orderCandidates(own, options.shares, stream(options.seed, "chains", "pick", key)),
    done: [] as Restricted["chains"],
  }));
  const tried: { task: string; outcome: Outcome }[] = [];
  for (;;) {
    const round = queues.flatMap((queue) =>
      queue.waiting.splice(0, options.perQuery - queue.done.length).map((candidate) => ({ queue, candidate })),
    );
    if (round.length === 0) break;
    const candidates = round.map(({ candidate }) => candidate);
    const answers = await nameSteps(candidates, tagger, tags);
    for (const [{ queue, candidate }, steps] of zipStrict(round, answers)) {
      const chain = steps === null ? null : formatChain(candidate, steps, tags.tags, options.minSteps);
      const outcome = chain === null ? UNREADABLE : "reason" in chain ? chain.reason : CHAIN;
      tried.push({ task: candidate.task.name, outcome });
      if (chain !== null && !("reason" in chain)) queue.done.push({ candidate, chain });
    }
    onRound(queues.reduce((sum, { done }) => sum + done.length, 0));
  }
  return { chains: queues.flatMap(({ done }) => done), tried };
}
