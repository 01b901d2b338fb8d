import { join } from "node:path";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { type RetrieveOptions, show } from "../../retrieval/retrieve.ts";
import { identity } from "../key.ts";
import type { Stage, StageContext } from "../stage.ts";
import { filesData } from "./data-files.ts";
import { syntheticData, worldTask } from "./data-synthetic.ts";
import { embedderFolder, openEmbed } from "./embedding.ts";
import { type Show, SPLITS } from "./gathered.ts";

/** Reads or makes the queries, cuts them into splits and chooses, once for everything after, the items that are shown. */
export const dataStage: Stage = {
  name: "data",
  config: ({ data, profile, engines }) => ({
    data: data.source === "synthetic" ? { ...data, task: worldTask(data) } : data,
    profile,
    // Only dense retrieval looks through an embedding model.
    embeddings: profile.retriever === "dense" ? engines.embeddings_model : null,
  }),
  reads: () => [],
  outside: async (config) => ({
    paths: await Promise.all(config.data.paths.map(identity)),
    task: /\.ya?ml$/.test(config.data.task) ? await identity(config.data.task) : null,
    embeddings: config.profile.retriever === "dense" ? await embedderFolder(config) : undefined,
  }),
  writes: [...SPLITS.map((name) => `${name}.jsonl`), "tasks.json", "world.json", "ceilings.json", "strata.json"],
  run: async (context) => {
    const { config, dir, progress } = context;
    const options = retrieveOptions(context);
    let done = 0;
    progress.start("Data", 0);
    const choose: Show = async (task, example) => {
      progress.update(++done, `${done} queries`);
      return show(task, example, options);
    };
    const gathered = await (config.data.source === "synthetic" ? syntheticData : filesData)(config, choose);
    const { tasks, splits, extras } = gathered;
    for (const name of SPLITS) writeJsonl(join(dir, `${name}.jsonl`), splits[name]);
    for (const [name, value] of Object.entries(extras)) writeJson(join(dir, name), value);
    writeJson(join(dir, "tasks.json"), tasks);
    progress.end(SPLITS.map((name) => `${name} ${splits[name].length}`).join(", "));
  },
};

function retrieveOptions(context: StageContext): RetrieveOptions {
  const { profile, seed } = context.config;
  const base = { method: profile.retriever, k: profile.k, seed };
  return profile.retriever === "dense" ? { ...base, embed: openEmbed(context) } : base;
}
