import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { mean } from "../../core/mean.ts";
import { evaluateMethod } from "../../eval/evaluate.ts";
import { type Reading, scoreOf } from "../../eval/headline.ts";
import { keptSampler } from "../../eval/kept.ts";
import type { Method, Prediction, TrainedBy } from "../../eval/types.ts";
import { memoryStore } from "../../llm/store.ts";
import { METHODS, methodOf } from "../../methods/index.ts";
import { namedTags } from "../../model/asking.ts";
import { type DevLook, type Guard, type ModelFile, readTags, readTasks } from "../../model/files.ts";
import { openTools } from "../evaluation/tools.ts";
import type { StageContext } from "../stage.ts";
import { smallDev } from "../support/lessons.ts";
import { isGuarded, readSplit, writeModel } from "./common.ts";

/** Answers drawn to each dev query beside the greedy one. */
const SAMPLES = 2;
/** Answers to a dev query that one look takes. */
export const LOOK_ANSWERS = 1 + SAMPLES;

/** What a stage made, and what it began with. */
export interface Made {
  readonly stage: TrainedBy;
  readonly title: string;
  /** Weights that the stage began with; and how they do on dev, where the stage before has looked. */
  readonly start: { readonly path: string; readonly look?: DevLook };
  readonly model: Omit<ModelFile, "made_by" | "guard" | "dev">;
}

/**
 * Writes `model.json`: the weights that were trained, or, where those do no better on the dev slice than what the stage
 * began with (ours), the latter, which is said. Better is a higher score of the greedy or of the sampled answers and a lower
 * one of neither, by the reading of the headline. Since every stage compares with what it was handed, none ends below the
 * base on that slice.
 */
export async function handOn(context: StageContext, { stage, title, start, model }: Made): Promise<void> {
  const { config, progress } = context;
  const dev = readSplit(context.run, "dev");
  if (!isGuarded(config) || dev.length === 0) return writeModel(context, model);
  if (model.path === start.path) {
    progress.say(`${title}: no trained step did better on dev than what it began with, which is handed on.`);
    return writeModel(context, start.look === undefined ? model : { ...model, dev: start.look });
  }
  const small = start.look === undefined ? smallDev(dev.length) : null;
  if (small !== null) progress.say(`${title}: ${small}.`);
  const before = start.look ?? (await lookAt(context, stage, start.path, `${title}: dev before`));
  const after = await lookAt(context, stage, model.path, `${title}: dev after`);
  const better = isBetter(after, before);
  const guard: Guard = {
    trained: model.path,
    step: model.step,
    kept: better ? "trained" : "start",
    looks: start.look === undefined ? 2 : 1,
    dev: { start: before, trained: after },
  };
  const [trained, began] = [`(${said(after)})`, `what it began with (${said(before)})`];
  if (better) {
    progress.say(`${title}: what was trained does better on the dev slice ${trained} than ${began}, and is handed on.`);
    return writeModel(context, { ...model, dev: after, guard });
  }
  progress.say(
    `${title}: what was trained does no better on the dev slice ${trained} than ${began}, which is handed on in its place; the result table has both.`,
  );
  writeModel(context, { path: start.path, step: 0, score: null, state: null, dev: before, guard });
}

/** Greedy or sampled answers are better, and neither are worse: those who are asked greedily lose nothing for the sampled ones. */
const isBetter = (after: DevLook, before: DevLook): boolean =>
  after.greedy >= before.greedy && after.sampled >= before.sampled && after.score > before.score;

const said = ({ score, greedy, sampled }: DevLook): string =>
  `${score.toFixed(3)}: greedy ${greedy.toFixed(3)}, sampled ${sampled.toFixed(3)}`;

/** How the weights that a stage hands on do, where it has looked. */
export const lookOf = ({ dev }: Pick<ModelFile, "dev">): Pick<Made["start"], "look"> =>
  dev === undefined ? {} : { look: dev };

/** The method whose row has what the stage trains says how its weights are asked. */
function methodTrainedBy(stage: TrainedBy, config: Config): Method {
  const found = METHODS.find(({ trains }) => trains.includes(stage));
  if (found === undefined) throw new TagprError("internal", `no method answers from ${stage}`);
  return methodOf(found.name, config);
}

async function lookAt(context: StageContext, stage: TrainedBy, path: string, title: string): Promise<DevLook> {
  const { run, config, engines } = context;
  const method = methodTrainedBy(stage, config);
  const tools = await openTools(context, readTasks(run));
  const tags = method.reasoning ? namedTags(config, readTags(run)) : [];
  const sample = keptSampler({
    open: async () => (await engines.policy()).sampler(path),
    ...{ codec: tools.renderer, identity: path, store: memoryStore(), maxTokens: config.eval.max_tokens },
  });
  const predictions: Prediction[] = [];
  for await (const batch of evaluateMethod({
    ...{ method, title, examples: readSplit(run, "dev"), batch: config.eval.batch },
    tools: { ...tools, tags, sample: (_, asks) => sample(asks) },
    sampling: { n: SAMPLES, temperature: 1, primary: false },
  }))
    predictions.push(...batch);
  return devLook(predictions, config.eval.reading);
}

export function devLook(predictions: readonly Prediction[], reading: Reading): DevLook {
  const greedy = mean(predictions.map((one) => scoreOf(one, reading)));
  const sampled = mean(
    predictions.flatMap((one) => (one.sampled?.answers ?? []).map((each) => scoreOf(each, reading))),
  );
  return { score: (greedy + sampled) / 2, greedy, sampled };
}
