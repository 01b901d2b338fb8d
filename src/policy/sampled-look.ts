import { seedOf } from "../core/random.ts";
import type { ShownExample } from "../data/types.ts";
import type { SamplingClient } from "../engine/types.ts";
import { chosenOf, majorityOf, passAtK } from "../metrics/samples.ts";
import type { MetricRow } from "./metrics.ts";
import { type Group, rollOut, type Setting } from "./rollout.ts";

/**
 * The other decodings of a look at the dev slice: the best mean verifiable reward over the temperatures that are offered
 * (greedy among them only where it is), and avg@n, pass@n, majority@n of the samples. Without any it is the greedy look.
 */
export async function sampledLook(
  setting: Setting,
  sampler: SamplingClient,
  dev: readonly ShownExample[],
  greedy: number,
  clock: () => number,
): Promise<{ readonly score: number; readonly row: MetricRow }> {
  const { samples, temperatures } = setting.decodings ?? { samples: 0, temperatures: [0] };
  const offered = temperatures.filter((temperature) => temperature > 0);
  const looked = offered.length === 0 && samples > 0 ? [1] : offered;
  if (looked.length === 0) return { score: greedy, row: {} };
  const n = Math.max(1, samples);
  const drawn = new Map<number, { readonly score: number; readonly row: MetricRow }>();
  for (const temperature of looked) {
    const seeds = dev.map(({ task, id }) => seedOf(0, "look", task, id));
    const groups = await rollOut({ ...setting, scorer: null, own: [] }, sampler, dev, { n, temperature, seeds }, clock);
    drawn.set(temperature, lookOf(groups, n));
  }
  const chosen = chosenOf([
    ...(temperatures.includes(0) || offered.length === 0 ? [{ temperature: 0, score: greedy }] : []),
    ...offered.map((temperature) => ({ temperature, score: drawn.get(temperature)?.score ?? 0 })),
  ]);
  const told = drawn.get(chosen.temperature) ?? drawn.get(Math.max(...looked));
  return { score: chosen.score, row: { greedy, temperature: chosen.temperature, ...told?.row } };
}

function lookOf(groups: readonly Group[], n: number): { readonly score: number; readonly row: MetricRow } {
  const mean = (of: (group: Group) => number): number =>
    groups.reduce((sum, group) => sum + of(group), 0) / Math.max(1, groups.length);
  const rewards = ({ rollouts }: Group): number[] => rollouts.map(({ rewards: { verifiable } }) => verifiable);
  const majority = ({ rollouts }: Group): number =>
    majorityOf(rollouts.map(({ reading, rewards }) => ({ answer: reading.answer, score: rewards.verifiable })))
      ?.score ?? 0;
  const score = mean((group) => passAtK(rewards(group), 1));
  return {
    score,
    row: {
      samples: n,
      avg_at_n: score,
      pass_at_n: mean((group) => passAtK(rewards(group), n)),
      majority_at_n: mean(majority),
    },
  };
}
