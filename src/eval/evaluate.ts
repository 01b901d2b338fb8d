import { TagprError } from "../core/errors.ts";
import type { Progress } from "../core/progress.ts";
import { seedOf, stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import type { SamplingClient } from "../engine/types.ts";
import { labelIndex } from "../metrics/classification.ts";
import { exampleScore } from "../metrics/score.ts";
import { type Cut, fitPrompt } from "../prompts/budget.ts";
import { type Completion, generate } from "../prompts/generate.ts";
import { readLeniently } from "../prompts/lenient.ts";
import type { Renderer } from "../prompts/renderer.ts";
import { readResponse } from "../prompts/response.ts";
import { truthIn } from "../rewards/truth.ts";
import { meanScore } from "./headline.ts";
import type { Method } from "./methods.ts";
import type { Sampling } from "./samples.ts";
import type { Answered, Prediction } from "./types.ts";

export interface EvaluateOptions {
  readonly method: Method;
  /** Shown while it answers; default: the method's own label. */
  readonly title?: string;
  /** Of the method's weights. */
  readonly sampler: SamplingClient;
  readonly renderer: Renderer;
  readonly examples: readonly ShownExample[];
  readonly tasks: readonly Task[];
  /** Tags that the system prompt of a method with reasoning names; empty names none. */
  readonly tags: readonly string[];
  /** Tokens of a prompt at most; items are cut to fit. */
  readonly promptTokens: number;
  /** Tokens of a response at most. */
  readonly responseTokens: number;
  /** Queries sampled as one unit. */
  readonly batch: number;
  readonly seed: number;
  /** What is drawn beside the greedy answer; nothing without it. */
  readonly sampling?: Sampling;
  readonly progress: Progress;
  /** Predictions that stand already, a whole number of batches ({@link wholeBatches}). */
  readonly done?: number;
}

/**
 * Greedy answers of one method to every example, in order, one list a batch. The caller appends each list to a file;
 * with `done` a later call goes on behind what stands there, with the very batches of an unbroken run.
 */
export async function* evaluateMethod(options: EvaluateOptions): AsyncGenerator<readonly Prediction[]> {
  const { examples, batch, progress, method } = options;
  const tasks = new Map(options.tasks.map((task) => [task.name, task]));
  progress.start(options.title ?? method.label, examples.length);
  let sum = 0;
  const done = options.done ?? 0;
  for (let at = done; at < examples.length; at += batch) {
    const predictions = await answerBatch(examples.slice(at, at + batch), tasks, options);
    sum += predictions.reduce((total, p) => total + meanScore(p, "lenient"), 0);
    yield predictions;
    const seen = at + predictions.length;
    progress.update(seen, `mean score ${(sum / (seen - done)).toFixed(3)}`);
  }
  progress.end();
}

/** How many of the standing predictions a resumed evaluation keeps: whole batches that answer these very examples, drawn alike. */
export function wholeBatches(
  standing: readonly Prediction[],
  examples: readonly ShownExample[],
  batch: number,
  sampling?: Sampling,
): number {
  let same = 0;
  const asked = (p: Prediction | undefined): boolean =>
    (p?.sampled?.answers.length ?? 0) === (sampling?.n ?? 0) && p?.sampled?.temperature === sampling?.temperature;
  while (same < standing.length && sameQuery(standing[same], examples[same]) && asked(standing[same])) same++;
  return same === examples.length ? same : Math.floor(same / batch) * batch;
}

const sameQuery = (prediction: Prediction | undefined, example: ShownExample | undefined): boolean =>
  prediction !== undefined && prediction.query === example?.id && prediction.task === example.task;

async function answerBatch(
  examples: readonly ShownExample[],
  tasks: ReadonlyMap<string, Task>,
  options: EvaluateOptions,
): Promise<Prediction[]> {
  const { method, renderer, sampler } = options;
  const asked = examples.map((example) => ({ example, gold: goldOf(example), task: taskOf(example, tasks) }));
  const style = { reasoning: method.reasoning, tags: method.reasoning ? options.tags : [] };
  const prompts = asked.map(({ example, task }) => {
    const items = method.profile ? example.shown : [];
    return fitPrompt({ task, example, items, style, renderer, maxTokens: options.promptTokens });
  });
  const seeds = examples.map((example) => seedOf(options.seed, "eval", example.task, example.id));
  const prefix = method.reasoning ? renderer.responsePrefix : "";
  const sampling = { n: 1, maxTokens: options.responseTokens, temperature: 0, seeds, prefix };
  const tokens = prompts.map((prompt) => prompt.tokens);
  const groups = await generate(sampler, renderer, tokens, sampling);
  const drawn = await drawSamples(options, examples, tokens, prefix);
  return zipStrict(zipStrict(asked, prompts), groups).map(([[one, { cut }], [response]], i) => {
    const { example, gold, task } = one;
    if (response === undefined) throw new TagprError("engine", `no response to query ${example.id}`);
    const { id: query, user } = example;
    const items = method.profile ? kept(example.shown, cut) : [];
    const read = (completion: Completion) => answeredOf(one, completion, items, method.reasoning);
    return {
      ...{ task: task.name, query, user, gold, ...read(response) },
      ...(cut.length === 0 ? {} : { cut }),
      ...sampledOf(options.sampling, drawn?.[i]?.map(read)),
    };
  });
}

/** `n` answers to each prompt at the temperature; null where none are asked for. */
async function drawSamples(
  { sampling, sampler, renderer, responseTokens, seed }: EvaluateOptions,
  examples: readonly ShownExample[],
  prompts: readonly (readonly number[])[],
  prefix: string,
): Promise<Completion[][] | null> {
  if (sampling === undefined) return null;
  const { n, temperature } = sampling;
  const seeds = examples.map(({ task, id }) => seedOf(seed, "eval", "samples", task, id));
  return generate(sampler, renderer, prompts, { n, maxTokens: responseTokens, temperature, seeds, prefix });
}

function sampledOf(
  sampling: Sampling | undefined,
  answers: readonly Answered[] | undefined,
): Pick<Prediction, "sampled"> | Record<never, never> {
  if (sampling === undefined || answers === undefined) return {};
  const { temperature, primary } = sampling;
  return { sampled: { temperature, primary, answers } };
}

/** A response as both readings have it; `shown` are the items as its prompt numbers them. */
function answeredOf(
  { example, gold, task }: { readonly example: ShownExample; readonly gold: string; readonly task: Task },
  { truncated, text, tokens }: Completion,
  shown: readonly ProfileItem[],
  reasoning: boolean,
): Answered {
  const reading = readResponse(text, { task, reasoning, truncated });
  const strict = reading.answer;
  const lenient = task.kind === "generation" ? readLeniently(text, task) : (strict ?? readLeniently(text, task));
  const strictScore = scoreOf(task, strict ?? "", gold);
  return {
    response: text,
    tokens: tokens.length,
    truncated,
    strict,
    lenient,
    strictScore,
    // As in `readingsOf`: leniency never costs.
    lenientScore: Math.max(strictScore, scoreOf(task, lenient, gold)),
    ...(reasoning ? { truth: truthIn(reading, task, { shown, input: example.input }) } : {}),
  };
}

/** Items that the prompt holds, in its numbering: the whole text of those that were cut, without those left out. */
function kept(items: readonly ProfileItem[], cut: readonly Cut[]): ProfileItem[] {
  const out = new Set(cut.flatMap(({ item, field }) => (field === null ? [item] : [])));
  return items.filter(({ id }) => !out.has(id));
}

/** An answer that is no label is wrong, even where the gold is none either, which LaMP's own accuracy counts as right. */
const scoreOf = (task: Task, answer: string, gold: string): number =>
  task.kind === "classification" && labelIndex(task.labels, answer) < 0 ? 0 : exampleScore(task, answer, gold);

function goldOf(example: ShownExample): string {
  if (example.gold !== null) return example.gold;
  throw new TagprError("data", `${example.task}, query ${example.id}: no gold answer to evaluate against`, {
    hint: "Evaluate on a labelled split (LaMP: dev).",
  });
}

function taskOf(example: ShownExample, tasks: ReadonlyMap<string, Task>): Task {
  const task = tasks.get(example.task);
  if (task !== undefined) return task;
  throw new TagprError("data", `query ${example.id} belongs to task ${example.task}, which this run does not have`);
}

/**
 * Every example with the shown items of another user of the same task, drawn at random: what a method still scores
 * with them is not personalization. An example whose task has no other user keeps none.
 */
export function swapProfiles(examples: readonly ShownExample[], seed: number): ShownExample[] {
  const byTask = new Map<string, ShownExample[]>();
  for (const example of examples) {
    const peers = byTask.get(example.task) ?? [];
    peers.push(example);
    byTask.set(example.task, peers);
  }
  return examples.map((example) => {
    const peers = byTask.get(example.task) ?? [];
    const random = stream(seed, "swap", example.task, example.id);
    for (let tries = 0; tries < 100; tries++) {
      const other = random.pick(peers);
      if (differs(other, example)) return { ...example, shown: other.shown };
    }
    return { ...example, shown: [] };
  });
}

/** Without user ids (LaMP's user-based split) every query counts as a user of its own. */
const differs = (a: ShownExample, b: ShownExample): boolean =>
  a.user === null || b.user === null ? a.id !== b.id : a.user !== b.user;
