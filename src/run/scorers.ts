import { join } from "node:path";
import type { Config } from "../core/config/schema.ts";
import { readJson } from "../core/jsonl.ts";
import { hashJson } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { scoredText } from "../encoders/scored-text.ts";
import { scoreTexts } from "../encoders/train-scorer.ts";
import type { Tools } from "../eval/types.ts";
import { fileStore } from "../llm/store.ts";
import { readModel } from "../model/files.ts";
import { loadTextTokens } from "../prompts/text-tokens.ts";
import { taskBy } from "./soft-asks.ts";
import type { StageContext } from "./stage.ts";

/** Rows of users' heads, by {@link headKey}. */
export type Heads = Readonly<Record<string, number>>;

/** A user has a head a task; a query without a user is its own. */
export const headKey = ({ task, id, user }: Pick<ShownExample, "task" | "id" | "user">): string =>
  user === null ? `${task}/query ${id}` : `${task}/user ${user}`;

export const encoderOf = (config: Config, section: "hydra" | "prlm"): string =>
  config[section].encoder === "" ? config.engines.embeddings_model : config[section].encoder;

/** `RUN/hydra/heads.json` */
interface HeadsFile {
  readonly heads: Heads;
  readonly users: number;
}

/** Verdicts of a stage's scorer, kept by scorer, head and text in `RUN/cache/methods/scores-STAGE.jsonl`. */
export function keptAnswerScores(context: StageContext, tasks: readonly Task[]): Tools["scoreAnswers"] {
  const { run, config, engines, modelDir } = context;
  return async (stage, answers) => {
    const store = fileStore<number>(join(run, "cache", "methods", `scores-${stage}.jsonl`));
    const tokensOf = loadTextTokens(await modelDir(encoderOf(config, stage)));
    const model = readModel(run, stage);
    const { heads, users } = readJson<HeadsFile>(join(run, stage, "heads.json"));
    const asked = answers.map(({ example, text }) => ({
      tokens: tokensOf(scoredText(taskBy(tasks)(example), example, text)),
      row: heads[headKey(example)] ?? 0,
    }));
    const keys = asked.map((one) => hashJson({ model, ...one }));
    const missing = [...new Map(zipStrict(keys, asked).filter(([key]) => store.get(key) === undefined))];
    if (missing.length > 0) {
      const scorer = { path: model.path, users, seed: config.seed };
      const logits = await scoreTexts(
        await engines.embeddings(),
        scorer,
        missing.map(([, one]) => one),
      );
      for (const [[key], logit] of zipStrict(missing, logits)) store.put(key, logit);
    }
    return zipStrict(keys, asked).map(([key, { row }]) => ({ logit: store.get(key) ?? Number.NaN, own: row > 0 }));
  };
}
