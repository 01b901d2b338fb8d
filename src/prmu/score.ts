import { TagprError } from "../core/errors.ts";
import type { ShownExample } from "../data/types.ts";
import type { Datum, Engine, TrainingClient, TrainOptions } from "../engine/types.ts";
import { type Codec, responseTokens } from "../prompts/generate.ts";
import type { Centre } from "../rewards/personalization.ts";
import { rowOf } from "./pairs.ts";
import type { ScoreItem, Scorer } from "./scorer-types.ts";
import type { Borrow } from "./warm-start.ts";

/** How a response of one user becomes the reward model's input: the policy's own prompt tokens, then the response's. */
export interface Input {
  readonly codec: Codec;
  readonly prefix?: string;
  readonly promptOf: (example: ShownExample) => readonly number[];
  /** Row of each (task, user) in the user table; null: no user embeddings. */
  readonly rows: Readonly<Record<string, number>> | null;
  /** For users without a row; without it they have the unknown row. */
  readonly borrow?: Borrow;
}

/** One response as a datum; `row` stands in for the user's own (0 = unknown). */
export function rewardDatum(input: Input, item: ScoreItem, row?: number): Datum {
  const { example, text } = item;
  const tokens = [...input.promptOf(example), ...responseTokens(input.codec, text, input.prefix)];
  if (input.rows === null) return { tokens, inputs: {} };
  return { tokens, inputs: { user_index: { dtype: "int64", data: [row ?? userRow(input, input.rows, example)] } } };
}

/** The user's own row; for a user without one the borrowed one, else the unknown one. */
function userRow({ borrow }: Input, rows: Readonly<Record<string, number>>, example: ShownExample): number {
  const own = rowOf(rows, example.task, example.user);
  return own > 0 || borrow === undefined ? own : borrow(example);
}

/** Responses a request: whole groups of RL stand together, so that an engine can share their prompt. */
const UNIT = 256;

/** Logits of many responses, in order. `rowFor` replaces the user's row. */
export async function scoreAll(
  training: TrainingClient,
  input: Input,
  items: readonly ScoreItem[],
  rowFor?: (item: ScoreItem) => number,
): Promise<number[]> {
  const logits: number[] = [];
  for (let at = 0; at < items.length; at += UNIT) {
    const part = items.slice(at, at + UNIT);
    const { outputs } = await training.forward(
      part.map((item) => rewardDatum(input, item, rowFor?.(item))),
      "reward_score",
    );
    for (const output of outputs) logits.push(logitOf(output));
  }
  if (logits.length !== items.length)
    throw new TagprError("engine", `the reward model answered ${logits.length} logits for ${items.length} responses`);
  return logits;
}

/** The logit, which may be no number: what that means is the caller's business. @throws TagprError when there is none. */
function logitOf(output: Readonly<Record<string, Float32Array>> | undefined): number {
  const logit = output?.logits?.[0];
  if (logit === undefined) throw new TagprError("engine", "the reward model answered no logit");
  return logit;
}

/** @throws TagprError at the first that is no number. */
export function requireLogits(logits: readonly number[]): readonly number[] {
  const bad = logits.find((logit) => !Number.isFinite(logit));
  if (bad === undefined) return logits;
  throw new TagprError("engine", `the reward model's logit is ${bad}`, {
    hint: "Train it again with a lower prmu.learning_rate.",
  });
}

/** What `scorer.json` holds: everything to score with but the weights. */
export interface ScorerFile {
  /** `tinker://` path of the reward model's weights. */
  readonly path: string;
  /** Null: no user embeddings. */
  readonly rows: Readonly<Record<string, number>> | null;
  readonly centre: Centre;
  /** LoRA rank of the saved model; absent: all parameters. */
  readonly rank?: number;
  /** With `data.prmu_from: rl`: the model of the other half of the queries, and which half each query is of. */
  readonly crossed?: { readonly other: ScorerFile; readonly halves: Readonly<Record<string, 0 | 1>> };
}

/** The reward part of an engine's model options; `spread`: how far apart rows start. */
export const rewardRole = (rows: ScorerFile["rows"], spread = 0): NonNullable<TrainOptions["reward"]> =>
  rows === null ? {} : { userEmbeddings: Object.keys(rows).length, ...(spread > 0 ? { userSpread: spread } : {}) };

/** How a saved reward model is opened. */
export const trainedModel = ({ path, rank = 0, rows }: ScorerFile): TrainOptions => ({
  ...{ model: path, rank, seed: 0 },
  reward: rewardRole(rows),
});

/** Opens a trained reward model for scoring; `close` gives its memory back. */
export async function makeScorer(
  engine: Engine,
  file: ScorerFile,
  input: Omit<Input, "rows">,
): Promise<Scorer & { close(): Promise<void> }> {
  const training = await engine.train(trainedModel(file));
  return {
    centre: file.centre,
    score: (items) => scoreAll(training, { ...input, rows: file.rows }, items),
    close: () => training.unload(),
  };
}

/**
 * Cross-fitting: a response is scored by the model that has not seen its query, a query that neither has seen (the dev
 * slice) by the first one. Each model's logits are laid by its own centre, so that both are on one scale; unless `raw`.
 */
export function crossScorer(
  [first, second]: readonly [Scorer & { close(): Promise<void> }, Scorer & { close(): Promise<void> }],
  halves: Readonly<Record<string, 0 | 1>>,
  raw: boolean,
): Scorer & { close(): Promise<void> } {
  const seenByFirst = ({ example }: ScoreItem): boolean => halves[`${example.task}/${example.id}`] === 0;
  const laid = ({ mean, spread }: Centre, logits: readonly number[]): number[] =>
    raw ? [...logits] : logits.map((logit) => (logit - mean) / spread);
  return {
    centre: { mean: 0, spread: 1 },
    score: async (items) => {
      const own = laid(first.centre, await first.score(items.filter((item) => !seenByFirst(item))));
      const other = laid(second.centre, await second.score(items.filter(seenByFirst)));
      return items.map((item) => (seenByFirst(item) ? other : own).shift() ?? Number.NaN);
    },
    close: async () => {
      await first.close();
      await second.close();
    },
  };
}
