import { streamJsonl } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import type { Prediction } from "../eval/types.ts";
import { readResponse } from "../prompts/response.ts";

/** Where a chain begins and ends, beside its tags. */
export const START = "start";
export const END = "answer";
/** Text of a chain that stands outside of any tag. */
export const UNTAGGED = "no tag";

export interface TagCounts {
  /** Chains that have it. */
  readonly chains: number;
  /** How often it stands in all of them. */
  readonly times: number;
  /** Sum of its places: the first step of n is at 1/n, the last at 1. */
  readonly places: number;
}

/** What the chains of a method are made of. */
export interface ChainCounts {
  readonly answers: number;
  /** Answers whose chain has at least one step. */
  readonly chains: number;
  readonly tags: ReadonlyMap<string, TagCounts>;
  /** By tag and the tag after it, {@link START} and {@link END} included. */
  readonly next: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** Reads the chains of a predictions file, those of the given tasks; only counts are kept. */
export async function countChains(file: string, tasks: readonly Task[]): Promise<ChainCounts> {
  const known = new Map(tasks.map((task) => [task.name, task]));
  const tags = new Map<string, TagCounts>();
  const next = new Map<string, Map<string, number>>();
  let [answers, chains] = [0, 0];
  for await (const { task: name, response } of streamJsonl<Prediction>(file)) {
    const task = known.get(name);
    if (task === undefined) continue;
    answers++;
    const steps = readResponse(response, { task }).steps.map(({ tag }) => tag ?? UNTAGGED);
    if (steps.length === 0) continue;
    chains++;
    for (const tag of new Set(steps)) {
      const own = tags.get(tag) ?? { chains: 0, times: 0, places: 0 };
      const at = steps.flatMap((one, i) => (one === tag ? (i + 1) / steps.length : []));
      const places = at.reduce((sum, place) => sum + place, own.places);
      tags.set(tag, { chains: own.chains + 1, times: own.times + at.length, places });
    }
    const way = [START, ...steps, END];
    for (const [i, to] of way.slice(1).entries()) {
      const from = way[i] ?? START;
      const row = next.get(from) ?? new Map<string, number>();
      next.set(from, row.set(to, (row.get(to) ?? 0) + 1));
    }
  }
  return { answers, chains, tags, next };
}

/** Tags in the order in which chains have them: by their mean place. */
export const inOrder = ({ tags }: ChainCounts): string[] =>
  [...tags]
    .toSorted(([a, x], [b, y]) => x.places / x.times - y.places / y.times || (a < b ? -1 : 1))
    .map(([tag]) => tag);
