import { groupBy } from "../core/group.ts";
import type { Spent } from "../llm/types.ts";
import type { Explored } from "./explore.ts";
import type { BuildChainsOptions } from "./options.ts";
import { CHAIN, type Restricted, UNREADABLE } from "./restrict.ts";
import type { Rolled } from "./roll.ts";
import { repeatsQuery } from "./rules/judge.ts";
import { keyOf } from "./select.ts";
import type { RunTeacher } from "./teacher.ts";
import type { Chain, ChainStats, Cost, Judged } from "./types.ts";

/** Who was asked, about what. */
type Asking = Pick<BuildChainsOptions, "examples" | "teachers" | "check" | "judge" | "tagger">;

/** Counts of every filter, for `stats.json`. */
export function statsOf(
  { examples, teachers, check, judge, tagger }: Asking,
  rolled: Rolled,
  judged: readonly Judged[],
  explored: Explored,
  restricted: Restricted,
  chains: readonly Chain[],
): ChainStats {
  const kept = judged.filter((row) => row.kept);
  const { tried } = restricted;
  const unread = tried.filter(({ outcome }) => outcome === UNREADABLE);
  const rejected = tried.filter(({ outcome }) => outcome !== UNREADABLE && outcome !== CHAIN);
  const names = explored.freeTags.flatMap(({ tags }) => tags);
  const counts = (task: string) => {
    const own = (rows: readonly { readonly task: string }[]) => rows.filter((row) => row.task === task).length;
    return {
      ...{ queries: own(examples), accepted: own(judged), kept: own(kept) },
      ...{ tagged: own(tried), tag_unreadable: own(unread), format_rejected: own(rejected), chains: own(chains) },
    };
  };
  return {
    queries: examples.length,
    rollouts: rolled.rollouts.length,
    refused: rolled.refused,
    failed: rolled.failed,
    unreadable: rolled.unreadable,
    accepted: rolled.accepted.length,
    ...(rolled.rationalized === undefined ? {} : { rationalized: rolled.rationalized }),
    judged: judged.length,
    judge_unreadable: judged.filter(({ grades }) => grades === null).length,
    judge_failed: judge.spent()?.failed ?? 0,
    kept: kept.length,
    repeats_query: rolled.accepted.filter((candidate) => repeatsQuery(candidate, check)).length,
    written_by: countBy(restricted.chains.map(({ candidate }) => candidate.by)),
    explored: explored.explored,
    free_unreadable: explored.unreadable,
    free_names: names.length,
    free_distinct: new Set(names).size,
    tags: explored.tags.tags.length,
    tagged: tried.length,
    tag_unreadable: unread.length,
    tag_failed: tagger.spent()?.failed ?? 0,
    format_rejected: countBy(rejected.map(({ outcome }) => outcome)),
    chains: chains.length,
    train: chains.filter(({ split }) => split === "train").length,
    held_out: chains.filter(({ split }) => split === "held_out").length,
    queries_with_chains: new Set(chains.map(({ task, query }) => keyOf(task, query))).size,
    tasks: Object.fromEntries([...new Set(examples.map(({ task }) => task))].map((task) => [task, counts(task)])),
    by: { teacher: teachers.map(({ teacher }) => teacher.name).join("; "), judge: judge.name, tagger: tagger.name },
    cost: { teacher: costOfAll(teachers), judge: costOf(judge.spent()), tagger: costOf(tagger.spent()) },
  };
}

/** How often each name stands there. */
export const countBy = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries([...groupBy(names, (name) => name)].map(([name, own]) => [name, own.length]));

/** Of all teachers that cost anything. */
function costOfAll(teachers: readonly RunTeacher[]): Cost | null {
  const costs = teachers.flatMap(({ teacher }) => costOf(teacher.spent()) ?? []);
  const [first] = costs;
  if (first === undefined) return null;
  return costs.slice(1).reduce(
    (sum, cost) => ({
      promptTokens: sum.promptTokens + cost.promptTokens,
      completionTokens: sum.completionTokens + cost.completionTokens,
      dollars: sum.dollars + cost.dollars,
      unusable: sum.unusable + cost.unusable,
    }),
    first,
  );
}

/** What the answers cost when they were made; how many of them came from a cache this time is left out. */
function costOf(spent: Spent | null): Cost | null {
  if (spent === null) return null;
  const { promptTokens, completionTokens, dollars, unusable } = spent;
  return { promptTokens, completionTokens, dollars, unusable };
}
