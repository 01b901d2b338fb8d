import { TagprError } from "../../core/errors.ts";
import { stream } from "../../core/random.ts";
import type { AdamParams, Datum, LossName, LossResult, SampleRequest, Sequence } from "../types.ts";

/**
 * A language model small enough to differentiate by hand: the next token depends on the last one alone, through a
 * table of logits. As a reward model its logit is the mean over tokens of a weight a token and a weight a (user, token).
 * Float64 throughout, so it is also the exact reference for losses.
 */
export interface Bigram {
  readonly vocab: number;
  /** Policy: `table` [V·V]. Reward: `head` [V], and `users` [(N+1)·V] where it has user rows. */
  readonly params: Record<string, Float64Array>;
  readonly grads: Record<string, Float64Array>;
  readonly moments: Record<string, { m: Float64Array; v: Float64Array }>;
  steps: number;
}

export function makeBigram(vocab: number, seed: number, reward?: { userEmbeddings?: number }): Bigram {
  const random = stream("bigram", seed);
  const fresh = (n: number): Float64Array => Float64Array.from({ length: n }, () => 0.1 * random.normal());
  const params: Record<string, Float64Array> =
    reward === undefined
      ? { table: fresh(vocab * vocab) }
      : {
          head: fresh(vocab),
          ...(reward.userEmbeddings === undefined
            ? {}
            : { users: new Float64Array((reward.userEmbeddings + 1) * vocab) }),
        };
  return withState(vocab, params, undefined, 0);
}

export function withState(
  vocab: number,
  params: Record<string, Float64Array>,
  moments: Bigram["moments"] | undefined,
  steps: number,
): Bigram {
  const copy = (x: Float64Array): Float64Array => Float64Array.from(x);
  const map = <A, B>(from: Record<string, A>, f: (x: A) => B): Record<string, B> =>
    Object.fromEntries(Object.entries(from).map(([k, x]) => [k, f(x)]));
  return {
    vocab,
    params: map(params, copy),
    grads: map(params, (x) => new Float64Array(x.length)),
    moments: moments
      ? map(moments, ({ m, v }) => ({ m: copy(m), v: copy(v) }))
      : map(params, (x) => ({ m: new Float64Array(x.length), v: new Float64Array(x.length) })),
    steps,
  };
}

const INPUTS: Readonly<Record<LossName, readonly string[]>> = {
  cross_entropy: ["target_tokens", "weights"],
  importance_sampling: ["target_tokens", "logprobs", "advantages"],
  ppo: ["target_tokens", "logprobs", "advantages"],
  cispo: [],
  gspo: ["target_tokens", "logprobs", "advantages", "sequence_ratio_mask"],
  bradley_terry: ["pair_id", "preferred", "user_index", "weights"],
  reward_score: ["user_index"],
  logistic: ["label", "user_index", "weights"],
  soft_prompt: [],
};

/** Adds the gradient of the summed loss unless `forwardOnly`. Strict: unknown, missing or misshapen inputs are refused. */
export function runLoss(
  model: Bigram,
  data: readonly Datum[],
  loss: LossName,
  config: Readonly<Record<string, number>>,
  forwardOnly: boolean,
): LossResult {
  const allowed = INPUTS[loss];
  const names = (datum: Datum): string =>
    Object.keys(datum.inputs)
      .filter((name) => !allowed.includes(name))
      .join(", ");
  for (const datum of data) if (names(datum) !== "") throw refuse(`${loss} does not take ${names(datum)}`);
  return loss === "bradley_terry" || loss === "reward_score" || loss === "logistic"
    ? rewardLoss(model, data, loss, forwardOnly)
    : tokenLoss(model, data, loss, config, forwardOnly);
}

const refuse = (message: string): TagprError =>
  new TagprError("engine", message, { hint: "The loop sent a wrong datum." });

function input(datum: Datum, name: string, length: number): ArrayLike<number> {
  const data = datum.inputs[name]?.data;
  if (data === undefined || data.length !== length) throw refuse(`${name}: ${data?.length} values, not ${length}`);
  return data;
}

/** Log-softmax of the table's row, over temperature. */
export function logSoftmax(model: Bigram, last: number, temperature = 1): Float64Array {
  const row = (model.params.table as Float64Array).subarray(last * model.vocab, (last + 1) * model.vocab);
  const scaled = Float64Array.from(row, (x) => x / temperature);
  const top = scaled.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = Math.log(scaled.reduce((sum, x) => sum + Math.exp(x - top), 0)) + top;
  return scaled.map((x) => x - total);
}

function tokenLoss(
  model: Bigram,
  data: readonly Datum[],
  loss: LossName,
  config: Readonly<Record<string, number>>,
  forwardOnly: boolean,
): LossResult {
  let total = 0;
  const outputs = data.map((datum) => {
    const n = datum.tokens.length;
    const target = input(datum, "target_tokens", n);
    const rows = datum.tokens.map((token) => logSoftmax(model, token));
    const logprobs = rows.map((row, i) => row[target[i] as number] as number);
    const term = forwardOnly && loss === "cross_entropy" ? null : lossOf(datum, logprobs, loss, config);
    total += term?.value ?? 0;
    if (!forwardOnly && term !== null)
      for (const [i, row] of rows.entries())
        addGradient(model, datum.tokens[i] as number, target[i] as number, row, term.slope[i] as number);
    return { logprobs: Float32Array.from(logprobs) };
  });
  return { outputs, metrics: { "loss:sum": total } };
}

/** d log softmax: slope·(onehot − p). */
function addGradient(model: Bigram, from: number, target: number, row: Float64Array, slope: number): void {
  const grad = model.grads.table as Float64Array;
  for (let k = 0; k < model.vocab; k++)
    grad[from * model.vocab + k] =
      (grad[from * model.vocab + k] as number) + slope * ((k === target ? 1 : 0) - Math.exp(row[k] as number));
}

/** The loss of a datum, and its derivative by each log-prob. */
function lossOf(
  datum: Datum,
  logprobs: readonly number[],
  loss: LossName,
  config: Readonly<Record<string, number>>,
): { value: number; slope: number[] } {
  const n = logprobs.length;
  if (loss === "cross_entropy") {
    const weights = Array.from(input(datum, "weights", n));
    return {
      value: -weights.reduce((sum, w, i) => sum + w * (logprobs[i] as number), 0),
      slope: weights.map((w) => -w),
    };
  }
  const old = input(datum, "logprobs", n);
  const advantages = Array.from(input(datum, "advantages", n));
  if (loss === "importance_sampling") {
    const slope = advantages.map((a, i) => -a * Math.exp((logprobs[i] as number) - (old[i] as number)));
    return { value: slope.reduce((a, b) => a + b, 0), slope };
  }
  const bound = (x: number): number =>
    Math.min(config.clip_high_threshold ?? 1.2, Math.max(config.clip_low_threshold ?? 0.8, x));
  if (loss === "ppo") {
    const ratios = logprobs.map((x, i) => Math.exp(x - (old[i] as number)));
    const terms = advantages.map((a, i) => [(ratios[i] as number) * a, bound(ratios[i] as number) * a] as const);
    const value = -terms.reduce((sum, [free, bounded]) => sum + Math.min(free, bounded), 0);
    return { value, slope: terms.map(([free, bounded]) => (free <= bounded ? -free : 0)) };
  }
  if (loss !== "gspo") throw refuse(`${loss} is not in the fake engine`);
  const mask = Array.from(input(datum, "sequence_ratio_mask", n));
  const length = mask.reduce((a, b) => a + b, 0);
  const ratio = Math.exp(
    mask.reduce((sum, m, i) => sum + m * ((logprobs[i] as number) - (old[i] as number)), 0) / length,
  );
  const bounded = bound(ratio);
  const slope = advantages.map((a) => (ratio * a <= bounded * a ? -ratio * a : 0));
  return { value: -advantages.reduce((sum, a) => sum + Math.min(ratio * a, bounded * a), 0), slope };
}

function rewardLoss(model: Bigram, data: readonly Datum[], loss: LossName, forwardOnly: boolean): LossResult {
  const users = model.params.users;
  const rowOf = (datum: Datum): number => (users === undefined ? -1 : Number(input(datum, "user_index", 1)[0]));
  const weight = (token: number, row: number): number =>
    ((model.params.head as Float64Array)[token] as number) +
    (row < 0 ? 0 : ((users as Float64Array)[row * model.vocab + token] as number));
  const logits = data.map((d) => d.tokens.reduce((sum, t) => sum + weight(t, rowOf(d)), 0) / d.tokens.length);
  let total = 0;
  if (loss === "bradley_terry")
    for (const [won, lost] of pairsOf(data)) {
      const margin = (logits[won] as number) - (logits[lost] as number);
      const weight = Number(data[won]?.inputs.weights?.data[0] ?? 1);
      total += weight * Math.log1p(Math.exp(-margin));
      const slope = -weight / (1 + Math.exp(margin));
      if (forwardOnly) continue;
      addLogit(model, data[won] as Datum, rowOf(data[won] as Datum), slope);
      addLogit(model, data[lost] as Datum, rowOf(data[lost] as Datum), -slope);
    }
  if (loss === "logistic")
    for (const [i, datum] of data.entries()) {
      const sign = 2 * Number(input(datum, "label", 1)[0]) - 1;
      const weight = Number(datum.inputs.weights?.data[0] ?? 1);
      const margin = sign * (logits[i] as number);
      total += weight * Math.log1p(Math.exp(-margin));
      if (!forwardOnly) addLogit(model, datum, rowOf(datum), (-weight * sign) / (1 + Math.exp(margin)));
    }
  return { outputs: logits.map((x) => ({ logits: Float32Array.of(x) })), metrics: { "loss:sum": total } };
}

/** The gradient of a logit times `slope`. */
function addLogit(model: Bigram, { tokens }: Datum, row: number, slope: number): void {
  const head = model.grads.head as Float64Array;
  const table = model.grads.users;
  for (const t of tokens) {
    head[t] = (head[t] as number) + slope / tokens.length;
    const at = row * model.vocab + t;
    if (table !== undefined) table[at] = (table[at] as number) + slope / tokens.length;
  }
}

function pairsOf(data: readonly Datum[]): [number, number][] {
  const sides = new Map<number, { won?: number; lost?: number }>();
  for (const [i, datum] of data.entries()) {
    const id = Number(input(datum, "pair_id", 1)[0]);
    const preferred = Number(input(datum, "preferred", 1)[0]) === 1;
    sides.set(id, { ...sides.get(id), ...(preferred ? { won: i } : { lost: i }) });
  }
  return [...sides].map(([id, { won, lost }]) => {
    if (won === undefined || lost === undefined) throw refuse(`pair_id ${id} has one side only`);
    return [won, lost];
  });
}

/** AdamW with bias correction; clears the gradient. Returns the norm before clipping. */
export function adamStep(model: Bigram, adam: AdamParams): number {
  const all = Object.values(model.grads);
  const norm = Math.sqrt(all.reduce((sum, g) => sum + g.reduce((s, x) => s + x * x, 0), 0));
  const scale = adam.gradClipNorm > 0 && norm > adam.gradClipNorm ? adam.gradClipNorm / norm : 1;
  model.steps++;
  for (const [name, p] of Object.entries(model.params)) {
    const g = model.grads[name] as Float64Array;
    const { m, v } = model.moments[name] as { m: Float64Array; v: Float64Array };
    for (let i = 0; i < p.length; i++) {
      const gi = (g[i] as number) * scale;
      m[i] = adam.beta1 * (m[i] as number) + (1 - adam.beta1) * gi;
      v[i] = adam.beta2 * (v[i] as number) + (1 - adam.beta2) * gi * gi;
      const mean = (m[i] as number) / (1 - adam.beta1 ** model.steps);
      const scaleOf = Math.sqrt((v[i] as number) / (1 - adam.beta2 ** model.steps)) + adam.eps;
      p[i] = (p[i] as number) * (1 - adam.learningRate * adam.weightDecay) - (adam.learningRate * mean) / scaleOf;
    }
    g.fill(0);
  }
  return norm;
}

export function sampleOne(model: Bigram, request: SampleRequest, k: number): Sequence {
  const random = stream("fake-sample", request.seed, k);
  const { maxTokens, temperature, stop = [] } = request.params;
  const tokens: number[] = [];
  const logprobs: number[] = [];
  let last = request.prompt.at(-1) ?? 0;
  while (tokens.length < maxTokens) {
    const row = logSoftmax(model, last, temperature > 0 ? temperature : 1);
    const next = temperature > 0 ? random.weighted(Array.from(row, Math.exp)) : row.indexOf(Math.max(...row));
    tokens.push(next);
    logprobs.push(row[next] as number);
    last = next;
    if ((stop as readonly (number | string)[]).includes(next)) return { tokens, logprobs, stopReason: "stop" };
  }
  return { tokens, logprobs, stopReason: "length" };
}
