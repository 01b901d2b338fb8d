import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { ICU_VERSION } from "../../core/words.ts";
import { inputFault } from "../../data/lamp/input.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import { type RetrieveOptions, show } from "../../retrieval/retrieve.ts";
import { checkGolds } from "../../rewards/golds.ts";
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
    // BM25's words in languages other than English; which these files are in isn't known before they are read.
    icu: config.profile.retriever === "bm25" && config.data.source === "files" ? ICU_VERSION : undefined,
  }),
  writes: [...SPLITS.map((name) => `${name}.jsonl`), "tasks.json", "world.json", "ceilings.json", "strata.json"],
  run: async (context) => {
    const { config, dir, progress } = context;
    const options = retrieveOptions(context, config.profile);
    let done = 0;
    progress.start("Data", 0);
    const choose: Show = async (task, example) => {
      progress.update(++done, `${done} queries`);
      return show(task, example, options);
    };
    const gathered = await (config.data.source === "synthetic" ? syntheticData : filesData)(config, choose);
    const { tasks, splits, extras } = gathered;
    for (const task of tasks)
      sayGolds(
        progress,
        task,
        SPLITS.flatMap((name) => splits[name]),
      );
    for (const task of tasks)
      if (config.data.source === "files")
        sayInputs(
          progress,
          task,
          SPLITS.flatMap((name) => splits[name]),
        );
    for (const name of SPLITS) writeJsonl(join(dir, `${name}.jsonl`), splits[name]);
    for (const [name, value] of Object.entries(extras)) writeJson(join(dir, name), value);
    writeJson(join(dir, "tasks.json"), tasks);
    progress.end(SPLITS.map((name) => `${name} ${splits[name].length}`).join(", "));
  },
};

/** A task whose golds can't be rewarded is refused here, before anything is paid or trained; a few odd ones are told. */
function sayGolds(progress: StageContext["progress"], task: Task, examples: readonly ShownExample[]): void {
  const { golds, short } = checkGolds(
    task,
    examples.filter((example) => example.task === task.name),
  );
  if (short.length === 0) return;
  const named = short.slice(0, 3).map(({ id }) => id);
  progress.say(
    `${task.name}: ${short.length} of ${golds} gold answers would earn less than 1 against themselves (${named.join(", ")}${short.length > 3 ? ", …" : ""})`,
  );
}

/** Inputs that lack the task's words, its mark or its text are asked as they are, and counted: `data check` names them. */
function sayInputs(progress: StageContext["progress"], task: Task, examples: readonly ShownExample[]): void {
  const own = examples.filter((example) => example.task === task.name);
  const odd = own.filter(({ input }) => inputFault(task, input) !== null).map(({ id }) => id);
  if (odd.length === 0) return;
  const named = odd.slice(0, 3).join(", ") + (odd.length > 3 ? ", …" : "");
  progress.say(`${task.name}: ${odd.length} of ${own.length} inputs are not of the task's form (${named})`);
}

/** How items are chosen by a profile's settings. */
export function retrieveOptions(
  context: Pick<StageContext, "config" | "run" | "engines" | "modelDir">,
  profile: Config["profile"],
): RetrieveOptions {
  const { retriever: method, k, characters } = profile;
  const base = { method, k, characters, seed: context.config.seed };
  return method === "dense" ? { ...base, embed: openEmbed(context) } : base;
}
