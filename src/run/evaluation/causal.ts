import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { appendJsonl, writeJsonl } from "../../core/jsonl.ts";
import type { ShownExample } from "../../data/types.ts";
import { askedOf } from "../../eval/answered.ts";
import { type CausalTools, causalRows, chosenForCausal, type Probed } from "../../eval/causal.ts";
import { keptScores } from "../../eval/kept.ts";
import type { Method, Prediction, Tools } from "../../eval/types.ts";
import { fileStore } from "../../llm/store.ts";
import type { StageContext } from "../stage.ts";
import { weightsOf } from "./tools.ts";

/** A chain of eight steps is asked about sixteen times: so much fewer are a unit than queries that are answered. */
const SMALLER = 8;

/** Answers of a method, and the queries that they are to, in order. */
export interface Answers {
  readonly method: Method;
  readonly examples: readonly ShownExample[];
  readonly predictions: readonly Prediction[];
}

/**
 * Writes what the steps of a method's chains do to its answers (`eval.causal`), batch after batch. Begun again it is written
 * anew, from what was kept.
 */
export async function writeCausal(
  context: Pick<StageContext, "run" | "config" | "engines" | "modelDir" | "progress">,
  path: string,
  { method, examples, predictions }: Answers,
  tools: Tools,
): Promise<void> {
  const { config, progress } = context;
  const { asks } = method;
  if (asks === undefined) throw new TagprError("internal", `${method.name} asks more than one prompt`);
  const answered = new Map(predictions.map((one) => [`${one.task}/${one.query}`, one]));
  const chosen = chosenForCausal(examples, { queries: config.eval.causal.queries, seed: config.seed });
  const causal: CausalTools = { ...tools, score: keptScoring(context) };
  const batch = Math.ceil(config.eval.batch / SMALLER);
  writeJsonl(path, []);
  progress.start(`Steps of ${method.label} taken out`, chosen.length);
  for (let from = 0; from < chosen.length; from += batch) {
    const probed = chosen.slice(from, from + batch).flatMap((example): Probed[] => {
      const prediction = answered.get(`${example.task}/${example.id}`);
      if (prediction === undefined) return [];
      return [{ example, prediction, task: askedOf(example, tools.tasks).task, ask: asks(example, tools) }];
    });
    appendJsonl(path, await causalRows(probed, causal));
    progress.update(Math.min(from + batch, chosen.length));
  }
  progress.end();
}

/** Scores that are kept in `RUN/cache/scores`, a file a model, whichever evaluation of the run asked for them. */
function keptScoring(context: Pick<StageContext, "run" | "config" | "engines" | "modelDir">): CausalTools["score"] {
  const models = new Map<string, ReturnType<typeof keptScores>>();
  return async (weights, asks) => {
    const { path, known, name } = await weightsOf(context, weights, false);
    const model =
      models.get(name) ??
      keptScores({
        open: async () => (await context.engines.policy()).sampler(path),
        identity: { known, dtype: context.config.engines.policy.dtype },
        store: fileStore(join(context.run, "cache", "scores", `${name.replace("/", "-")}.jsonl`)),
      });
    models.set(name, model);
    return model(asks);
  };
}
