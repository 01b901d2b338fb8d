import type { RlConfig } from "../core/config/schema.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { adamAt, gradNorm, keepingBatch, requireFinite } from "../engine/loop.ts";
import type { Datum, LossResult, TrainingClient } from "../engine/types.ts";
import { completionOf, crossEntropyDatum, gspoDatum, importanceDatum } from "./datum.ts";
import { type SequenceTerm, sequenceTerm } from "./gspo.ts";

/** One roll-out as the optimizer sees it. */
export interface TrainSequence {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  /** The sampler's, nats a token. */
  readonly sampled: readonly number[];
  readonly advantage: number;
}

/** One mini-batch: the sequences with a gradient, and N, which counts those without one too. */
export interface MiniBatch {
  readonly sequences: readonly TrainSequence[];
  readonly total: number;
}

export interface UpdateOptions {
  readonly training: TrainingClient;
  readonly config: RlConfig;
  /** The engine computes `gspo` itself. */
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
}

/**
 * One optimizer step a mini-batch. Sequences with advantage 0 are not sent (they have no gradient), but count in N.
 *
 * With several mini-batches the old log-probs are the trainer's own, computed before the first step from the very
 * lists that are trained on later, so that packing can't move the ratio. With one mini-batch the ratio is 1 by
 * definition, and GSPO's gradient is that of Σ A/(|y|·N) · log π.
 */
export async function updateOnBatch(batches: readonly MiniBatch[], options: UpdateOptions): Promise<UpdateStats> {
  const probe = options.measurePacking ? await aloneLogprobs(batches, options) : null;
  const old = batches.length > 1 ? await oldLogprobs(batches, options) : null;
  const stats = { terms: [] as SequenceTerm[], gaps: [] as number[], gradNorms: [] as (number | null)[], skipped: 0 };
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
    const before = old?.[k] ?? now.logprobs;
    stats.gaps.push(...zipStrict(batch.sequences, before).map(([s, logprobs]) => meanGap(logprobs, s.sampled)));
    if (probe?.batch === batch)
      packingGaps = probe.places.map((i, at) => meanGap(before[i] ?? [], probe.logprobs[at] ?? []));
    const norm = gradNorm(await kept(batch.sequences, options, () => options.training.optimStep(adam)));
    requireFinite(options.log, "the gradient norm", norm === null ? [] : [norm], () => batch.sequences);
    stats.gradNorms.push(norm);
  }
  return { ...stats, packingGaps, learningRate: rate };
}

/** Every request on a batch: where the engine finds a NaN, its sequences stand in stopped.jsonl. */
const kept = <T>(sequences: readonly TrainSequence[], { log }: UpdateOptions, work: () => Promise<T>): Promise<T> =>
  keepingBatch(log, () => sequences, work);

interface Stepped {
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
  if (!options.native) {
    const now = await currentLogprobs(sequences, options);
    return stepWithOwnGradient({ sequences, total }, now, now, options);
  }
  const data = sequences.map((s) => crossEntropyDatum(s.prompt, s.tokens, s.advantage / (s.tokens.length * total)));
  const ask = () => options.training.forwardBackward(data, "cross_entropy");
  const logprobs = completions(sequences, await kept(sequences, options, ask), options);
  return { logprobs, terms: termsOf(sequences, logprobs, logprobs, options) };
}

/** A step after others on the same batch: the ratio moves, the clips act. */
async function stepOffPolicy(batch: MiniBatch, old: readonly Float32Array[], options: UpdateOptions): Promise<Stepped> {
  if (!options.native) return stepWithOwnGradient(batch, await currentLogprobs(batch.sequences, options), old, options);
  const { low, high } = bounds(options.config);
  const data = zipStrict(batch.sequences, old).map(([s, logprobs]) =>
    gspoDatum(s.prompt, s.tokens, logprobs, s.advantage / (s.tokens.length * batch.total)),
  );
  const clip = { clip_low_threshold: 1 - low, clip_high_threshold: 1 + high };
  const ask = () => options.training.forwardBackward(data, "gspo", clip);
  const logprobs = completions(batch.sequences, await kept(batch.sequences, options, ask), options);
  return { logprobs, terms: termsOf(batch.sequences, logprobs, old, options) };
}

/** For engines without `gspo`: the gradient is computed here and sent as importance sampling at ratio 1. */
async function stepWithOwnGradient(
  { sequences, total }: MiniBatch,
  now: readonly Float32Array[],
  old: readonly Float32Array[],
  options: UpdateOptions,
): Promise<Stepped> {
  const terms = termsOf(sequences, now, old, options);
  const data: Datum[] = zipStrict(zipStrict(sequences, now), terms).map(([[s, logprobs], term]) =>
    importanceDatum(s.prompt, s.tokens, logprobs, term.gradient / total),
  );
  await kept(sequences, options, () => options.training.forwardBackward(data, "importance_sampling"));
  return { logprobs: now, terms };
}

function termsOf(
  sequences: readonly TrainSequence[],
  now: readonly Float32Array[],
  old: readonly Float32Array[],
  options: UpdateOptions,
): SequenceTerm[] {
  return zipStrict(zipStrict(sequences, now), old).map(([[s, logprobs], before]) =>
    sequenceTerm(logprobs, before, s.advantage, bounds(options.config)),
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
