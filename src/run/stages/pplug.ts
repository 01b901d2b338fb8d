import { join } from "node:path";
import { writeJson } from "../../core/jsonl.ts";
import { stream } from "../../core/random.ts";
import { openLoop } from "../../core/run-dir.ts";
import { zipStrict } from "../../core/zip.ts";
import type { ShownExample } from "../../data/types.ts";
import { type SoftItem, trainSoftPrompts } from "../../encoders/train-soft-prompts.ts";
import { readTasks, type SoftStage } from "../../model/files.ts";
import { responseTokens } from "../../prompts/generate.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { softPrompt } from "../../prompts/soft-prompt.ts";
import { type Histories, openHistories } from "../histories.ts";
import { identity } from "../key.ts";
import { trainsFor } from "../needed.ts";
import { type AskOfQuery, softAsks, taskBy } from "../soft-asks.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, readSplit, writeModel } from "./common.ts";
import { embedderIdentity } from "./embedding.ts";

/** PPlug: a text encoder and a projector, trained on the labels that chains and RL have. */
export const pplugStage = pplugLike("pplug", "PPlug");
/** The same over vectors of the items' text and label. */
export const pplugLabelsStage = pplugLike("pplug-labels", "PPlug, text + label");

function pplugLike(name: SoftStage, title: string): Stage {
  return {
    name,
    wanted: (config) => trainsFor(config, name),
    config: ({ pplug, prompt, engines, data }) => ({
      pplug,
      prompt: prompt.max_tokens,
      dtype: engines.policy.dtype,
      data,
    }),
    reads: () => ["data/tasks.json", "data/chains.jsonl", "data/rl.jsonl", "data/dev.jsonl"],
    outside: async (config, tools) => ({
      base: await baseIdentity(config, tools),
      encoder: await embedderIdentity(config, tools),
      paths: await Promise.all(config.data.paths.map(identity)),
    }),
    writes: ["curve.json", "model.json"],
    run: (context) => train(context, name, title),
  };
}

async function train(context: StageContext, name: SoftStage, title: string): Promise<void> {
  const { run, dir, config, engines, progress, now } = context;
  const splits = [...readSplit(run, "chains"), ...readSplit(run, "rl")];
  const labelled = [...new Map(splits.map((one) => [`${one.task}/${one.id}`, one])).values()];
  const histories = openHistories(context, config.pplug.items);
  const { items: learnt, width } = await itemsOf(context, histories, name, labelled);
  const dev = readSplit(run, "dev");
  const result = await trainSoftPrompts({
    ...{ name, title, makers: await engines.embeddings(), encoder: config.engines.embeddings_model },
    ...{ policies: await engines.policy(), model: config.model, width, config: config.pplug, seed: config.seed },
    train: learnt.flatMap((item) => [item, ...augmented(item, config.pplug.augment, config.seed)]),
    dev: dev.length === 0 ? [] : (await itemsOf(context, histories, name, dev)).items,
    ...{ log: openLoop(dir), progress, clock: now },
  });
  const { curve, ...model } = result;
  writeJson(join(dir, "curve.json"), { curve });
  writeModel(context, { ...model, state: null });
}

/** Queries with a gold as answers to learn. */
async function itemsOf(
  context: StageContext,
  histories: Histories,
  stage: SoftStage,
  examples: readonly ShownExample[],
) {
  const { run, config, modelDir } = context;
  const tasks = readTasks(run);
  const renderer = loadRenderer(await modelDir(config.model));
  const labelled = examples.flatMap((example) => (example.gold === null ? [] : [{ ...example, gold: example.gold }]));
  const { asks, width } = await softAsks(context, histories, tasks, labelled, stage);
  const maxTokens = config.prompt.max_tokens;
  const items = zipStrict(labelled, asks).map(([example, ask]): SoftItem & AskOfQuery => ({
    ...ask,
    ...{ id: `${example.task}/${example.id}/0`, task: example.task },
    prompt: softPrompt({ task: taskBy(tasks)(example), example, renderer, maxTokens }).tokens,
    completion: responseTokens(renderer, example.gold),
  }));
  return { items, width };
}

/**
 * Copies of a query with more than two items that lack some at random, from one to half of them and one more: the source's
 * augmentation.
 */
export function augmented<T extends Pick<SoftItem, "id" | "items">>(item: T, copies: number, seed: number): T[] {
  const { id, items } = item;
  if (items.length <= 2) return [];
  return Array.from({ length: copies }, (_, copy) => {
    const random = stream(seed, "pplug", "augment", id, copy);
    const gone = 1 + random.int(Math.floor(items.length / 2) + 1);
    const left = new Set(random.shuffle(items.map((_, i) => i)).slice(gone));
    return { ...item, id: id.replace(/0$/, String(copy + 1)), items: items.filter((_, i) => left.has(i)) };
  });
}
