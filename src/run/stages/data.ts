import { join } from "node:path";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import type { Task } from "../../data/task.ts";
import type { Example, ShownExample } from "../../data/types.ts";
import { type RetrieveOptions, retrieve } from "../../retrieval/retrieve.ts";
import { identity } from "../key.ts";
import type { Stage, StageContext } from "../stage.ts";
import { filesData } from "./data-files.ts";
import { syntheticData, worldTask } from "./data-synthetic.ts";
import { embedderFolder, openEmbed } from "./embedding.ts";
import { SPLITS, type SplitName } from "./gathered.ts";

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
  run: async (context) => {
    const { config, dir, progress } = context;
    const gathered = config.data.source === "synthetic" ? syntheticData(config) : await filesData(config);
    const { tasks, splits } = gathered;
    const options = retrieveOptions(context);
    progress.start(
      "Data",
      SPLITS.reduce((sum, name) => sum + splits[name].length, 0),
    );
    let done = 0;
    const shown: Partial<Record<SplitName, ShownExample[]>> = {};
    for (const name of SPLITS) {
      const rows: ShownExample[] = [];
      for (const example of splits[name]) {
        rows.push({ ...example, shown: await retrieve(taskOf(tasks, example), example, options) });
        progress.update(++done);
      }
      shown[name] = rows;
      writeJsonl(join(dir, `${name}.jsonl`), rows);
    }
    for (const [name, value] of Object.entries(gathered.extras(shown.test ?? []))) writeJson(join(dir, name), value);
    writeJson(join(dir, "tasks.json"), tasks);
    progress.end(SPLITS.map((name) => `${name} ${splits[name].length}`).join(", "));
  },
};

function retrieveOptions(context: StageContext): RetrieveOptions {
  const { profile, seed } = context.config;
  const base = { method: profile.retriever, k: profile.k, seed };
  return profile.retriever === "dense" ? { ...base, embed: openEmbed(context) } : base;
}

function taskOf(tasks: readonly Task[], example: Example): Task {
  const task = tasks.find(({ name }) => name === example.task);
  if (task === undefined) throw new RangeError(`no task ${example.task}`);
  return task;
}
