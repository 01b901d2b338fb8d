import { existsSync } from "node:fs";
import { join } from "node:path";
import { hasRewardModel } from "../../core/config/reward-model.ts";
import { TagprError } from "../../core/errors.ts";
import type { Task } from "../../data/task.ts";
import { keptSampler } from "../../eval/kept.ts";
import type { Drawn, Tools, TrainedBy, Weights } from "../../eval/types.ts";
import { fileStore } from "../../llm/store.ts";
import { modelPath, readModel } from "../../model/files.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { identity } from "../key.ts";
import { keptAnswerScores } from "../scorers.ts";
import type { StageContext } from "../stage.ts";
import { endpointModel } from "../stages/chain-models.ts";
import { openEmbed } from "../stages/embedding.ts";
import { keptReward } from "./reward.ts";
import { keptSoftPrompts } from "./soft.ts";

export interface Opening {
  /** What a stage trained, also where it handed on what it began with (`choose.guard`). */
  readonly asTrained?: boolean;
}

/**
 * What methods answer with, of a run. What they sample is kept in `RUN/cache/answers`, a file a model, whichever evaluation
 * of the run asked for it.
 */
export async function openTools(
  context: StageContext,
  tasks: readonly Task[],
  { asTrained = false }: Opening = {},
): Promise<Omit<Tools, "draw" | "tags">> {
  const { config, run, progress } = context;
  const renderer = loadRenderer(await context.modelDir(config.model));
  const models = new Map<string, ReturnType<typeof keptSampler>>();
  const model = async (weights: Weights) => {
    const found = await weightsOf(context, weights, asTrained);
    const opened = models.get(found.name) ?? samplerOf(context, found, renderer);
    models.set(found.name, opened);
    return opened;
  };
  return {
    tasks: new Map(tasks.map((task) => [task.name, task])),
    ...{ renderer, promptTokens: config.prompt.max_tokens, responseTokens: config.eval.max_tokens },
    seed: config.seed,
    sample: async (weights, asks) => (await model(weights))(asks),
    chat: (name) => {
      const api = config.eval.apis[name];
      if (api === undefined) throw new TagprError("usage", `eval.apis: there is no ${name}`);
      return endpointModel(context, `api-${name}`, api, (setting) => `eval.apis.${name}.${setting}`);
    },
    ...(hasRewardModel(config) ? { reward: keptReward(context) } : {}),
    softPrompts: keptSoftPrompts(context, tasks),
    scoreAnswers: keptAnswerScores(context, tasks),
    embed: openEmbed(context),
    store: (name) => fileStore(join(run, "cache", "methods", `${name}.jsonl`)),
    progress,
  };
}

function samplerOf({ config, run, engines }: StageContext, { path, known, name }: Found, codec: Tools["renderer"]) {
  const file = `${name.replace("/", "-")}.jsonl`;
  return keptSampler({
    open: async () => (await engines.policy()).sampler(path),
    codec,
    identity: { known, dtype: config.engines.policy.dtype },
    store: fileStore<Readonly<Record<string, readonly Drawn[]>>>(join(run, "cache", "answers", file)),
    maxTokens: config.eval.max_tokens,
  });
}

/** Weights: where the engine finds them, what they are known by, and a name for them. */
interface Found {
  readonly path: string;
  readonly known: unknown;
  readonly name: string;
}

/**
 * Where the engine finds the weights, what they are known by, and a name for them in file names. Weights that a stage
 * handed on as it got them are those of the stage that made them, so that they are asked once for both.
 */
export async function weightsOf(
  { config, run, modelDir }: Pick<StageContext, "config" | "run" | "modelDir">,
  weights: Weights,
  asTrained: boolean,
): Promise<Found> {
  const base = async () => ({ path: config.model, known: await identity(await modelDir(config.model)), name: "base" });
  if (weights === "base") return base();
  const [stage, task] = weights.split("/");
  const { path: kept, guard, made_by } = readModel(run, stage as TrainedBy, task);
  const path = asTrained ? (guard?.trained ?? kept) : kept;
  if (path === config.model) return base();
  const maker = HAND_ON.find((one) => existsSync(modelPath(run, one)) && readModel(run, one).path === path);
  if (maker !== undefined) return { path, known: { path, made_by: readModel(run, maker).made_by }, name: maker };
  return { path, known: { path, made_by }, name: asTrained ? `${weights}-trained` : weights };
}

/** Stages whose weights others begin with, the earliest first. */
const HAND_ON = ["sft", "guided"] as const;
