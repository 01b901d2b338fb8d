import { join } from "node:path";
import { buildChains } from "../../chains/build.ts";
import type { Config } from "../../core/config/schema.ts";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { readTasks } from "../../model/files.ts";
import type { Stage, StageContext } from "../stage.ts";
import { openChainModels } from "./chain-models.ts";
import { baseIdentity, readSplit } from "./common.ts";
import { embedderFolder, openEmbed } from "./embedding.ts";

/** The tagged-chain pipeline (paper section 3.2). */
export const chainsStage: Stage = {
  name: "chains",
  config: ({ chains, teacher, judge, tagger, rewards, engines }) => ({
    chains,
    teacher: answersOf(teacher),
    judge: answersOf(judge),
    tagger: answersOf(tagger),
    min_tags: rewards.min_tags,
    embeddings: engines.embeddings_model,
  }),
  reads: ({ data }) => [
    "data/tasks.json",
    "data/chains.jsonl",
    ...(data.source === "synthetic" ? ["data/world.json"] : []),
  ],
  outside: async (config, tools) => {
    const base = config.teacher.kind === "self" ? await baseIdentity(config, tools) : null;
    const embeddings = await embedderFolder(config);
    return embeddings === undefined ? base : { base, embeddings };
  },
  writes: [
    ...["rollouts.jsonl", "judged.jsonl", "free_tags.jsonl", "tags.json"],
    ...["chains.jsonl", "review.jsonl", "stats.json"],
  ],
  run: async (context) => {
    const { run, dir, config, progress } = context;
    const models = await openChainModels(context);
    try {
      const built = await buildChains({
        examples: readSplit(run, "chains"),
        tasks: readTasks(run),
        config: config.chains,
        minSteps: config.rewards.min_tags,
        teacher: models.teacher,
        judge: models.judge,
        tagger: models.tagger,
        embed: embedder(context),
        seed: config.seed,
        progress,
      });
      writeJsonl(join(dir, "rollouts.jsonl"), built.rollouts);
      writeJsonl(join(dir, "judged.jsonl"), built.judged);
      writeJsonl(join(dir, "free_tags.jsonl"), built.freeTags);
      writeJson(join(dir, "tags.json"), built.tags);
      writeJsonl(join(dir, "chains.jsonl"), built.chains);
      writeJsonl(join(dir, "review.jsonl"), built.review);
      writeJson(join(dir, "stats.json"), built.stats);
    } finally {
      await models.close();
    }
  },
};

/** What of an endpoint's settings its answers hang on: not its prices, its keys, how many requests are in flight. */
function answersOf({ kind, url, model, temperature, max_tokens }: Config["teacher"]): unknown {
  return { kind, url, model, temperature, max_tokens };
}

function embedder(context: StageContext): (texts: readonly string[]) => Promise<number[][]> {
  const embed = openEmbed(context);
  return async (texts) => (await embed(texts)).map((vector) => Array.from(vector));
}
