import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Chain } from "../chains/types.ts";
import { streamJsonl } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import { readResponse } from "../prompts/response.ts";
import type { Evaluation } from "./evaluation.ts";

/** How a tag stands in the chains that were trained on. */
export interface TagUse {
  readonly steps: number;
  /** Chains that have it. */
  readonly chains: number;
  /** What its first step says. */
  readonly example: string;
}

/** The tags of a run's chains on these tasks, and how many chains there are. */
export async function chainTags(
  { run }: Pick<Evaluation, "run">,
  tasks: readonly Task[],
): Promise<{ readonly chains: number; readonly uses: ReadonlyMap<string, TagUse> }> {
  const path = join(run, "chains", "chains.jsonl");
  const known = new Map(tasks.map((task) => [task.name, task]));
  const uses = new Map<string, TagUse>();
  let chains = 0;
  if (!existsSync(path)) return { chains, uses };
  for await (const { task: name, completion } of streamJsonl<Chain>(path)) {
    const task = known.get(name);
    if (task === undefined) continue;
    chains++;
    const seen = new Set<string>();
    for (const { tag, text } of readResponse(completion, { task }).steps) {
      if (tag === null) continue;
      const own = uses.get(tag) ?? { steps: 0, chains: 0, example: text.trim() };
      uses.set(tag, { ...own, steps: own.steps + 1, chains: own.chains + (seen.has(tag) ? 0 : 1) });
      seen.add(tag);
    }
  }
  return { chains, uses };
}
