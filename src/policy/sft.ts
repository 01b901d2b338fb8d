import { batchAt, batchCount, epochAfter, isLookStep, passesOver, type Walk } from "../core/batches.ts";
import type { SftConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { adamAt, keepingBatch, makeSaver, openTraining, optimStep, requireFinite, type Saver } from "../engine/loop.ts";
import type { Engine, SamplingClient, TrainingClient } from "../engine/types.ts";
import { completionOf, crossEntropyDatum } from "./datum.ts";
import type { SftItem } from "./sft-items.ts";

/**
 * Foundational SFT (paper section 3.4, eq. 4): cross entropy on the completion and its end-of-turn token alone.
 *
 * Losses sum in the engine, so each token is weighted 1/(completion tokens of the batch): a step follows the mean over
 * tokens, and long chains count for more than short ones. SkyRL's JAX back-end averages each chain by itself and then
 * the chains, whatever the weights; the logged loss is the mean over tokens there too.
 */
export interface SftOptions {
  /** Of the stage: it names what is saved, and the order of the batches. */
  readonly name: string;
  /** Shown while it trains. */
  readonly title: string;
  readonly engine: Engine;
  /** What it starts from: a folder, a name or a `tinker://` path. */
  readonly model: string;
  readonly train: readonly SftItem[];
  readonly heldOut: readonly SftItem[];
  readonly config: SftConfig;
  readonly seed: number;
  readonly log: LoopLog;
  readonly progress: Progress;
  /** Milliseconds; for timings.jsonl alone. */
  readonly clock: () => number;
  /** Greedy score on the dev slice after so many steps, higher is better; see `sft.dev_every`. */
  readonly evaluateDev?: (sampler: SamplingClient, step: number) => Promise<number>;
  /** Looks at dev over the whole stage (`choose.looks`), in place of every `dev_every` steps; 0 = as that says. */
  readonly looks?: number;
}

/** One look at the held-out chains: mean nats a completion token, and the dev score where it was taken. */
export interface SftLook {
  readonly step: number;
  readonly loss: number | null;
  readonly dev: number | null;
}

export interface SftResult {
  /** `tinker://` path of the best weights, for sampling and further training. */
  readonly path: string;
  readonly step: number;
  /** Dev score of the best where dev scores choose it (`sft.dev_every`), else minus its held-out loss. */
  readonly score: number | null;
  readonly curve: readonly SftLook[];
  /** Whether patience ended it before its last step. */
  readonly stoppedEarly: boolean;
}

interface SftState {
  readonly best: { readonly step: number; readonly score: number | null; readonly path: string } | null;
  /** Looks since the best one. */
  readonly waited: number;
  readonly curve: readonly SftLook[];
  readonly stopped: boolean;
}

interface SftLoop {
  readonly options: SftOptions;
  readonly training: TrainingClient;
  readonly saver: Saver<SftState>;
  readonly walk: Walk;
  readonly total: number;
}

export async function trainSft(options: SftOptions): Promise<SftResult> {
  const { engine, config, seed, log, progress } = options;
  if (options.train.length === 0)
    throw new TagprError("data", "there is no completion to train on", {
      hint: "See chains/stats.json for the filter that dropped them; raise data.chains or lower chains.judge_over.",
    });
  const saver = makeSaver<SftState>(engine, log, options.name, config.keep_checkpoints);
  const training = await openTraining(engine, log, {
    model: options.model,
    rank: config.rank,
    seed,
    ...(saver.last === null ? {} : { resume: saver.last.state }),
  });
  const labels = options.train.map((item) => item.task);
  const units = options.train.map((item) => item.query);
  const epochs = passesOver(labels.length, config);
  const walk: Walk = { seed, name: options.name, labels, units, batch: config.batch, epochs };
  const loop: SftLoop = { options, training, saver, walk, total: batchCount(walk) };
  let state: SftState = saver.last?.loop ?? { best: null, waited: 0, curve: [], stopped: false };
  let step = log.last?.step ?? 0;
  progress.start(options.title, loop.total);
  if (step === 0) state = await look(loop, step, state);
  while (step < loop.total && !state.stopped) {
    await update(loop, step);
    step++;
    if (isLook(loop, step)) state = await look(loop, step, state);
    if (step % config.checkpoint_every === 0 || step === loop.total || state.stopped)
      await saver.save(training, step, state);
  }
  const result = await finish(loop, step, state);
  progress.end(summary(result));
  return result;
}

/** One optimizer step on batch `step`. */
async function update(loop: SftLoop, step: number): Promise<void> {
  const { options, training, walk } = loop;
  const { log, progress, clock, config } = options;
  const started = clock();
  const items = batchAt(walk, step).map((i) => options.train[i] as SftItem);
  const tokens = items.reduce((sum, item) => sum + item.completion.length, 0);
  const ids = (): string[] => items.map((item) => item.id);
  const data = items.map((item) => crossEntropyDatum(item.prompt, item.completion, 1 / tokens));
  const { outputs } = await keepingBatch(log, ids, () => training.forwardBackward(data, "cross_entropy"));
  const loss = nats(items, outputs) / tokens;
  requireFinite(log, "the SFT loss", [loss], ids);
  const adam = adamAt(config, step, loop.total);
  const norm = await optimStep({ training, log }, adam, ids);
  const epoch = epochAfter(walk, step + 1);
  log.metrics({
    kind: "train",
    step: step + 1,
    epoch,
    loss,
    tokens,
    trained_tokens: items.reduce((sum, { prompt }) => sum + prompt.length, tokens),
    learning_rate: adam.learningRate,
    grad_norm: norm,
  });
  log.samples([{ kind: "batch", step: step + 1, chains: ids() }]);
  log.timings({ step: step + 1, seconds: (clock() - started) / 1000, tokens });
  progress.update(step + 1, `loss ${loss.toFixed(3)}`);
}

/** Minus the log-probs of the completions, summed. */
function nats(items: readonly SftItem[], outputs: readonly Readonly<Record<string, Float32Array>>[]): number {
  let sum = 0;
  for (const [item, output] of zipStrict(items, outputs))
    for (const logprob of completionOf(output.logprobs, item.completion.length)) sum -= logprob;
  return sum;
}

const looksOf = ({ options }: SftLoop): number => options.looks ?? 0;

const devOn = (loop: SftLoop): boolean =>
  loop.options.evaluateDev !== undefined && (looksOf(loop) > 0 || loop.options.config.dev_every > 0);

/** Whether the dev slice is looked at after so many steps. */
function isDevLook(loop: SftLoop, step: number): boolean {
  if (!devOn(loop)) return false;
  if (looksOf(loop) > 0) return step > 0 && isLookStep(step, loop.total, looksOf(loop));
  return step % loop.options.config.dev_every === 0 || step === loop.total;
}

const isLook = (loop: SftLoop, step: number): boolean =>
  step === loop.total || step % loop.options.config.eval_every === 0 || isDevLook(loop, step);

/** Measures, keeps the best, counts patience. Step 0 is a point of the curve, never the best: SFT has to train. */
async function look(loop: SftLoop, step: number, state: SftState): Promise<SftState> {
  const { options, training, saver } = loop;
  const { config, log, progress } = options;
  const loss = await heldOutLoss(loop);
  const dev =
    isDevLook(loop, step) && options.evaluateDev ? await options.evaluateDev(await training.sampler(), step) : null;
  const point: SftLook = { step, loss, dev };
  log.metrics({ kind: "look", ...point });
  const curve = [...state.curve, point];
  const score = devOn(loop) ? dev : loss === null ? null : -loss;
  if (step === 0 || score === null) return { ...state, curve };
  if (state.best !== null && score <= (state.best.score ?? Number.NEGATIVE_INFINITY)) {
    const waited = state.waited + 1;
    const stopped = config.patience > 0 && waited >= config.patience && step < loop.total;
    if (stopped) progress.say(`${options.title}: no better since step ${state.best.step}, stopped at step ${step}`);
    return { ...state, curve, waited, stopped };
  }
  if (state.best !== null) saver.discard(state.best.path);
  return {
    best: { step, score, path: await training.saveForSampler(`${options.name}-best-${step}`) },
    waited: 0,
    curve,
    stopped: false,
  };
}

/** Held-out chains a forward: enough for packing, small enough for a request. */
const LOOK_BATCH = 64;

/** Mean nats a completion token; null without held-out chains. */
async function heldOutLoss({ options, training }: SftLoop): Promise<number | null> {
  const { heldOut, log } = options;
  const tokens = heldOut.reduce((sum, item) => sum + item.completion.length, 0);
  if (tokens === 0) return null;
  let sum = 0;
  for (let at = 0; at < heldOut.length; at += LOOK_BATCH) {
    const items = heldOut.slice(at, at + LOOK_BATCH);
    const data = items.map((item) => crossEntropyDatum(item.prompt, item.completion, 1));
    const ids = () => items.map(({ id }) => id);
    const ask = () => training.forward(data, "cross_entropy", { only_weighted: 1 });
    const of = nats(items, (await keepingBatch(log, ids, ask)).outputs);
    requireFinite(log, "the held-out loss", [of], ids);
    sum += of;
  }
  return sum / tokens;
}

/** The best weights; those of the last step where nothing could tell which are best. */
async function finish(loop: SftLoop, step: number, state: SftState): Promise<SftResult> {
  const { options, training } = loop;
  const best = state.best ?? { step, score: null, path: await training.saveForSampler(`${options.name}-last-${step}`) };
  await training.unload(); // some engines hold one model at a time, and the best one is asked next
  if (devOn(loop) || options.evaluateDev === undefined)
    return { ...best, curve: state.curve, stoppedEarly: state.stopped };
  const dev = await options.evaluateDev(await options.engine.sampler(best.path), best.step);
  options.log.metrics({ kind: "best", step: best.step, dev });
  return { ...best, curve: [...state.curve, { step: best.step, loss: null, dev }], stoppedEarly: state.stopped };
}

function summary(result: SftResult): string {
  const seen = result.curve.find((point) => point.step === result.step && point.loss !== null);
  return `best at step ${result.step}${seen?.loss == null ? "" : `, held-out loss ${seen.loss.toFixed(3)}`}`;
}
