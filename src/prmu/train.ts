import { batchAt, batchCount, epochAfter, type Walk } from "../core/batches.ts";
import type { PrmuConfig } from "../core/config/schema.ts";
import type { Progress } from "../core/progress.ts";
import { stream } from "../core/random.ts";
import type { LoopLog } from "../core/run-dir.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { adamAt, keepingBatch, makeSaver, openTraining, optimStep, requireFinite, type Saver } from "../engine/loop.ts";
import type { AdamParams, Datum, Engine, TrainingClient } from "../engine/types.ts";
import type { Codec } from "../prompts/generate.ts";
import type { Centre } from "../rewards/personalization.ts";
import { centreOfGroups, itemsOf, type Scorable } from "./centre.ts";
import { trainingWeights } from "./clues.ts";
import type { FaultPair } from "./faults.ts";
import { type ClueContext, gapOf } from "./gaps.ts";
import {
  assess,
  bradleyTerry,
  centreOf,
  type HeldOut,
  type HeldOutReport,
  type Score,
  scorePairs,
  verdicts,
} from "./held-out.ts";
import { exampleOf, type Pair, userRows } from "./pairs.ts";
import { type Input, requireLogits, rewardDatum, rewardRole, type ScorerFile, scoreAll } from "./score.ts";
import { makeBorrow } from "./warm-start.ts";

/** PRMU (paper section 3.3, eq. 2): backbone, head and user rows trained by Bradley–Terry over PRP and PQP pairs. */
export interface PrmuOptions {
  readonly engine: Engine;
  /** Backbone: a folder, name or `tinker://` path. */
  readonly model: string;
  readonly codec: Codec;
  readonly prefix?: string;
  /** The prompt with the profile, and of the same query without any item: what the variant `general` is trained under. */
  readonly promptOf: (example: ShownExample) => readonly number[];
  readonly promptWithout: (example: ShownExample) => readonly number[];
  /** The pairs' queries. */
  readonly examples: readonly ShownExample[];
  readonly pairs: readonly Pair[];
  /** Responses like those that RL scores, for the centre (`scorable`). */
  readonly responses: readonly Scorable[];
  /** Planted in held-out responses. */
  readonly faults: readonly FaultPair[];
  readonly tasks: readonly Task[];
  readonly config: PrmuConfig;
  readonly seed: number;
  readonly log: LoopLog;
  readonly progress: Progress;
  /** Milliseconds; for timings.jsonl alone. */
  readonly clock: () => number;
}

export interface PrmuResult extends ScorerFile {
  readonly step: number;
  readonly centre: Centre;
  /** Before and after training, on the held-out pairs. */
  readonly before: HeldOutReport;
  readonly heldOut: HeldOutReport;
}

interface PrmuState {
  readonly before: HeldOutReport;
}

interface PrmuLoop {
  readonly options: PrmuOptions;
  readonly training: TrainingClient;
  readonly saver: Saver<PrmuState>;
  readonly input: Input;
  readonly examples: ReadonlyMap<string, ShownExample>;
  readonly train: readonly Pair[];
  /** One a training pair. */
  readonly weights: readonly number[];
  readonly heldOut: HeldOut;
  readonly walk: Walk;
  readonly total: number;
}

/**
 * Trains the variant that the config asks for. Null for `none`, and where there is no pair to train on (said in the
 * log): RL then goes without the personalization reward.
 */
export async function trainPrmu(options: PrmuOptions): Promise<PrmuResult | null> {
  const { config, log, progress } = options;
  if (config.variant === "none") return null;
  if (config.variant !== "untrained" && trainingPairs(options).length === 0) {
    progress.say("PRMU: there is no preference pair to train on; RL goes without the personalization reward.");
    return null;
  }
  const loop = await openLoop(options);
  progress.start("PRMU", loop.total);
  let step = log.last?.step ?? 0;
  const state = loop.saver.last?.loop ?? { before: (await assessed(loop, step)).report };
  while (step < loop.total) {
    await update(loop, step);
    step++;
    if (step % config.checkpoint_every === 0 || step === loop.total) await loop.saver.save(loop.training, step, state);
  }
  const { report, centre: ofPairs } = await assessed(loop, step);
  const centre =
    (await centreOnResponses(loop)) ?? (loop.heldOut.pairs.length > 0 ? ofPairs : await centreOnTrained(loop));
  const path = await loop.training.saveForSampler(`prmu-${step}`);
  await loop.training.unload();
  progress.end(summary(report));
  for (const sentence of verdicts(report, config.kinds).sentences) progress.say(`PRMU, ${sentence}`);
  const rank = config.rank > 0 ? { rank: config.rank } : {};
  return { path, rows: loop.input.rows, ...rank, centre, step, before: state.before, heldOut: report };
}

/** What the variant learns from: pairs of `prmu.kinds`, or the general ones. */
const trainingPairs = ({ pairs, config }: PrmuOptions): Pair[] =>
  pairs.filter(
    ({ split, kind }) =>
      split === "train" &&
      (config.variant === "general" ? kind === "general" : config.kinds.some((one) => one === kind)),
  );

/** The centre on what RL scores, with the rows that it will score with; null where pairs are to do, or must. */
async function centreOnResponses(loop: PrmuLoop): Promise<Centre | null> {
  const { options, examples, heldOut } = loop;
  if (options.config.centre_on === "pairs") return null;
  const items = itemsOf(options.responses, examples);
  const borrow = heldOut.borrow === null ? {} : { borrow: heldOut.borrow };
  const score = async () => requireLogits(await scoreAll(loop.training, { ...loop.input, ...borrow }, items));
  const logits = [...(await keepingBatch(options.log, () => items, score))];
  return centreOfGroups(options.responses.map(({ texts }) => logits.splice(0, texts.length)));
}

/** Scores as the loop's model stands. */
const scoreOf =
  ({ training, input }: Pick<PrmuLoop, "training" | "input">): Score =>
  (items, rowFor) =>
    scoreAll(training, input, items, rowFor);

/** Pairs that are scored where none are held out. */
const CENTRED_ON = 200;

/** Where no pair is held out the logits are centred on some that were trained on. */
async function centreOnTrained(loop: PrmuLoop): Promise<Centre> {
  const { options, train, examples } = loop;
  options.progress.say("PRMU: no pair is held out; its logits are centred on pairs that it was trained on.");
  const some = train.slice(0, CENTRED_ON);
  const score = () => scorePairs(scoreOf(loop), some, examples);
  return centreOf(await keepingBatch(options.log, () => some, score));
}

async function openLoop(options: PrmuOptions): Promise<PrmuLoop> {
  const { engine, config, seed, log, pairs } = options;
  const saver = makeSaver<PrmuState>(engine, log, "prmu", config.keep_checkpoints);
  const train = trainingPairs(options);
  const users = userRows(train);
  const rows = config.variant === "full" ? users : null;
  const training = await openTraining(engine, log, {
    model: options.model,
    rank: config.rank,
    seed,
    reward: rewardRole(rows, config.row_spread),
    ...(saver.last === null ? {} : { resume: saver.last.state }),
  });
  const labels = train.map((pair) => `${pair.kind} ${pair.task}`);
  const epochs = config.variant === "untrained" ? 0 : config.epochs;
  const walk: Walk = { seed, name: "prmu", labels, batch: config.batch, epochs };
  const { codec, prefix, promptOf, faults, tasks } = options;
  const examples = new Map(options.examples.map((e) => [`${e.task}/${e.id}`, e]));
  return {
    options,
    training,
    saver,
    input: { codec, promptOf, rows, ...(prefix === undefined ? {} : { prefix }) },
    examples,
    train,
    weights: weightsOf(train, config, { examples, tasks }),
    heldOut: {
      pairs: pairs.filter((pair) => pair.split === "held_out"),
      rows: rows !== null,
      faults,
      examples,
      tasks,
      users,
      borrow:
        rows === null || config.warm_start === 0 ? null : makeBorrow(options.examples, rows, tasks, config.warm_start),
    },
    walk,
    total: batchCount(walk),
  };
}

/** How well it does on the held-out pairs: the backbone's own head before any step, the model at the end. */
async function assessed(loop: PrmuLoop, step: number): ReturnType<typeof assess> {
  const { options, heldOut } = loop;
  const assessment = await keepingBatch(
    options.log,
    () => heldOut.pairs,
    () => assess(scoreOf(loop), heldOut),
  );
  options.log.metrics({ kind: "held_out", step, ...assessment.report });
  return assessment;
}

/** One weight a pair: against a clue, or 1. */
function weightsOf(train: readonly Pair[], { weigh_by }: PrmuConfig, context: ClueContext): number[] {
  if (weigh_by === "nothing") return train.map(() => 1);
  return trainingWeights(
    train.map((pair) => ({ gap: gapOf(weigh_by, context, pair), label: `${pair.kind} ${pair.task}` })),
  );
}

/** One optimizer step on batch `step` of pairs. */
async function update(loop: PrmuLoop, step: number): Promise<void> {
  const { options, training, walk } = loop;
  const { log, config, clock, progress } = options;
  const started = clock();
  const places = batchAt(walk, step);
  const pairs = places.map((i) => loop.train[i] as Pair);
  const weights = places.map((i) => loop.weights[i] ?? 1);
  const weight = weights.reduce((sum, w) => sum + w, 0);
  const masked = pairs.map((_, k) => stream(options.seed, "prmu", "mask", step, k).next() < config.mask_users);
  const data = pairs.flatMap((pair, k) =>
    pairDatums(loop, pair, { id: k, weight: weights[k] ?? 1, masked: masked[k] === true }),
  );
  const { outputs } = await keepingBatch(
    log,
    () => pairs,
    () => training.forwardBackward(data, "bradley_terry"),
  );
  const logit = (i: number): number => outputs[i]?.logits?.[0] ?? Number.NaN;
  const margins = pairs.map((_, k) => logit(2 * k) - logit(2 * k + 1));
  const loss = margins.reduce((sum, m, k) => sum + (weights[k] ?? 1) * bradleyTerry(m), 0) / weight;
  requireFinite(log, "the PRMU loss", [loss], () => pairs);
  const adam = adamAt(config, step, loop.total);
  const summed = forSum(adam, weight, loop.input.rows === null ? null : config.row_rate);
  const norm = await optimStep({ training, log }, summed, () => pairs);
  const accuracy = margins.reduce((sum, m) => sum + (m > 0 ? 1 : m === 0 ? 0.5 : 0), 0) / margins.length;
  log.metrics({
    kind: "train",
    step: step + 1,
    epoch: epochAfter(walk, step + 1),
    trained_tokens: data.reduce((sum, datum) => sum + datum.tokens.length, 0),
    loss,
    accuracy,
    margin_mean: margins.reduce((sum, m) => sum + m, 0) / margins.length,
    masked: loop.input.rows === null ? null : masked.filter(Boolean).length / pairs.length,
    learning_rate: adam.learningRate,
    grad_norm: norm === null ? null : norm / weight,
  });
  log.timings({ step: step + 1, seconds: (clock() - started) / 1000, pairs: pairs.length });
  progress.update(step + 1, `loss ${loss.toFixed(3)}, right ${accuracy.toFixed(2)}`);
}

/** Both sides under the same prompt and the same user row. */
function pairDatums(
  { options, input, examples }: PrmuLoop,
  pair: Pair,
  { id, weight, masked }: { readonly id: number; readonly weight: number; readonly masked: boolean },
): Datum[] {
  const example = exampleOf(examples, pair);
  const asked = pair.kind === "general" ? { ...input, promptOf: options.promptWithout } : input;
  return [pair.preferred, pair.rejected].map((text, side) => {
    const datum = rewardDatum(asked, { example, text }, masked ? 0 : undefined);
    const pairId = { dtype: "int64", data: [id] } as const;
    const preferred = { dtype: "int64", data: [side === 0 ? 1 : 0] } as const;
    const weights = { dtype: "float32", data: [weight] } as const;
    return { ...datum, inputs: { ...datum.inputs, pair_id: pairId, preferred, ...(weight === 1 ? {} : { weights }) } };
  });
}

/**
 * `bradley_terry` sums over pairs. Adam doesn't see a constant factor except through ε and the clip, so both are scaled:
 * the step is that of the weighted mean over pairs, but for a last batch that is smaller (the moments hold sums over whole
 * ones). The rows have `rate` times the backbone's learning rate.
 */
const forSum = (adam: AdamParams, weight: number, rate: number | null): AdamParams => ({
  ...adam,
  eps: adam.eps * weight,
  gradClipNorm: adam.gradClipNorm * weight,
  ...(rate === null ? {} : { userLearningRate: rate * adam.learningRate }),
});

function summary({ accuracy }: HeldOutReport): string {
  const said = (["PRP", "PQP"] as const).flatMap((kind) => {
    const { seen, unseen } = accuracy[kind];
    const pairs = seen.pairs + unseen.pairs;
    if (pairs === 0) return [];
    const right = seen.pairs * (seen.accuracy ?? 0) + unseen.pairs * (unseen.accuracy ?? 0);
    return [`${kind} ${(right / pairs).toFixed(2)} of ${pairs}`];
  });
  return said.length === 0 ? "no held-out pairs" : `held-out pairs right: ${said.join(", ")}`;
}
