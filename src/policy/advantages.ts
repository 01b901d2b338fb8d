import type { RlConfig } from "../core/config/schema.ts";
import { mean, populationStd } from "../core/mean.ts";
import { zipStrict } from "../core/zip.ts";
import type { Signals } from "../rewards/weights.ts";
import { decoupledAdvantages } from "./decoupled-advantages.ts";
import { groupAdvantages } from "./group-advantages.ts";
import type { Group } from "./rollout.ts";

/** How rewards become advantages: `advantages` and `advantage_delta` of a stage, and its weights for a task. */
export interface AdvantageScheme {
  readonly config: Pick<RlConfig, "advantages" | "advantage_delta">;
  readonly weightsFor: (task: string) => Signals;
}

/** A group with one advantage a roll-out. */
export interface WeighedGroup extends Group {
  readonly advantages: readonly number[];
}

/** The groups of one batch with their advantages. */
export function withAdvantages(groups: readonly Group[], scheme: AdvantageScheme): WeighedGroup[] {
  const { advantages, advantage_delta: delta } = scheme.config;
  const rows =
    advantages === "decoupled"
      ? decoupledAdvantages(
          groups.map((group) => weighed(group, scheme)),
          delta,
        )
      : groups.map((group) => groupAdvantages(totalsOf(group), delta));
  return zipStrict(groups, rows).map(([group, own]) => ({ ...group, advantages: own }));
}

/**
 * What each signal adds to the advantages of a group, up to one factor for the whole batch: w·(r − mean)/(std + δ) with
 * the std of the weighted sum, or of the signal itself where they are decoupled.
 */
export function signalParts(group: Group, scheme: AdvantageScheme): Readonly<Record<string, readonly number[]>> {
  const { advantages, advantage_delta: delta } = scheme.config;
  const whole = populationStd(totalsOf(group)) + delta;
  const parts = weighed(group, scheme).map(({ name, weight, values }) => {
    const middle = mean(values);
    const scale = advantages === "decoupled" ? populationStd(values) + delta : whole;
    return [name, values.map((v) => (weight * (v - middle)) / scale)] as const;
  });
  return Object.fromEntries(parts);
}

const totalsOf = ({ rollouts }: Group): number[] => rollouts.map((r) => r.rewards.total);

const weighed = ({ example, rollouts }: Group, { weightsFor }: AdvantageScheme) =>
  Object.entries(weightsFor(example.task)).map(([name, weight]) => ({
    ...{ name, weight },
    values: rollouts.map((r) => r.rewards[name] ?? 0),
  }));
