import { join } from "node:path";
import { buildChains } from "../../chains/build.ts";
import { RULES_VERSION } from "../../chains/rules/teacher.ts";
import type { Config, LlmConfig } from "../../core/config/schema.ts";
import { type SharedTeacher, teachersOf } from "../../core/config/teachers.ts";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { readTasks } from "../../model/files.ts";
import { statements } from "../../rewards/grounding.ts";
import type { Stage, StageContext } from "../stage.ts";
import { openChainModels } from "./chain-models.ts";
import { baseIdentity, readSplit } from "./common.ts";
import { foretellCuts } from "./cuts.ts";
import { embedderFolder, openEmbed } from "./embedding.ts";

/** The tagged-chain pipeline (paper section 3.2). */
export const chainsStage: Stage = {
  name: "chains",
  // A list of teachers is absent from hashes where there is none.
  config: ({ chains, teacher, teachers = [], judge, tagger, rewards, engines }: Hashed) => ({
    chains,
    teacher: answersOf(teacher),
    ...(teachers.length === 0 ? {} : { teachers: teachers.map(answersOf) }),
    ...([teacher, ...teachers].some(({ kind }) => kind === "rules") ? { rules: RULES_VERSION } : {}),
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
    const base = teachersOf(config).some(({ kind }) => kind === "self") ? await baseIdentity(config, tools) : null;
    const embeddings = await embedderFolder(config);
    return embeddings === undefined ? base : { base, embeddings };
  },
  writes: [
    ...["rollouts.jsonl", "judged.jsonl", "free_tags.jsonl", "tags.json"],
    ...["chains.jsonl", "review.jsonl", "stats.json"],
  ],
  run: async (context) => {
    const { run, dir, config, progress } = context;
    const [examples, tasks] = [readSplit(run, "chains"), readTasks(run)];
    if (config.data.source === "files") await foretellCuts(context, tasks, examples);
    const models = await openChainModels(context);
    try {
      const built = await buildChains({
        examples,
        tasks,
        config: config.chains,
        // Rules make of a chain as many steps as it has parts: how short it is decides nothing.
        minSteps: config.tagger.kind === "rules" ? 1 : config.rewards.min_tags,
        teachers: models.teachers,
        check: statements,
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
function answersOf({ kind, url, model, temperature, max_tokens, ...own }: LlmConfig & Partial<SharedTeacher>): unknown {
  const { rationalize, share } = own;
  return {
    kind,
    url,
    model,
    temperature,
    max_tokens,
    ...(rationalize ? { rationalize } : {}),
    ...(share ? { share } : {}),
  };
}

type Hashed = Omit<Config, "teachers"> & Partial<Pick<Config, "teachers">>;

function embedder(context: StageContext): (texts: readonly string[]) => Promise<number[][]> {
  const embed = openEmbed(context);
  return async (texts) => (await embed(texts)).map((vector) => Array.from(vector));
}
