import { backbone, hasRewardModel } from "../core/config/reward-model.ts";
import type { Config } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { modelsDir } from "../core/installation.ts";
import { notHere, resolveModelDir } from "../engine/model-dir.ts";
import { loadRenderer, type Renderer } from "../prompts/renderer.ts";
import { requireSound } from "../run/faults.ts";
import { readAssumptions } from "../run/plan/assumptions.ts";
import { makePlan, type Plan } from "../run/plan/plan.ts";
import { parameters, type Shape, shapeOf } from "../run/plan/shape.ts";
import { taskSizes } from "../run/plan/sizes.ts";
import { withSupport } from "../run/plan/support-notes.ts";
import { found } from "./check-outside.ts";
import { modelDir } from "./engines.ts";
import type { Io } from "./io.ts";
import { planText } from "./plan-text.ts";

/** `tagpr run CONFIG --dry-run`: says what would be done and what it would cost; starts and writes nothing of a run. */
export async function printPlan(io: Io, config: Config, assume: readonly string[], json: boolean): Promise<void> {
  const plan = await planOf(io, config, assume);
  io.out(json ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
}

/** What a config would do and cost. Downloads nothing; a model that comes as a package is unpacked, to count prompts. */
export const planOf = async (io: Io, config: Config, assume: readonly string[]): Promise<Plan> =>
  (await openPlan(io, config, assume))(config);

/** {@link planOf} of this config and of others that differ in what is asked alone: data and models are looked at once. */
export async function openPlan(io: Io, config: Config, assume: readonly string[]): Promise<(config: Config) => Plan> {
  requireSound(config, { allowOpen: true });
  const assumed = readAssumptions(assume);
  const locate = async (name: string): Promise<string> => {
    if (!isOnHubAlone(io, name)) return resolveModelDir(name, { modelsDir: modelsDir(io.env), env: io.env });
    throw notHere(name, "A plan downloads nothing, a run does");
  };
  const policy = await shapeOf(config.model, locate);
  const reward = backbone(config) === config.model ? policy : await shapeOf(backbone(config), locate);
  const sizes = await taskSizes(config);
  const uncounted: string[] = [];
  const renderer = config.data.source === "files" ? await rendererOf(io, config.model, uncounted) : null;
  const support = await withSupport(config, sizes.tasks, renderer);
  const prompt_tokens = assumed.prompt_tokens || (support.promptTokens ?? 0);
  const { engines } = config;
  const here = new Map([
    ...(engines.policy.kind === "embedded" ? [[config.model, policy] as const] : []),
    ...(engines.reward.kind === "embedded" && hasRewardModel(config) ? [[backbone(config), reward] as const] : []),
  ]);
  const notes = [...sizes.notes, ...support.notes, ...uncounted, ...downloads(io, here)];
  return (asked) =>
    makePlan({ config: asked, assumed: { ...assumed, prompt_tokens }, policy, reward, tasks: support.tasks, notes });
}

/** What counts a model's prompts; null where it is on the hub alone, and, with a note, where its package isn't there. */
async function rendererOf(io: Io, model: string, notes: string[]): Promise<Renderer | null> {
  if (isOnHubAlone(io, model)) return null;
  try {
    return loadRenderer(await modelDir(io, model));
  } catch (error) {
    if (!(error instanceof TagprError) || error.code !== "environment") throw error;
    notes.push(`How long prompts are is not counted: ${error.message}.`);
    return null;
  }
}

/** A line for each model that a run would download; published weights are mostly bf16. */
const downloads = (io: Io, shapes: ReadonlyMap<string, Shape>): string[] =>
  [...shapes]
    .filter(([name]) => isOnHubAlone(io, name))
    .map(
      ([name, shape]) =>
        `${name} is not on this machine: a run downloads it from the Hugging Face hub, some ${((2 * parameters(shape)) / 1e9).toFixed(1)} GB.`,
    );

/** A plan is made for a folder that isn't there too, where the shape of its name is known. */
function isOnHubAlone(io: Io, name: string): boolean {
  try {
    return found(io, { name, weights: true }).at === "hub";
  } catch {
    return false;
  }
}
