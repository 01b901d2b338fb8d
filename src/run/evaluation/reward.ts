import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { hashJson } from "../../core/run-dir.ts";
import { zipStrict } from "../../core/zip.ts";
import type { Tools } from "../../eval/types.ts";
import { fileStore } from "../../llm/store.ts";
import type { StageContext } from "../stage.ts";
import { readScorer } from "../stages/prmu.ts";
import { openScorer } from "../stages/scorer.ts";

/**
 * Logits of the run's reward model, kept by model, query, items and response in `RUN/cache/methods/reward.jsonl`. The model is
 * loaded for what is asked and not kept, and unloaded again: policies answer before and after.
 */
export function keptReward(context: StageContext): NonNullable<Tools["reward"]> {
  const store = fileStore<number>(join(context.run, "cache", "methods", "reward.jsonl"));
  return async (items) => {
    const model = readScorer(context.run, null);
    const keys = items.map(({ example: { task, id, input, shown }, text }) =>
      hashJson({ model, task, id, input, shown, text }),
    );
    const missing = [...new Map(zipStrict(keys, items).filter(([key]) => store.get(key) === undefined))];
    if (missing.length > 0) {
      const scorer = await openScorer(context);
      if (scorer === null)
        throw new TagprError("run", `${context.run} has no reward model to choose answers with`, {
          hint: "There were no pairs to train one on: prmu/pair_stats.json says why. Take majority@N.",
        });
      const logits = await scorer.score(missing.map(([, item]) => item));
      for (const [[key], logit] of zipStrict(missing, logits)) store.put(key, logit);
      await scorer.close();
    }
    return keys.map((key) => store.get(key) ?? Number.NaN);
  };
}
