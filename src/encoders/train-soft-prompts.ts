import { batchAt, batchCount, epochAfter, type Walk } from "../core/batches.ts";
import type { SoftPromptConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { adamAt, keepingBatch, makeSaver, openTraining, optimStep, requireFinite, type Saver } from "../engine/loop.ts";
import type { Datum, Engine, TrainingClient } from "../engine/types.ts";
import { completionOf, crossEntropyDatum } from "../policy/datum.ts";
import { makeSoftPrompts, type SoftAsk, type SoftPrompt, softDatum, withGradients } from "./soft-prompts.ts";

/** One answer to learn behind a soft prompt. */
export interface SoftItem extends SoftAsk {
  /** `task/query/copy` */
  readonly id: string;
  readonly task: string;
  /** Of the language model, −1 and −2 where the soft tokens stand. */
  readonly prompt: readonly number[];
  /** With the end-of-turn token. */
  readonly completion: readonly number[];
}

/**
 * Trains a maker of soft prompts (PPlug): cross entropy of the true answers, by a language model that stays as it is and
 * passes the gradients of its soft tokens on. Each step is three calls: soft tokens from the maker, their gradients from the
 * language model, these back into the maker.
 */
export interface SoftPromptOptions {
  /** Of the stage: it names what is saved, and the order of the batches. */
  readonly name: string;
  readonly title: string;
  /** Trains the maker, whose text encoder is `encoder`. */
  readonly makers: Engine;
  readonly encoder: string;
  /** Holds the language model `model`. */
  readonly policies: Engine;
  readonly model: string;
  readonly train: readonly SoftItem[];
  /** Whose loss chooses the weights; the last ones where there is none. */
  readonly dev: readonly SoftItem[];
  /** Of a vector. */
  readonly width: number;
  readonly config: SoftPromptConfig;
  readonly seed: number;
  readonly log: LoopLog;
  readonly progress: Progress;
  /** Milliseconds; for timings.jsonl alone. */
  readonly clock: () => number;
}

/** One look at dev: mean nats a completion token; `dev` is the score that chooses, minus the loss. */
export interface SoftLook {
  readonly step: number;
  readonly loss: number;
  readonly dev: number;
}

export interface SoftPromptResult {
  /** `tinker://` path of the maker. */
  readonly path: string;
  readonly step: number;
  readonly score: number | null;
  readonly curve: readonly SoftLook[];
}

interface SoftState {
  readonly best: { readonly step: number; readonly score: number; readonly path: string } | null;
  readonly curve: readonly SoftLook[];
}

interface SoftLoop {
  readonly options: SoftPromptOptions;
  readonly maker: TrainingClient;
  readonly held: TrainingClient;
  readonly saver: Saver<SoftState>;
  readonly walk: Walk;
  readonly total: number;
}

/** @throws TagprError `data` where there is nothing to learn, `engine` where a server has no soft tokens or text encoders */
export async function trainSoftPrompts(options: SoftPromptOptions): Promise<SoftPromptResult> {
  const loop = await openLoop(options);
  const { saver, total, maker, held } = loop;
  const { config, log, progress, title, name } = options;
  let state: SoftState = saver.last?.loop ?? { best: null, curve: [] };
  let step = log.last?.step ?? 0;
  progress.start(title, total);
  while (step < total) {
    await update(loop, step);
    step++;
    if (step % config.eval_every === 0 || step === total) state = await look(loop, step, state);
    if (step % config.checkpoint_every === 0 || step === total) await saver.save(maker, step, state);
  }
  const kept = state.best ?? { step, score: null, path: await maker.saveForSampler(`${name}-${step}`) };
  await maker.unload();
  await held.unload();
  progress.end(kept.score === null ? "" : `dev loss ${(-kept.score).toFixed(3)} at step ${kept.step}`);
  return { ...kept, curve: state.curve };
}

/** Adapters that are never stepped add exactly nothing: so the language model is held in the engine's own dtype, without masters. */
const HELD_RANK = 1;

async function openLoop(options: SoftPromptOptions): Promise<SoftLoop> {
  const { name, train, makers, policies, config, seed, log, encoder, model } = options;
  if (train.length === 0)
    throw new TagprError("data", `${options.title} has nothing to learn`, {
      hint: "It needs labelled queries (data.chains, data.rl) that fit prompt.max_tokens.",
    });
  const saver = makeSaver<SoftState>(makers, log, name, config.keep_checkpoints);
  const maker = await openTraining(makers, log, {
    ...{ model: encoder, rank: 0, seed, softPromptFor: model },
    ...(saver.last === null ? {} : { resume: saver.last.state }),
  });
  const held = await policies.train({ model, rank: HELD_RANK, seed });
  const labels = train.map(({ task }) => task);
  const walk: Walk = { seed, name, labels, batch: config.batch, epochs: config.epochs };
  return { options, maker, held, saver, walk, total: batchCount(walk) };
}

async function update(loop: SoftLoop, step: number): Promise<void> {
  const { options, maker, held, walk, total } = loop;
  const { config, log, progress, clock, width } = options;
  const started = clock();
  const items = batchAt(walk, step).map((i) => options.train[i] as SoftItem);
  const ids = (): string[] => items.map(({ id }) => id);
  const asks = items.map((item) => softDatum(item, width));
  const { loss, slopes, tokens } = await keepingBatch(log, ids, async () =>
    lossBehind(held, items, await makeSoftPrompts(maker, items, width), true),
  );
  requireFinite(log, `the loss of ${options.title}`, [loss], ids);
  const learnt = zipStrict(asks, slopes).map(([ask, slope]) => withGradients(ask, slope));
  await keepingBatch(log, ids, () => maker.forwardBackward(learnt, "soft_prompt"));
  const adam = adamAt(config, step, total);
  const norm = await optimStep({ training: maker, log }, adam, ids);
  log.metrics({
    ...{ kind: "train", step: step + 1, epoch: epochAfter(walk, step + 1), loss, tokens },
    trained_tokens: items.reduce((sum, one) => sum + one.prompt.length + one.completion.length + one.text.length, 0),
    ...{ learning_rate: adam.learningRate, grad_norm: norm },
  });
  log.samples([{ kind: "batch", step: step + 1, items: ids() }]);
  log.timings({ step: step + 1, seconds: (clock() - started) / 1000, tokens });
  progress.update(step + 1, `loss ${loss.toFixed(3)}`);
}

/** Mean nats a completion token behind these soft prompts, and its gradient by each of them, [2 · D]. */
async function lossBehind(
  held: TrainingClient,
  items: readonly SoftItem[],
  made: readonly SoftPrompt[],
  learns: boolean,
): Promise<{ loss: number; tokens: number; slopes: Float32Array[] }> {
  const tokens = items.reduce((sum, { completion }) => sum + completion.length, 0);
  const data = zipStrict(items, made).map(([item, { soft }]) => behind(item, soft, 1 / tokens));
  const config = { only_weighted: 1, ...(learns ? { soft_gradients: 1 } : {}) };
  const { outputs } = await held.forward(data, "cross_entropy", config);
  let nats = 0;
  for (const [item, { logprobs }] of zipStrict(items, outputs))
    for (const logprob of completionOf(logprobs, item.completion.length)) nats -= logprob;
  const slopes = learns ? outputs.map(({ soft_gradients: slope }) => requireSlope(slope)) : [];
  return { loss: nats / tokens, tokens, slopes };
}

function requireSlope(slope: Float32Array | undefined): Float32Array {
  if (slope !== undefined && slope.length > 0) return slope;
  throw new TagprError("engine", "the engine gave no gradients of soft tokens, which it has announced");
}

/** `cross_entropy` over the completion; what a soft token would have to predict, or be, counts for nothing. */
export function behind(
  { prompt, completion }: Pick<SoftItem, "prompt" | "completion">,
  soft: readonly Float32Array[],
  weight: number,
): Datum {
  const { tokens, inputs } = crossEntropyDatum(prompt, completion, weight);
  const target = Array.from(inputs.target_tokens?.data ?? [], (token) => Math.max(0, token));
  const data = Float32Array.from(soft.flatMap((row) => [...row]));
  return {
    tokens,
    inputs: {
      ...inputs,
      target_tokens: { dtype: "int64", data: target },
      soft_tokens: { dtype: "float32", data },
    },
  };
}

async function look(loop: SoftLoop, step: number, state: SoftState): Promise<SoftState> {
  const { options, maker, held, saver } = loop;
  const { dev, width, log, config, name } = options;
  if (dev.length === 0) return state;
  let [nats, tokens] = [0, 0];
  for (let at = 0; at < dev.length; at += config.batch) {
    const items = dev.slice(at, at + config.batch);
    const part = await lossBehind(held, items, await makeSoftPrompts(maker, items, width), false);
    nats += part.loss * part.tokens;
    tokens += part.tokens;
  }
  const loss = nats / tokens;
  const point: SoftLook = { step, loss, dev: -loss };
  log.metrics({ kind: "look", ...point });
  const curve = [...state.curve, point];
  if (state.best !== null && -loss <= state.best.score) return { ...state, curve };
  if (state.best !== null) saver.discard(state.best.path);
  return { best: { step, score: -loss, path: await maker.saveForSampler(`${name}-best-${step}`) }, curve };
}
