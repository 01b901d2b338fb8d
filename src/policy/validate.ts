import { batchAt } from "../core/batches.ts";
import { seedOf } from "../core/random.ts";
import type { ShownExample } from "../data/types.ts";
import type { SamplingClient } from "../engine/types.ts";
import { type FormLook, formSigns } from "../rewards/hacking.ts";
import { hasSpread } from "./group-advantages.ts";
import { loopingSaid } from "./looping.ts";
import { formMetrics, formOf, type MetricRow, rewardMetrics } from "./metrics.ts";
import { rollOut, type Setting } from "./rollout.ts";
import { sampledLook } from "./sampled-look.ts";

/** A look at the dev slice: greedy answers, and those that are drawn where the config asks for some. */
export interface Validation {
  readonly batch: number;
  /** Mean verifiable reward (strict reading) of the best decoding: what the best checkpoint is chosen by. */
  readonly score: number;
  /** Mean personalization reward; null without a reward model. */
  readonly personalization: number | null;
  /** Length, repeated steps and false statements about the items. */
  readonly form: FormLook;
}

export async function validate(
  setting: Setting,
  sampler: SamplingClient,
  dev: readonly ShownExample[],
  batch: number,
  clock: () => number,
): Promise<{ readonly point: Validation; readonly row: MetricRow }> {
  const draw = { n: 1, temperature: 0, seeds: dev.map(() => 0) };
  const groups = await rollOut(setting, sampler, dev, draw, clock);
  const form = formOf(groups, setting.tasks);
  const row = { ...rewardMetrics(groups, setting.scorer !== null), ...formMetrics(form) };
  const personalization = setting.scorer === null ? null : Number(row.reward_personalization);
  const drawn = await sampledLook(setting, sampler, dev, Number(row.reward_verifiable), clock);
  return { point: { batch, score: drawn.score, personalization, form }, row: { ...row, ...drawn.row } };
}

/** What there is to select before RL starts, from `rollouts` sampled responses to some of the RL queries. */
export interface Probe {
  readonly queries: number;
  /** Mean verifiable reward of one response, and of the best of the group: pass@1 and pass@k where answers are right or wrong. */
  readonly pass1: number;
  readonly passK: number;
  readonly tagValid: number;
  readonly unreadable: number;
  readonly truncated: number;
  /** Responses that go round in circles. */
  readonly looping: number;
  /** Share of groups whose rewards differ at all, and whose verifiable rewards do. */
  readonly withSpread: number;
  readonly withVerifiableSpread: number;
}

/** Queries that are sampled before a stage, at most. */
export const PROBE_QUERIES = 128;

export async function probe(
  setting: Setting,
  sampler: SamplingClient,
  examples: readonly ShownExample[],
  seed: number,
  clock: () => number,
): Promise<Probe> {
  const labels = examples.map((example) => example.task);
  const walk = { seed, name: `${setting.stage}-probe`, labels, batch: PROBE_QUERIES, epochs: 1 };
  const chosen = batchAt(walk, 0).map((i) => examples[i] as ShownExample);
  const { rollouts: n, temperature } = setting.config;
  const seeds = chosen.map((_, i) => seedOf(seed, setting.stage, "probe", i));
  const groups = await rollOut(setting, sampler, chosen, { n, temperature, seeds }, clock);
  const row = rewardMetrics(groups, setting.scorer !== null);
  const spread = (pick: "total" | "verifiable"): number =>
    groups.filter((g) => hasSpread(g.rollouts.map((r) => r.rewards[pick]))).length / groups.length;
  return {
    queries: chosen.length,
    pass1: Number(row.reward_verifiable),
    passK: Number(row.best_of_group),
    tagValid: Number(row.tag_valid),
    unreadable: Number(row.unreadable),
    truncated: Number(row.truncated),
    looping: Number(row.looping),
    withSpread: spread("total"),
    withVerifiableSpread: spread("verifiable"),
  };
}

/** DESIGN's bound for the synthetic world: below it GSPO has little to learn from. */
const LEAST_GAIN = 0.15;

/**
 * Whether some group has answers to choose between. Two texts hardly ever earn the same from a reward model, so spread of
 * the whole reward says that only where the verifiable one has no weight.
 */
export const isTrainable = ({ withSpread, withVerifiableSpread }: Probe, verifiable: boolean): boolean =>
  (verifiable ? withVerifiableSpread : withSpread) > 0;

/** The probe in plain words; `verifiable`: the stage's verifiable reward has a weight. */
export function judgeProbe(found: Probe, k: number, verifiable: boolean, cutOff: number): string[] {
  const percent = (x: number): string => `${(100 * x).toFixed(1)}%`;
  const sentences = [
    `Before RL: pass@1 ${percent(found.pass1)}, pass@${k} ${percent(found.passK)}, valid tags ${percent(found.tagValid)}, ` +
      `rewards differ within ${percent(found.withSpread)} of the groups, verifiable ones within ${percent(found.withVerifiableSpread)} (${found.queries} queries × ${k}).`,
  ];
  const loops = loopingSaid(found, "Before RL", `max_tokens (${cutOff})`);
  if (loops !== null) sentences.push(loops);
  if (!isTrainable(found, verifiable)) {
    const what = verifiable ? "answers earn the same verifiable reward" : "responses earn the same reward";
    sentences.push(
      `There is nothing to select: in every group all ${what}. RL is left out; easier or harder queries, more chains for SFT or more rollouts could give something.`,
    );
  } else if (found.passK - found.pass1 < LEAST_GAIN)
    sentences.push(
      `There is little to select: the best of ${k} is only ${percent(found.passK - found.pass1)} better than one response. Expect small gains.`,
    );
  return sentences;
}

/**
 * Signs of reward hacking in the last look, one sentence each: the reward model is more pleased and the answers are
 * worse; responses grow for nothing; steps repeat; statements about the user's items are false. Since the first look, and
 * since the best one by score: what was learnt and then given up is a sign too.
 */
export function hackingSigns(history: readonly Validation[]): string[] {
  const [first, last] = [history[0], history.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const best = history.slice(0, -1).reduce((a, b) => (b.score > a.score ? b : a));
  return Object.values({ ...signsSince(best, last), ...signsSince(first, last) });
}

function signsSince(since: Validation, now: Validation): Record<string, string> {
  const form = formSigns({ ...since.form, score: since.score }, { ...now.form, score: now.score });
  return { ...pleasedForNothing(since, now), ...form };
}

function pleasedForNothing(since: Validation, now: Validation): { readonly pleased?: string } {
  if (since.personalization === null || now.personalization === null) return {};
  const up = now.personalization - since.personalization;
  const down = since.score - now.score;
  if (up < 0.05 || down < 0.02) return {};
  return {
    pleased: `The personalization reward on dev rose by ${up.toFixed(3)} since batch ${since.batch} while the verifiable score fell by ${down.toFixed(3)}. Lower rewards.personalization.`,
  };
}
