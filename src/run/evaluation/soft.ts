import { join } from "node:path";
import { hashJson } from "../../core/run-dir.ts";
import { zipStrict } from "../../core/zip.ts";
import type { Task } from "../../data/task.ts";
import { makeSoftPrompts } from "../../encoders/soft-prompts.ts";
import type { MadeSoft, Tools } from "../../eval/types.ts";
import { fileStore } from "../../llm/store.ts";
import { readModel, type SoftStage } from "../../model/files.ts";
import { openHistories } from "../histories.ts";
import { type AskOfQuery, softAsks } from "../soft-asks.ts";
import type { StageContext } from "../stage.ts";

/** Items whose share is kept. */
const FIRST = 5;

/**
 * Soft tokens by a stage's maker, kept by maker, text and vectors in `RUN/cache/methods/soft-STAGE.jsonl`. The maker is loaded
 * for what is asked and not kept, and unloaded again.
 */
export function keptSoftPrompts(context: StageContext, tasks: readonly Task[]): Tools["softPrompts"] {
  const histories = openHistories(context, context.config.pplug.items);
  return async (stage, examples) => {
    const store = fileStore<MadeSoft>(join(context.run, "cache", "methods", `soft-${stage}.jsonl`));
    const model = readModel(context.run, stage);
    const { asks, width } = await softAsks(context, histories, tasks, examples, stage);
    const keys = asks.map(({ text, items }) => hashJson({ model, text, items: items.map((item) => Array.from(item)) }));
    const missing = [...new Map(zipStrict(keys, asks).filter(([key]) => store.get(key) === undefined))];
    if (missing.length > 0) {
      const made = await makeThem(
        context,
        stage,
        missing.map(([, ask]) => ask),
        width,
      );
      for (const [[key], one] of zipStrict(missing, made)) store.put(key, one);
    }
    return keys.map((key) => store.get(key) as MadeSoft);
  };
}

async function makeThem(
  { run, config, engines }: StageContext,
  stage: SoftStage,
  asks: readonly AskOfQuery[],
  width: number,
): Promise<MadeSoft[]> {
  const { path } = readModel(run, stage);
  const maker = await (await engines.embeddings()).train({
    ...{ model: path, rank: 0, seed: config.seed, softPromptFor: config.model },
  });
  const made = await makeSoftPrompts(maker, asks, width);
  await maker.unload();
  return zipStrict(asks, made).map(([{ of }, { soft, attention }]) => ({
    soft: soft.map((row) => Array.from(row)),
    attention: zipStrict(of, [...attention])
      .map(([{ id: item }, weight]) => ({ item, weight }))
      .sort((a, b) => b.weight - a.weight)
      .slice(0, FIRST),
    of: of.length,
  }));
}
