import type { RlConfig } from "../core/config/schema.ts";
import { mean } from "../core/mean.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { adamAt, keepingBatch, optimStep, requireFinite } from "../engine/loop.ts";
import type { Datum, LossResult, TrainingClient } from "../engine/types.ts";
import { completionOf, crossEntropyDatum, importanceDatum } from "./datum.ts";
import { entropyPush } from "./entropy.ts";
import { klOf, klSlope } from "./kl.ts";
import { LOSSES } from "./losses.ts";
import type { SequenceTerm } from "./term.ts";

/** One roll-out as the optimizer sees it. */
export interface TrainSequence {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  /** The sampler's, nats a token. */
  readonly sampled: readonly number[];
  readonly advantage: number;
  /** Of the policy that the stage started from, nats a token; where `kl` is part of the loss. */
  readonly start?: ArrayLike<number>;
}

/** One mini-batch: the sequences with a gradient, and N, which counts those without one too. */
export interface MiniBatch {
  readonly sequences: readonly TrainSequence[];
  readonly total: number;
}

export interface UpdateOptions {
  readonly training: TrainingClient;
  readonly config: RlConfig;
  /** The engine computes the policy loss itself, where nothing is added to it (`kl` in the loss, an entropy floor). */
  readonly native: boolean;
  /** Optimizer steps before this batch, and of the whole stage, for the learning rate. */
  readonly step: number;
  readonly totalSteps: number;
  /** Compute a few sequences' log-probs once more, each alone, to see what packing does to them. */
  readonly measurePacking: boolean;
  readonly log: LoopLog;
}

export interface UpdateStats {
  readonly terms: readonly SequenceTerm[];
  /** |mean over a sequence's tokens of (trainer's − sampler's log-prob)|, before any update on this batch. */
  readonly gaps: readonly number[];
  /** The same between log-probs of the whole mini-batch and of a sequence alone; empty where not measured. */
  readonly packingGaps: readonly number[];
  /** Null where the engine doesn't say. */
  readonly gradNorms: readonly (number | null)[];
  readonly learningRate: number;
  /** Optimizer steps left out because no sequence had a gradient. */
  readonly skipped: number;
  /** Mean estimate a token, of each sequence, before its step; where `kl` is part of the loss. */
  readonly kl?: readonly number[];
  /** Share of the steps on which the entropy was under its floor; where there is one. */
  readonly entropyPushed?: number;
}

/**
 * One optimizer step a mini-batch. Sequences without a gradient are not sent, but count in N.
 *
 * With several mini-batches the old log-probs are the trainer's own, computed before the first step from the very
 * lists that are trained on later, so that packing can't move the ratio. With one mini-batch the ratio is 1 by
 * definition, and the gradient of either loss is that of Σ A/(|y|·N) · log π.
 */
export async function updateOnBatch(batches: readonly MiniBatch[], options: UpdateOptions): Promise<UpdateStats> {
  const probe = options.measurePacking ? await aloneLogprobs(batches, options) : null;
  const old = batches.length > 1 ? await oldLogprobs(batches, options) : null;
  const stats = { terms: [] as SequenceTerm[], gaps: [] as number[], gradNorms: [] as (number | null)[], skipped: 0 };
  const added = { kl: [] as number[], pushed: [] as boolean[] };
  let packingGaps: number[] = [];
  let rate = 0;
  for (const [k, batch] of batches.entries()) {
    const adam = adamAt(options.config, options.step + k, options.totalSteps);
    rate = adam.learningRate;
    if (batch.sequences.length === 0) {
      stats.skipped++;
      continue;
    }
    const now = await (old === null ? stepOnPolicy(batch, options) : stepOffPolicy(batch, old[k] ?? [], options));
    stats.terms.push(...now.terms);
    added.kl.push(...now.kl);
    added.pushed.push(now.pushed);
    const before = old?.[k] ?? now.logprobs;
    stats.gaps.push(...zipStrict(batch.sequences, before).map(([s, logprobs]) => meanGap(logprobs, s.sampled)));
    if (probe?.batch === batch)
      packingGaps = probe.places.map((i, at) => meanGap(before[i] ?? [], probe.logprobs[at] ?? []));
    stats.gradNorms.push(await optimStep(options, adam, () => batch.sequences));
  }
  return { ...stats, packingGaps, learningRate: rate, ...addedStats(options.config, added) };
}

const isKlInLoss = ({ kl }: RlConfig): boolean => kl.weight > 0 && kl.in === "loss";

/** Whether something is added to the loss that gives sequences without an advantage a gradient too. */
export const isRegularised = (config: RlConfig): boolean => isKlInLoss(config) || config.entropy.floor > 0;

function addedStats(
  config: RlConfig,
  { kl, pushed }: { readonly kl: readonly number[]; readonly pushed: readonly boolean[] },
): Pick<UpdateStats, "kl" | "entropyPushed"> {
  const steps = Math.max(1, pushed.length);
  return {
    ...(isKlInLoss(config) ? { kl } : {}),
    ...(config.entropy.floor > 0 ? { entropyPushed: pushed.filter(Boolean).length / steps } : {}),
  };
}

/** Every request on a batch: where the engine finds a NaN, its sequences stand in stopped.jsonl. */
const kept = <T>(sequences: readonly TrainSequence[], { log }: UpdateOptions, work: () => Promise<T>): Promise<T> =>
  keepingBatch(log, () => sequences, work);

interface Stepped extends Regularised {
  readonly terms: readonly SequenceTerm[];
  readonly logprobs: readonly Float32Array[];
}

const bounds = (config: RlConfig) => ({ low: config.clip_low, high: config.clip_high });

async function oldLogprobs(batches: readonly MiniBatch[], options: UpdateOptions): Promise<Float32Array[][]> {
  const out: Float32Array[][] = [];
  for (const { sequences } of batches) out.push(await currentLogprobs(sequences, options));
  return out;
}

/** Log-probs under the weights as they are now, a list of completions' tokens. */
async function currentLogprobs(sequences: readonly TrainSequence[], options: UpdateOptions): Promise<Float32Array[]> {
  if (sequences.length === 0) return [];
  const data = sequences.map((s) => crossEntropyDatum(s.prompt, s.tokens, 1));
  const ask = () => options.training.forward(data, "cross_entropy", { only_weighted: 1 });
  return completions(sequences, await kept(sequences, options, ask), options);
}

function completions(sequences: readonly TrainSequence[], result: LossResult, options: UpdateOptions): Float32Array[] {
  const out = zipStrict(sequences, result.outputs).map(([s, output]) => completionOf(output.logprobs, s.tokens.length));
  for (const logprobs of out) requireFinite(options.log, "a log-prob of the policy", logprobs, () => sequences);
  return out;
}

/** The only step on this batch: ratio 1. */
async function stepOnPolicy({ sequences, total }: MiniBatch, options: UpdateOptions): Promise<Stepped> {
  if (!isNative(options)) {
    const now = await currentLogprobs(sequences, options);
    return stepWithOwnGradient({ sequences, total }, now, now, options);
  }
  const data = sequences.map((s) => crossEntropyDatum(s.prompt, s.tokens, s.advantage / (s.tokens.length * total)));
  const ask = () => options.training.forwardBackward(data, "cross_entropy");
  const logprobs = completions(sequences, await kept(sequences, options, ask), options);
  return { logprobs, terms: termsOf(sequences, logprobs, logprobs, options), ...NOTHING_ADDED };
}

/** A step after others on the same batch: the ratio moves, the clips act. */
async function stepOffPolicy(batch: MiniBatch, old: readonly Float32Array[], options: UpdateOptions): Promise<Stepped> {
  if (!isNative(options)) {
    const now = await currentLogprobs(batch.sequences, options);
    return stepWithOwnGradient(batch, now, old, options);
  }
  const { low, high } = bounds(options.config);
  const { engine, datum } = LOSSES[options.config.loss];
  const data = zipStrict(batch.sequences, old).map(([s, logprobs]) =>
    datum(s.prompt, s.tokens, logprobs, s.advantage / (s.tokens.length * batch.total)),
  );
  const clip = { clip_low_threshold: 1 - low, clip_high_threshold: 1 + high };
  const ask = () => options.training.forwardBackward(data, engine, clip);
  const logprobs = completions(batch.sequences, await kept(batch.sequences, options, ask), options);
  return { logprobs, terms: termsOf(batch.sequences, logprobs, old, options), ...NOTHING_ADDED };
}

const isNative = ({ native, config }: UpdateOptions): boolean => native && !isRegularised(config);

/** For engines without the loss, and for what no engine has: the gradient is computed here and sent as importance sampling at ratio 1. */
async function stepWithOwnGradient(
  { sequences, total }: MiniBatch,
  now: readonly Float32Array[],
  old: readonly Float32Array[],
  options: UpdateOptions,
): Promise<Stepped> {
  const terms = termsOf(sequences, now, old, options);
  const added = regularised(sequences, now, total, options.config);
  const data: Datum[] = zipStrict(sequences, now).map(([s, logprobs], i) => {
    const gradient = terms[i]?.gradient.map((g, t) => g / total + (added.gradient[i]?.[t] ?? 0)) ?? [];
    return importanceDatum(s.prompt, s.tokens, logprobs, gradient);
  });
  await kept(sequences, options, () => options.training.forwardBackward(data, "importance_sampling"));
  return { logprobs: now, terms, ...added };
}

/** What is added to a mini-batch's objective. */
interface Regularised {
  /** `gradient[i][t]`, to that of the objective by log π(y_it); no row where nothing is added. */
  readonly gradient: readonly (readonly number[])[];
  readonly kl: readonly number[];
  readonly pushed: boolean;
}

const NOTHING_ADDED: Regularised = { gradient: [], kl: [], pushed: false };

/** `kl` in the loss: −β·mean over the sequence, over N; and the push of an entropy under its floor. */
function regularised(
  sequences: readonly TrainSequence[],
  now: readonly Float32Array[],
  total: number,
  config: RlConfig,
): Regularised {
  if (!isRegularised(config)) return NOTHING_ADDED;
  const { weight, estimator } = config.kl;
  const push = config.entropy.floor > 0 ? entropyPush(now, config.entropy) : null;
  const starts = isKlInLoss(config) ? sequences.map(({ start }) => start ?? []) : null;
  const gradient = now.map((logprobs, i) => {
    const pull = starts === null ? null : klSlope(logprobs, starts[i] ?? [], estimator);
    const scale = weight / (logprobs.length * total);
    return Array.from(logprobs, (_, t) => (push?.[i]?.[t] ?? 0) - scale * (pull?.[t] ?? 0));
  });
  const kl = starts === null ? [] : now.map((logprobs, i) => mean(klOf(logprobs, starts[i] ?? [], estimator)));
  return { gradient, kl, pushed: push !== null };
}

function termsOf(
  sequences: readonly TrainSequence[],
  now: readonly Float32Array[],
  old: readonly Float32Array[],
  options: UpdateOptions,
): SequenceTerm[] {
  return zipStrict(zipStrict(sequences, now), old).map(([[s, logprobs], before]) =>
    LOSSES[options.config.loss].term(logprobs, before, s.advantage, bounds(options.config)),
  );
}

/** Sequences that are computed alone: few, since each reads its prompt again. */
const ALONE = 4;

/**
 * Log-probs of up to {@link ALONE} sequences, spread over the first mini-batch that has any, a request each: the same
 * tokens and weights in another packing. Before the first step; nothing is trained on them.
 */
async function aloneLogprobs(
  batches: readonly MiniBatch[],
  options: UpdateOptions,
): Promise<{ batch: MiniBatch; places: number[]; logprobs: Float32Array[] } | null> {
  const batch = batches.find(({ sequences }) => sequences.length > 0);
  if (batch === undefined) return null;
  const n = batch.sequences.length;
  const places = Array.from({ length: Math.min(ALONE, n) }, (_, i) => Math.floor((i * n) / Math.min(ALONE, n)));
  const logprobs: Float32Array[] = [];
  for (const i of places) logprobs.push(...(await currentLogprobs(batch.sequences.slice(i, i + 1), options)));
  return { batch, places, logprobs };
}

/** |mean over a sequence's tokens of a − b|, nats: the logarithm of the ratio that GSPO would see between the two. */
function meanGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let t = 0; t < b.length; t++) sum += (a[t] ?? Number.NaN) - (b[t] as number);
  return Math.abs(sum / b.length);
}
