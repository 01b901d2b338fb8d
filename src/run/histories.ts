import { hashJson } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import { show } from "../retrieval/retrieve.ts";
import { evaluationFolders } from "./evaluation/questions.ts";
import type { StageContext } from "./stage.ts";
import { evaluationData, filesData } from "./stages/data-files.ts";
import { syntheticData } from "./stages/data-synthetic.ts";
import type { Show } from "./stages/gathered.ts";

/** The newest items of each query's history, oldest first: more than its prompt shows, read from where the data came. */
export async function historiesOf(
  { config }: Pick<StageContext, "config">,
  examples: readonly ShownExample[],
  most: number,
): Promise<(readonly ProfileItem[])[]> {
  const keyOf = ({ task, id, input }: Pick<ShownExample, "task" | "id" | "input">): string =>
    hashJson({ task, id, input });
  const keys = examples.map(keyOf);
  const wanted = new Set(zipStrict(keys, examples).flatMap(([key, one]) => (isWhole(one) ? [] : [key])));
  const found = new Map<string, readonly ProfileItem[]>();
  const choose: Show = async (task, example) => {
    const key = keyOf(example);
    const { profile, ...question } = example;
    if (!wanted.has(key)) return { ...question, shown: [], historyItems: profile.length };
    const shown = await show(task, example, { method: "recency", k: most, seed: config.seed });
    found.set(key, shown.shown);
    return shown;
  };
  if (wanted.size > 0) await (config.data.source === "synthetic" ? syntheticData : filesData)(config, choose);
  if (found.size < wanted.size && config.eval.paths.length > 0)
    await evaluationData({ ...config, data: evaluationFolders(config) }, choose);
  // Of a history that can't be read any more there is what the prompt shows.
  return zipStrict(keys, examples).map(([key, { shown }]) => (found.get(key) ?? shown).slice(-most));
}

/** Whether the prompt's items are all that there are. */
const isWhole = ({ shown, historyItems }: ShownExample): boolean => shown.length >= historyItems;
