import { batchAt, batchCount, epochAfter, isLookStep, type Walk } from "../core/batches.ts";
import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import { seedOf } from "../core/random.ts";
import type { LoopLog } from "../core/run-dir.ts";
import type { ShownExample } from "../data/types.ts";
import { makeSaver, openTraining, requireFinite, type Saver } from "../engine/loop.ts";
import type { Engine, TrainingClient } from "../engine/types.ts";
import { type AdvantageScheme, type WeighedGroup, withAdvantages } from "./advantages.ts";
import { formMetrics, formOf, rewardMetrics, spreadMetrics, updateMetrics } from "./metrics.ts";
import { type Group, type RolloutTimes, rollOut, type Setting, weightsFor } from "./rollout.ts";
import { openStart, penalised, type Start, withStart } from "./start.ts";
import { isRegularised, type MiniBatch, updateOnBatch } from "./update.ts";
import { hackingSigns, isTrainable, judgeProbe, type Probe, probe, type Validation, validate } from "./validate.ts";

/** One RL stage (paper section 3.4): guided with all five signals, or exploratory with the foundation signals. */
export interface RlOptions extends Setting {
  /** Shown while it trains; default: the stage's. */
  readonly title?: string;
  readonly engine: Engine;
  /** `tinker://` path (or model) to start from. */
  readonly model: string;
  /**
   * State of the stage before (`RlResult.state`). With `reset_optimizer: false` the stage goes on from it, weights and
   * optimizer of the same step, in place of `model`: moments fit the weights they were made with, not the best ones.
   */
  readonly before?: string;
  readonly examples: readonly ShownExample[];
  /** Dev slice of train, for choosing the checkpoint. */
  readonly dev: readonly ShownExample[];
  /** Looks at dev over the whole stage (`choose.looks`), in place of every `validate_every` batches; 0 = as that says. */
  readonly looks?: number;
  readonly seed: number;
  readonly log: LoopLog;
  readonly progress: Progress;
  /** Milliseconds; for timings.jsonl alone. */
  readonly clock: () => number;
}

export interface RlResult {
  /** Best weights by dev score, for sampling and further training; the starting ones where nothing was better. */
  readonly path: string;
  /** Batches trained before those weights. */
  readonly step: number;
  /** Dev score (mean verifiable reward, greedy, strict); null where validation is off. */
  readonly score: number | null;
  /** Weights and optimizer at the end; null where nothing was trained. */
  readonly state: string | null;
  readonly validations: readonly Validation[];
  readonly probe: Probe;
}

interface RlState {
  readonly best: { readonly step: number; readonly score: number; readonly path: string } | null;
  readonly validations: readonly Validation[];
  readonly probe: Probe;
}

interface RlLoop {
  readonly options: RlOptions;
  readonly training: TrainingClient;
  /** The weights that the stage starts from, for `kl`; null where it has no weight. */
  readonly start: Start | null;
  readonly saver: Saver<RlState>;
  readonly walk: Walk;
  readonly total: number;
  /** It goes on from the stage before's last weights, with their optimizer, and not from `options.model`. */
  readonly continued: boolean;
  /** Batches in a row whose groups had hardly any spread, and whose answers hardly differed in the verifiable reward. */
  readonly flat: Record<"whole" | "verifiable", number>;
  /** Milliseconds that the last checkpoint took: said with the next batch, since what follows a checkpoint is replayed. */
  saving: number;
}

export async function trainRl(options: RlOptions): Promise<RlResult> {
  const { config, stage, progress, log } = options;
  if (options.examples.length === 0)
    throw new TagprError("data", "there are no RL queries", { hint: "Raise data.rl." });
  const loop = await openLoop(options);
  progress.start(options.title ?? (stage === "guided" ? "Guided RL" : "Exploratory RL"), loop.total);
  let state = loop.saver.last?.loop ?? (await begin(loop));
  let last = loop.saver.last?.state ?? null;
  const total = isTrainable(state.probe, rewardsAnswers(options)) ? loop.total : 0;
  for (let batch = log.last?.step ?? 0; batch < total; batch++) {
    await trainOnBatch(loop, batch);
    const done = batch + 1;
    if (isValidation(loop, done)) state = await look(loop, done, state);
    if (done % config.checkpoint_every !== 0 && done !== total) continue;
    const started = options.clock();
    last = await loop.saver.save(loop.training, done, state);
    loop.saving = options.clock() - started;
  }
  const kept = state.best ?? (await lastWeights(loop, total));
  await loop.training.unload();
  await loop.start?.close();
  progress.end(state.best === null ? "" : `best dev score ${state.best.score.toFixed(3)} at batch ${state.best.step}`);
  return { ...kept, state: last, validations: state.validations, probe: state.probe };
}

/** Whether the verifiable reward has a weight for some of the queries. */
const rewardsAnswers = (options: RlOptions): boolean =>
  [...new Set(options.examples.map(({ task }) => task))].some((task) => weightsFor(options, task).verifiable > 0);

/** How rewards become advantages here; a penalty for leaving the start is a signal of its own. */
function schemeOf(options: RlOptions): AdvantageScheme {
  const { kl } = options.config;
  const penalty = kl.weight > 0 && kl.in === "reward" ? { kl: kl.weight } : {};
  return { config: options.config, weightsFor: (task) => ({ ...weightsFor(options, task), ...penalty }) };
}

async function openLoop(options: RlOptions): Promise<RlLoop> {
  const { engine, config, seed, stage, log } = options;
  const saver = makeSaver<RlState>(engine, log, stage, config.keep_checkpoints);
  const before = config.reset_optimizer ? undefined : options.before;
  const resume = saver.last?.state ?? before;
  const training = await openTraining(engine, log, {
    model: options.model,
    rank: config.rank,
    seed,
    ...(resume === undefined ? {} : { resume }),
  });
  const start = await openStart({ ...options, before });
  const labels = options.examples.map((example) => example.task);
  const walk: Walk = { seed, name: stage, labels, batch: config.batch, epochs: config.epochs };
  const continued = before !== undefined;
  return {
    options,
    training,
    start,
    saver,
    walk,
    total: batchCount(walk),
    continued,
    flat: { whole: 0, verifiable: 0 },
    saving: 0,
  };
}

/** Says what there is to select, and takes the first dev score. */
async function begin(loop: RlLoop): Promise<RlState> {
  const { options, training } = loop;
  const { log, progress, config, clock, seed } = options;
  const found = await probe(options, await training.sampler(), options.examples, seed, clock);
  log.metrics({ kind: "probe", ...found });
  for (const sentence of judgeProbe(found, config.rollouts, rewardsAnswers(options), config.max_tokens))
    progress.say(sentence);
  const state: RlState = { best: null, validations: [], probe: found };
  return validates(options) ? look(loop, 0, state) : state;
}

/** Batches between two looks at what packing does to log-probs, which cost some sequences read alone. */
const PACKING_EVERY = 10;

/** Sample, reward, update: one batch of prompts. */
async function trainOnBatch(loop: RlLoop, batch: number): Promise<void> {
  const { options, training, walk } = loop;
  const { config, seed, stage, log, clock, progress } = options;
  const times = { sample: 0, reward: 0 };
  const examples = batchAt(walk, batch).map((i) => options.examples[i] as ShownExample);
  const seeds = examples.map((_, i) => seedOf(seed, stage, "rollout", batch, i));
  const draw = { n: config.rollouts, temperature: config.temperature, seeds };
  const sampled = await rollOut(options, await training.sampler(), examples, draw, clock, times);
  const scheme = schemeOf(options);
  const groups = withAdvantages(await penalised(loop.start, config.kl, sampled, log), scheme);
  const totals = groups.flatMap((group) => group.rollouts.map((r) => r.rewards.total));
  requireFinite(log, "a reward", totals, () => groups.flatMap((group) => sampleRows(batch, group)));
  const started = clock();
  const batches = miniBatches(groups, miniSize(config), isRegularised(config));
  const stats = await updateOnBatch(await withStart(loop.start, config.kl, batches, log), {
    training,
    config,
    native: config.native_gspo && options.engine.capabilities.gspo,
    ...optimizerSteps(loop, batch),
    measurePacking: batch % PACKING_EVERY === 0,
    log,
  });
  const rewards = { ...rewardMetrics(groups, options.scorer !== null), ...formMetrics(formOf(groups, options.tasks)) };
  const spread = spreadMetrics(groups, scheme);
  const epoch = epochAfter(walk, batch + 1);
  const tokens = { sampled_tokens: sampledTokens(groups), trained_tokens: trainedTokens(batches) };
  log.metrics({
    kind: "train",
    step: batch + 1,
    epoch,
    ...tokens,
    ...rewards,
    ...spread,
    ...updateMetrics(stats, groups),
  });
  const queries = examples.map((example) => `${example.task}/${example.id}`);
  log.samples([{ kind: "batch", step: batch + 1, queries }, ...sampleRows(batch, groups[0])]);
  reportTime(loop, batch, groups, times, clock() - started);
  progress.update(
    batch + 1,
    `reward ${Number(rewards.reward).toFixed(3)}, right ${Number(rewards.reward_verifiable).toFixed(3)}`,
  );
  hintAtFlatness(loop, batch, Number(spread.groups_without_spread), Number(spread.groups_tied_verifiable));
}

/** Where the time of a batch went, into timings.jsonl. */
function reportTime(loop: RlLoop, batch: number, groups: readonly Group[], times: RolloutTimes, update: number): void {
  const rollouts = groups.flatMap((group) => group.rollouts);
  const tokens = rollouts.reduce((sum, r) => sum + r.response.tokens.length, 0);
  loop.options.log.timings({
    step: batch + 1,
    sample_seconds: times.sample / 1000,
    reward_seconds: times.reward / 1000,
    update_seconds: update / 1000,
    checkpoint_seconds: loop.saving / 1000,
    prompt_tokens: groups.reduce((sum, group) => sum + group.prompt.length, 0),
    tokens,
    tokens_per_second: (1000 * tokens) / Math.max(1, times.sample + times.reward + update),
  });
  loop.saving = 0;
}

/** A share of groups without spread that stays above this leaves little to learn from (DAPO, section 3.2). */
const FLAT = 0.8;
const FLAT_BATCHES = 3;

/** Said when it has stayed so for some batches, then now and then. */
function hintAtFlatness({ flat, options }: RlLoop, batch: number, whole: number, verifiable: number): void {
  const say = (what: string, batches: number, share: number, so: string): void =>
    options.progress.say(
      `Batch ${batch + 1}: for ${batches} batches more than ${100 * FLAT}% of the groups (now ${(100 * share).toFixed(0)}%) ${what}. ` +
        `${so}Harder queries, more rollouts or a higher temperature would give more to select.`,
    );
  flat.whole = whole > FLAT ? flat.whole + 1 : 0;
  const tied = rewardsAnswers(options) && verifiable > FLAT && whole <= FLAT;
  flat.verifiable = tied ? flat.verifiable + 1 : 0;
  if (isTime(flat.whole)) say("have had no spread and given no gradient", flat.whole, whole, "");
  if (isTime(flat.verifiable))
    say(
      "have had answers that all earn the same verifiable reward",
      flat.verifiable,
      verifiable,
      "There the small signals alone decide. ",
    );
}

const isTime = (batches: number): boolean =>
  batches > 0 && batches % (batches > FLAT_BATCHES ? 10 * FLAT_BATCHES : FLAT_BATCHES) === 0;

const miniSize = (config: { batch: number; updates: number }): number => Math.ceil(config.batch / config.updates);

/** Optimizer steps before batch `batch`, and of the whole stage. */
function optimizerSteps(loop: RlLoop, batch: number): { step: number; totalSteps: number } {
  const size = miniSize(loop.options.config);
  const perBatch = Math.ceil(loop.walk.batch / size);
  const lastBatch = Math.ceil(batchAt(loop.walk, loop.total - 1).length / size);
  return { step: batch * perBatch, totalSteps: (loop.total - 1) * perBatch + lastBatch };
}

/** Groups in order, `size` prompts a mini-batch; unless `whole`, a roll-out without advantage counts in N but is not sent. */
export function miniBatches(groups: readonly WeighedGroup[], size: number, whole = false): MiniBatch[] {
  const out: MiniBatch[] = [];
  for (let at = 0; at < groups.length; at += size) {
    const part = groups.slice(at, at + size);
    const sequences = part.flatMap((group) =>
      group.rollouts.map(({ response }, k) => ({
        prompt: group.prompt,
        tokens: response.tokens,
        sampled: response.logprobs,
        advantage: group.advantages[k] ?? 0,
      })),
    );
    out.push({ sequences: sequences.filter((s) => whole || s.advantage !== 0), total: sequences.length });
  }
  return out;
}

const sampledTokens = (groups: readonly Group[]): number =>
  groups.reduce(
    (sum, { rollouts }) => sum + rollouts.reduce((own, { response }) => own + response.tokens.length, 0),
    0,
  );

/** Prompts included, as each sequence has its own. */
const trainedTokens = (batches: readonly MiniBatch[]): number =>
  batches.reduce(
    (sum, { sequences }) => sum + sequences.reduce((own, s) => own + s.prompt.length + s.tokens.length, 0),
    0,
  );

const validates = ({ dev, looks = 0, config }: RlOptions): boolean =>
  dev.length > 0 && (looks > 0 || config.validate_every > 0);

function isValidation({ options, total }: RlLoop, done: number): boolean {
  if (!validates(options)) return false;
  if (options.looks !== undefined && options.looks > 0) return isLookStep(done, total, options.looks);
  return done % options.config.validate_every === 0 || done === total;
}

/** Greedy dev score; weights better than all before are kept. */
async function look(loop: RlLoop, batch: number, state: RlState): Promise<RlState> {
  const { options, training, saver } = loop;
  const { log, progress, dev, clock } = options;
  const started = clock();
  const { point, row } = await validate(options, await training.sampler(), dev, batch, clock);
  const validations = [...state.validations, point];
  const signs = hackingSigns(validations);
  const said = { hacking_signs: signs.length, ...(signs.length > 0 ? { hacking: signs } : {}) };
  log.metrics({ kind: "validate", step: batch, score: point.score, ...row, ...said });
  log.timings({ step: batch, validate_seconds: (clock() - started) / 1000 });
  progress.update(batch, `dev ${point.score.toFixed(3)}`);
  for (const sign of signs) progress.say(`Batch ${batch}, a sign of reward hacking: ${sign}`);
  if (state.best !== null && point.score <= state.best.score) return { ...state, validations };
  if (state.best !== null && state.best.path !== options.model) saver.discard(state.best.path);
  const path = await weightsAt(loop, batch, "best");
  return { ...state, best: { step: batch, score: point.score, path }, validations };
}

/** Where validation is off the last weights are the result. */
async function lastWeights(loop: RlLoop, step: number): Promise<{ path: string; step: number; score: null }> {
  return { path: await weightsAt(loop, step, "last"), step, score: null };
}

/** Weights to keep; at the start they stand already, unless the stage goes on from another's state. */
function weightsAt({ options, training, continued }: RlLoop, step: number, what: string): Promise<string> | string {
  return step === 0 && !continued ? options.model : training.saveForSampler(`${options.stage}-${what}-${step}`);
}

/** The first group of a batch, whole: prompt, responses, rewards, advantages. */
function sampleRows(batch: number, group: WeighedGroup | undefined): unknown[] {
  if (group === undefined) return [];
  const { example, rollouts, advantages } = group;
  return rollouts.map((r, i) => ({
    step: batch + 1,
    task: example.task,
    query: example.id,
    user: example.user,
    gold: example.gold,
    i,
    response: r.response.text,
    answer: r.reading.answer,
    why: r.reading.why,
    tokens: r.response.tokens.length,
    truncated: r.response.truncated,
    rewards: r.rewards,
    logit: r.logit,
    advantage: advantages[i],
  }));
}
