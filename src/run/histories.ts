import { hashJson } from "../core/run-dir.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import { show } from "../retrieval/retrieve.ts";
import { evaluationFolders } from "./evaluation/questions.ts";
import type { StageContext } from "./stage.ts";
import { evaluationData, filesData } from "./stages/data-files.ts";
import { syntheticData } from "./stages/data-synthetic.ts";
import type { Show } from "./stages/gathered.ts";

/** The newest items of each query's history, oldest first. */
export type Histories = (examples: readonly ShownExample[]) => Promise<(readonly ProfileItem[])[]>;

const keyOf = ({ task, id, input }: Pick<ShownExample, "task" | "id" | "input">): string =>
  hashJson({ task, id, input });

/**
 * More of a history than prompts show, read from where the data came, once: of the run's own queries, and where `eval.paths` asks
 * others of those too.
 */
export function openHistories({ config }: Pick<StageContext, "config">, most: number): Histories {
  const read = async (): Promise<Map<string, readonly ProfileItem[]>> => {
    const found = new Map<string, readonly ProfileItem[]>();
    const choose: Show = async (task, example) => {
      const newest = await show(task, example, { method: "recency", k: most, seed: config.seed });
      found.set(keyOf(example), newest.shown);
      return newest;
    };
    await (config.data.source === "synthetic" ? syntheticData : filesData)(config, choose);
    if (config.eval.paths.length > 0) await evaluationData({ ...config, data: evaluationFolders(config) }, choose);
    return found;
  };
  let known: ReturnType<typeof read> | undefined;
  return async (examples) => {
    const whole = examples.every(({ shown, historyItems }) => shown.length >= historyItems);
    if (!whole) known ??= read();
    const found = await known;
    return examples.map((example) => wholeOf(example, found?.get(keyOf(example))).slice(-most));
  };
}

/**
 * The history, where the shown items are of it; else these. With `eval.swap` a query shows another user's items, and a history that
 * can't be read any more isn't there.
 */
function wholeOf({ shown }: ShownExample, history: readonly ProfileItem[] | undefined): readonly ProfileItem[] {
  if (history === undefined) return shown;
  const own = new Set(history.map(hashJson));
  return shown.some((item) => own.has(hashJson(item))) ? history : shown;
}
