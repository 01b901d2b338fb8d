import { backbone } from "../core/config/reward-model.ts";
import type { Config } from "../core/config/schema.ts";
import { modelsDir } from "../core/installation.ts";
import { resolveModelDir } from "../engine/model-dir.ts";
import { requireSound } from "../run/faults.ts";
import { readAssumptions } from "../run/plan/assumptions.ts";
import { makePlan } from "../run/plan/plan.ts";
import { shapeOf } from "../run/plan/shape.ts";
import { taskSizes } from "../run/plan/sizes.ts";
import type { Io } from "./io.ts";
import { planText } from "./plan-text.ts";

/** `tagpr run CONFIG --dry-run`: says what would be done and what it would cost; starts and writes nothing. */
export async function printPlan(io: Io, config: Config, assume: readonly string[], json: boolean): Promise<void> {
  requireSound(config, { allowOpen: true });
  const assumed = readAssumptions(assume);
  const locate = (name: string): Promise<string> =>
    resolveModelDir(name, { modelsDir: modelsDir(io.env), env: io.env });
  const policy = await shapeOf(config.model, locate);
  const reward = backbone(config) === config.model ? policy : await shapeOf(backbone(config), locate);
  const plan = makePlan({ config, assumed, policy, reward, ...(await taskSizes(config)) });
  io.out(json ? `${JSON.stringify(plan, null, 2)}\n` : planText(plan));
}
