import type { Chain } from "../../chains/types.ts";
import type { Config } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import type { SftItem } from "../../policy/sft-items.ts";

/** What SFT on chains has to learn from. */
export interface Lessons {
  /** Training chains, the queries that they answer, and these queries' users where they are named. */
  readonly chains: number;
  readonly queries: number;
  readonly users: number | null;
  /** Different answers of the tasks whose answers are labels or grades; null where none is. */
  readonly answers: number | null;
  /** Prompt and completion in tokens, of the middle one and of the longest; 0 without any. */
  readonly middle: number;
  readonly longest: number;
}

/**
 * Fewer than this teaches nothing (ours): of SmolLM2-135M 4 chains made a model that answers with tags in a loop
 * (docs/findings.md has what was measured).
 */
export const LEAST_CHAINS = 24;
export const LEAST_QUERIES = 12;
/** Of labels or grades: chains that all end alike teach that end. */
export const LEAST_ANSWERS = 2;

export function lessonsOf(
  train: readonly SftItem[],
  chains: readonly Chain[],
  examples: readonly ShownExample[],
  tasks: readonly Task[],
): Lessons {
  const users = new Map(examples.map(({ task, id, user }) => [`${task}/${id}`, user]));
  const queries = new Set(train.map(({ query }) => query));
  const owners = new Set([...queries].flatMap((query) => users.get(query) ?? []));
  const free = new Set(tasks.flatMap(({ name, kind }) => (kind === "generation" ? [name] : [])));
  const ids = new Set(train.map(({ id }) => id));
  const said = chains.filter(({ task, query, i }) => !free.has(task) && ids.has(`${task}/${query}/${i}`));
  const lengths = train.map(({ prompt, completion }) => prompt.length + completion.length).sort((a, b) => a - b);
  return {
    chains: train.length,
    queries: queries.size,
    users: owners.size === 0 ? null : owners.size,
    answers: said.length === 0 ? null : new Set(said.map(({ answer }) => answer)).size,
    middle: lengths[Math.floor(lengths.length / 2)] ?? 0,
    longest: lengths.at(-1) ?? 0,
  };
}

/** `84 chains of 61 queries (38 users, 9 different answers); 412 tokens in the middle, 655 at most, of 1536`. */
export function lessonsText({ chains, queries, users, answers, middle, longest }: Lessons, maxTokens: number): string {
  const of = [
    ...(users === null ? [] : [counted(users, "user")]),
    ...(answers === null ? [] : [counted(answers, "different answer")]),
  ];
  const who = of.length === 0 ? "" : ` (${of.join(", ")})`;
  return `${counted(chains, "chain")} of ${queries} queries${who}; prompt and chain together have ${middle} tokens in the middle and ${longest} at most (sft.max_tokens takes ${maxTokens})`;
}

export const counted = (n: number, what: string, more = `${what}s`): string => `${n} ${n === 1 ? what : more}`;

/** Whether so many chains of so many queries may teach more than their form. */
export const enoughChains = ({ chains, queries }: Pick<Lessons, "chains" | "queries">): boolean =>
  chains >= LEAST_CHAINS && queries >= LEAST_QUERIES;

/** Why that can teach nothing; null where it may teach something. */
export function tooLittle(lessons: Lessons): string | null {
  if (!enoughChains(lessons))
    return `under ${LEAST_CHAINS} chains of ${LEAST_QUERIES} queries a model learns the form of chains at most`;
  if (lessons.answers !== null && lessons.answers < LEAST_ANSWERS)
    return "chains that all end in one answer teach that answer";
  return null;
}

/** What gives more chains than this config's teachers do. */
export function moreChains(config: Pick<Config, "teacher" | "teachers">, tasks: readonly Pick<Task, "kind">[]): string {
  const teachers = teachersOf(config);
  const ways = [
    "more labelled queries (data.chains)",
    ...(teachers.some(({ kind }) => kind === "openai") ? [] : ["a model as teacher (kind: openai)"]),
    ...(teachers.some(({ kind }) => kind === "rules") ? [] : ["stated rules as teacher (kind: rules)"]),
    ...(teachers.some(({ rationalize }) => rationalize) ? [] : ["teacher.rationalize: true"]),
    ...(teachers.every(({ kind, rationalize }) => kind === "rules" && rationalize === "always")
      ? []
      : ["more chains.rollouts or chains.per_query"]),
    ...(tasks.some(({ kind }) => kind === "generation") ? ["a lower chains.rouge_threshold"] : []),
  ];
  return `More chains come of ${ways.join("; ")}. --anyway goes on with these.`;
}

/** Dev queries under which a stage's looks tell little (docs/findings.md: 16 were too few to choose by). */
const LEAST_DEV = 17;

/** What is to be said of a dev slice that is too small to compare by; null where it isn't. */
export const smallDev = (queries: number): string | null =>
  queries >= LEAST_DEV
    ? null
    : `the dev slice has ${counted(queries, "query", "queries")}: by so few it is mostly chance whether a stage is found to do better (more queries of more users make it larger, to data.dev)`;

/** Training pairs, and queries that they are of, under which a reward model learns noise (ours). */
export const LEAST_PAIRS = 16;
export const LEAST_PAIR_QUERIES = 8;
