import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Chain, ChainStats, Judged, Reviewed, Rollout } from "../chains/types.ts";
import { readJson, streamJsonl } from "../core/jsonl.ts";
import type { Evaluation } from "./evaluation.ts";

/** What each filter of section 3.2 left of one task's roll-outs; null where the run's files don't say. */
export interface Funnel {
  readonly task: string;
  readonly queries: number;
  /** Queries that have a right roll-out, and those that have a chain in the end. */
  readonly answered: number;
  readonly covered: number;
  readonly rollouts: number;
  /** Written with the answer in sight (`teacher.rationalize`). */
  readonly given: number;
  readonly readable: number;
  readonly right: number;
  /** Right ones whose grades the judge gave; those it keeps. */
  readonly graded: number;
  readonly kept: number;
  /** At most `chains.per_query` a query, and another for each that fails. */
  readonly tagged: number | null;
  readonly tagsRead: number | null;
  readonly chains: number;
  readonly train: number;
  readonly heldOut: number;
  /** Laid aside for a person to look at; looked at, and found right. */
  readonly review: number;
  readonly checked: number;
  readonly good: number;
}

/** A person's verdict on a chain, one line of `chains/checked.jsonl` in a run: nobody's file but theirs. */
export interface Checked {
  readonly task: string;
  readonly query: string;
  readonly i: number;
  readonly ok: boolean;
}

/** The funnel of each task, from the files of the run's chains; null where it built none. */
export async function funnels(
  { run }: Pick<Evaluation, "run">,
  tasks: readonly string[],
): Promise<{ readonly tasks: readonly Funnel[]; readonly stats: Partial<ChainStats> } | null> {
  const file = (name: string): string => join(run, "chains", name);
  if (!existsSync(file("chains.jsonl"))) return null;
  const stats = existsSync(file("stats.json")) ? readJson<Partial<ChainStats>>(file("stats.json")) : {};
  const counts = new Map(tasks.map((task) => [task, begin()]));
  const each = async <T extends { readonly task: string }>(name: string, add: (own: Counts, row: T) => void) => {
    if (!existsSync(file(name))) return;
    for await (const row of streamJsonl<T>(file(name))) {
      const own = counts.get(row.task);
      if (own !== undefined) add(own, row);
    }
  };
  await each<Rollout>("rollouts.jsonl", (own, { query, answer, accepted, given }) => {
    own.rollouts++;
    own.queries.add(query);
    if (given === true) own.given++;
    if (answer !== null) own.readable++;
    if (!accepted) return;
    own.right++;
    own.answered.add(query);
  });
  await each<Judged>("judged.jsonl", (own, { grades, kept }) => {
    if (grades !== null) own.graded++;
    if (kept) own.kept++;
  });
  await each<Chain>("chains.jsonl", (own, { query, split }) => {
    own[split === "train" ? "train" : "heldOut"]++;
    own.covered.add(query);
  });
  await each<Reviewed>("review.jsonl", (own) => {
    own.review++;
  });
  await each<Checked>("checked.jsonl", (own, { ok }) => {
    own.checked++;
    if (ok) own.good++;
  });
  return { stats, tasks: [...counts].map(([task, own]) => finished(task, own, stats)) };
}

const begin = () => ({
  ...{ rollouts: 0, given: 0, readable: 0, right: 0, graded: 0, kept: 0, train: 0, heldOut: 0 },
  ...{ review: 0, checked: 0, good: 0 },
  ...{ queries: new Set<string>(), answered: new Set<string>(), covered: new Set<string>() },
});
type Counts = ReturnType<typeof begin>;

function finished(task: string, { queries, answered, covered, ...own }: Counts, stats: Partial<ChainStats>): Funnel {
  const { tagged = null, tag_unreadable: unread = null, queries: asked = queries.size } = stats.tasks?.[task] ?? {};
  return {
    ...{ task, queries: asked, answered: answered.size, covered: covered.size, ...own },
    ...{ tagged, tagsRead: tagged === null || unread === null ? null : tagged - unread },
    chains: own.train + own.heldOut,
  };
}

/** The steps of the pipeline in their order, as names and counts; what the files don't say is left out. */
export const stepsOf = (funnel: Funnel): (readonly [name: string, n: number])[] =>
  (
    [
      ["roll-outs", funnel.rollouts],
      ["readable answer", funnel.readable],
      ["right answer", funnel.right],
      ["graded by the judge", funnel.graded],
      ["kept by the judge", funnel.kept],
      ["tagged", funnel.tagged],
      ["tags readable", funnel.tagsRead],
      ["right format: a chain", funnel.chains],
      ["… for training", funnel.train],
    ] as const
  ).flatMap(([name, n]) => (n === null ? [] : [[name, n] as const]));
