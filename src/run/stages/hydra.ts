import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { guardDisk, writeJson } from "../../core/jsonl.ts";
import { seedOf, stream } from "../../core/random.ts";
import { LOOP_FILES, openLoop } from "../../core/run-dir.ts";
import { zipStrict } from "../../core/zip.ts";
import { itemAsQuery } from "../../data/item-text.ts";
import type { Task } from "../../data/task.ts";
import type { QueryId, ShownExample } from "../../data/types.ts";
import { answerIn, scoredText } from "../../encoders/scored-text.ts";
import { labelled, type ScorerUnit, trainScorer } from "../../encoders/train-scorer.ts";
import { keptSampler } from "../../eval/kept.ts";
import type { Drawn } from "../../eval/types.ts";
import { fileStore } from "../../llm/store.ts";
import { CANDIDATES } from "../../methods/hydra-adapter.ts";
import { type Asking, openAsking } from "../../model/asking.ts";
import { loadTextTokens, type TextTokens } from "../../prompts/text-tokens.ts";
import { identity } from "../key.ts";
import { trainsFor } from "../needed.ts";
import { encoderOf, type Heads, headKey } from "../scorers.ts";
import { taskBy } from "../soft-asks.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, readSplit, writeModel } from "./common.ts";

/** Where the heads of test users are trained, below the stage's folder. */
const OWN = "own";

/** HYDRA-Adapter: a scorer that all users share, with heads of training users; then heads of test users, by their own histories alone. */
export const hydraStage: Stage = {
  name: "hydra",
  wanted: (config) => trainsFor(config, "hydra"),
  config: ({ hydra, prompt, engines }) => ({
    ...{ hydra, prompt: prompt.max_tokens, dtype: engines.policy.dtype },
    encoder: engines.embeddings_model,
  }),
  reads: () => ["data/tasks.json", "data/chains.jsonl", "data/rl.jsonl", "data/test.jsonl"],
  outside: async (config, tools) => ({
    base: await baseIdentity(config, tools),
    encoder: await identity(await tools.modelDir(encoderOf(config, "hydra"))),
  }),
  writes: [
    "candidates.jsonl",
    "sampled.json",
    "heads.json",
    "model.json",
    ...LOOP_FILES.map((file) => `${OWN}/${file}`),
  ],
  run: train,
};

async function train(context: StageContext): Promise<void> {
  const { run, dir, config, engines, progress, now, modelDir } = context;
  const { hydra, seed, model } = config;
  const asking = await openAsking(context, model, false);
  const encoder = encoderOf(config, "hydra");
  const tokensOf = loadTextTokens(await modelDir(encoder));
  const learnt = someUsers([...readSplit(run, "chains"), ...readSplit(run, "rl")], hydra.users, seed);
  const own = ownQueries(readSplit(run, "test"), asking.tasks, hydra.own);
  const candidates = await sampled(context, asking, [...learnt, ...own]);
  const units = (examples: readonly Learnt[], heads: Heads): ScorerUnit[] =>
    examples.flatMap((example) => unitsOf(example, candidates.get(example) ?? [], { asking, tokensOf, heads }));
  const [shared, ownHeads] = [headsOf(learnt), headsOf(own)];
  const common = { engine: await engines.embeddings(), loss: "logistic" as const, seed, progress, clock: now };
  const base = await trainScorer({
    ...{ ...common, name: "hydra", title: "HYDRA, all users", model: encoder, config: hydra, log: openLoop(dir) },
    ...{ users: Object.keys(shared).length, units: units(learnt, shared) },
  });
  const below = join(dir, OWN);
  guardDisk(below, () => mkdirSync(below, { recursive: true }));
  // One head more than there are users, so that heads are new ones whatever their number.
  const users = newHeads(ownHeads, shared);
  const adapted = await trainScorer({
    ...{ ...common, name: "hydra-own", title: "HYDRA, heads of test users", model: base.path, log: openLoop(below) },
    ...{ users, headsOnly: true, units: units(own, ownHeads), config: { ...hydra, epochs: hydra.own_epochs } },
  });
  const without = new Set(readSplit(run, "test").map(headKey)).size - Object.keys(ownHeads).length;
  if (without > 0)
    progress.say(`HYDRA: ${without} test users have no item that can be asked; the shared head scores for them.`);
  writeJson(join(dir, "heads.json"), { heads: ownHeads, users });
  writeModel(context, { path: adapted.path, step: base.step + adapted.step, score: null, state: null });
}

/** A model for as many users as the scorer has would keep its heads; these are other users. */
function newHeads(own: Heads, shared: Heads): number {
  const count = Math.max(1, Object.keys(own).length);
  return count === Object.keys(shared).length ? count + 1 : count;
}

type Learnt = ShownExample & { readonly gold: string };

/** Labelled queries of so many users, drawn at random; who is not named is a user of one query. */
function someUsers(examples: readonly ShownExample[], users: number, seed: number): Learnt[] {
  const distinct = new Map(examples.map((example) => [`${example.task}/${example.id}`, example]));
  const labelledOnes = [...distinct.values()].flatMap((one) => (one.gold === null ? [] : [{ ...one, gold: one.gold }]));
  const kept = new Set(
    stream(seed, "hydra", "users")
      .shuffle([...new Set(labelledOnes.map(headKey))])
      .slice(0, users),
  );
  return labelledOnes.filter((example) => kept.has(headKey(example)));
}

/** Of each user's newest query the newest items, each asked with the items before it in its prompt. Its own gold stays unread. */
export function ownQueries(examples: readonly ShownExample[], tasks: readonly Task[], most: number): Learnt[] {
  const newest = new Map(examples.map((example) => [headKey(example), example]));
  return [...newest.values()].flatMap((example) => {
    const from = Math.max(0, example.shown.length - most);
    return example.shown.slice(from).flatMap((item, i): Learnt[] => {
      const asked = itemAsQuery(taskBy(tasks)(example), example, item);
      const shown = example.shown.slice(0, from + i);
      const id = `${example.id}#${item.id}` as QueryId;
      return asked === null ? [] : [{ ...example, ...asked, id, shown, historyItems: shown.length }];
    });
  });
}

const headsOf = (examples: readonly ShownExample[]): Heads =>
  Object.fromEntries([...new Set(examples.map(headKey))].map((key, i) => [key, i + 1]));

/** Queries a unit of the engine. */
const UNIT = 64;

/** Answers of the base model, kept by content in `candidates.jsonl`: what a kill left is not asked again. */
async function sampled(context: StageContext, asking: Asking, examples: readonly Learnt[]) {
  const { dir, config, engines, progress } = context;
  const ask = keptSampler({
    open: async () => (await engines.policy()).sampler(config.model),
    ...{ codec: asking.renderer, identity: "base", maxTokens: config.hydra.max_tokens },
    store: fileStore<Readonly<Record<string, readonly Drawn[]>>>(join(dir, "candidates.jsonl")),
  });
  const found = new Map<Learnt, readonly Drawn[]>();
  progress.start("HYDRA, answers to choose from", examples.length);
  for (let at = 0; at < examples.length; at += UNIT) {
    const part = examples.slice(at, at + UNIT);
    const drawn = await ask(
      part.map((example) => ({
        ...{ prompt: asking.promptOf(example), n: CANDIDATES, temperature: 1 },
        seed: seedOf(config.seed, "hydra", "candidates", example.task, example.id),
      })),
    );
    for (const [example, answers] of zipStrict(part, drawn)) found.set(example, answers);
    progress.update(found.size);
  }
  const all = [...found.values()].flat();
  writeJson(join(dir, "sampled.json"), {
    responses: all.length,
    tokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
  });
  progress.end();
  return found;
}

interface Reading {
  readonly asking: Asking;
  readonly tokensOf: TextTokens;
  readonly heads: Heads;
}

/** A query's candidates as right or wrong texts of its user. */
function unitsOf(example: Learnt, drawn: readonly Drawn[], { asking, tokensOf, heads }: Reading): ScorerUnit[] {
  const task = taskBy(asking.tasks)(example);
  return judged(
    task,
    example.gold,
    drawn.map(({ text }) => answerIn(text)),
  ).map(({ answer, right }, i) =>
    labelled(
      `${example.task}/${example.id}/${i}`,
      example.task,
      { tokens: tokensOf(scoredText(task, example, answer)), row: heads[headKey(example)] ?? 0 },
      right,
    ),
  );
}

/**
 * Labels and grades: right is an answer that the gold stands in, lower case (the source's rule). Texts: what was sampled is wrong,
 * and the gold itself is right.
 */
export function judged(
  { kind }: Pick<Task, "kind">,
  gold: string,
  answers: readonly string[],
): { answer: string; right: boolean }[] {
  if (kind === "generation")
    return [...answers.map((answer) => ({ answer, right: false })), { answer: gold, right: true }];
  return answers.map((answer) => ({ answer, right: answer.toLowerCase().includes(gold.trim().toLowerCase()) }));
}
