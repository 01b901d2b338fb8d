import { batchAt, batchCount, epochAfter, type Walk } from "../core/batches.ts";
import type { ScorerConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { adamAt, keepingBatch, makeSaver, openTraining, optimStep, requireFinite } from "../engine/loop.ts";
import type { Datum, Engine, LossName, TrainingClient } from "../engine/types.ts";

/** Something to learn: one text with its label, or two of which one is preferred. */
export interface ScorerUnit {
  readonly id: string;
  readonly task: string;
  /** Its datums at a place of a batch, each (pair) weighted by `weight`. */
  readonly data: (place: number, weight: number) => readonly Datum[];
}

/**
 * Trains a text encoder that scores: cross entropy of right and wrong answers by a head a user (`logistic`), or pairs
 * (`bradley_terry`). The last weights are kept.
 */
export interface ScorerOptions {
  readonly name: string;
  readonly title: string;
  readonly engine: Engine;
  /** A text encoder's name, or the `tinker://` path of a scorer, whose heads then begin as the mean of its own. */
  readonly model: string;
  /** Heads beside row 0. */
  readonly users: number;
  readonly loss: Extract<LossName, "logistic" | "bradley_terry">;
  /** The heads learn and the encoder stays. */
  readonly headsOnly?: boolean;
  readonly units: readonly ScorerUnit[];
  readonly config: ScorerConfig & { readonly epochs: number };
  readonly seed: number;
  readonly log: LoopLog;
  readonly progress: Progress;
  /** Milliseconds; for timings.jsonl alone. */
  readonly clock: () => number;
}

/** The scorer's path for {@link scoreTexts}, and how many steps were taken; without a unit to learn from it is as it began. */
export async function trainScorer(options: ScorerOptions): Promise<{ path: string; step: number }> {
  const { name, title, engine, model, users, units, config, seed, log, progress } = options;
  const saver = makeSaver<null>(engine, log, name, config.keep_checkpoints);
  const training = await openTraining(engine, log, {
    ...{ model, rank: 0, seed, reward: { userEmbeddings: users, textEncoder: true } },
    ...(saver.last === null ? {} : { resume: saver.last.state }),
  });
  const walk: Walk = { seed, name, labels: units.map(({ task }) => task), batch: config.batch, epochs: config.epochs };
  const total = units.length === 0 ? 0 : batchCount(walk);
  let step = log.last?.step ?? 0;
  progress.start(title, total);
  let right = Number.NaN;
  while (step < total) {
    right = await update(options, training, walk, { step, total });
    step++;
    if (step % config.checkpoint_every === 0 || step === total) await saver.save(training, step, null);
  }
  const path = await training.saveForSampler(`${name}-${step}`);
  await training.unload();
  progress.end(Number.isNaN(right) ? "" : `${(100 * right).toFixed(0)}% of the last batch right before its step`);
  return { path, step };
}

async function update(
  { units, loss: name, headsOnly = false, config, log, progress, clock }: ScorerOptions,
  training: TrainingClient,
  walk: Walk,
  { step, total }: { readonly step: number; readonly total: number },
): Promise<number> {
  const started = clock();
  const batch = batchAt(walk, step).map((i) => units[i] as ScorerUnit);
  const ids = (): string[] => batch.map(({ id }) => id);
  const data = batch.flatMap((unit, place) => unit.data(place, 1 / batch.length));
  const settings = name === "logistic" && headsOnly ? { heads_only: 1 } : {};
  const { metrics } = await keepingBatch(log, ids, () => training.forwardBackward(data, name, settings));
  const loss = metrics["loss:sum"] ?? Number.NaN;
  requireFinite(log, "the scorer's loss", [loss], ids);
  const adam = adamAt(config, step, total);
  const userLearningRate = adam.learningRate * config.head_rate;
  const norm = await optimStep({ training, log }, { ...adam, userLearningRate }, ids);
  const right = (metrics["correct:sum"] ?? 0) / batch.length;
  const tokens = data.reduce((sum, datum) => sum + datum.tokens.length, 0);
  log.metrics({
    ...{ kind: "train", step: step + 1, epoch: epochAfter(walk, step + 1), loss, right },
    ...{ trained_tokens: tokens, learning_rate: adam.learningRate, grad_norm: norm },
  });
  log.samples([{ kind: "batch", step: step + 1, units: ids() }]);
  log.timings({ step: step + 1, seconds: (clock() - started) / 1000, tokens });
  progress.update(step + 1, `loss ${loss.toFixed(3)}`);
  return right;
}

/** A text by its tokens, and the row of its user's head; 0 where there is none. */
export interface Scored {
  readonly tokens: readonly number[];
  readonly row: number;
}

const int = (value: number) => ({ dtype: "int64" as const, data: [value] });

/** A text that is right or wrong. */
export const labelled = (id: string, task: string, { tokens, row }: Scored, right: boolean): ScorerUnit => ({
  ...{ id, task },
  data: (_, weight) => [
    {
      tokens,
      inputs: { label: int(right ? 1 : 0), user_index: int(row), weights: { dtype: "float32", data: [weight] } },
    },
  ],
});

/** Two texts of which the first is preferred, scored by the head that is nobody's. */
export const preferred = (
  id: string,
  task: string,
  better: readonly number[],
  worse: readonly number[],
): ScorerUnit => ({
  ...{ id, task },
  data: (place, weight) =>
    [better, worse].map((tokens, i) => ({
      tokens,
      inputs: {
        pair_id: int(place),
        preferred: int(1 - i),
        user_index: int(0),
        weights: { dtype: "float32", data: [weight] },
      },
    })),
});

/** Texts a request. */
const UNIT = 256;

/** Logits of texts by a saved scorer, one a text; it is loaded for them, and unloaded again. */
export async function scoreTexts(
  engine: Engine,
  { path, users, seed }: { readonly path: string; readonly users: number; readonly seed: number },
  texts: readonly Scored[],
): Promise<number[]> {
  const scorer = await engine.train({
    model: path,
    rank: 0,
    seed,
    reward: { userEmbeddings: users, textEncoder: true },
  });
  const logits: number[] = [];
  for (let at = 0; at < texts.length; at += UNIT) logits.push(...(await logitsOf(scorer, texts.slice(at, at + UNIT))));
  await scorer.unload();
  return logits;
}

export async function logitsOf(scorer: Pick<TrainingClient, "forward">, texts: readonly Scored[]): Promise<number[]> {
  const data = texts.map(({ tokens, row }) => ({ tokens, inputs: { user_index: int(row) } }));
  const { outputs } = await scorer.forward(data, "reward_score");
  return outputs.map(({ logits }) => {
    const [logit] = logits ?? [];
    if (logit === undefined) throw new TagprError("engine", "the engine gave no logit for a text");
    return logit;
  });
}
