import { taggedCompletion } from "../../chains/pieces.ts";
import { flawOf } from "../../chains/rationalize.ts";
import { judged } from "../../chains/rollouts.ts";
import { trueDrafts } from "../../chains/rules/teacher.ts";
import type { Candidate } from "../../chains/types.ts";
import type { ChainsConfig, Config } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import { groupBy } from "../../core/group.ts";
import { type Dataset, splitOf } from "../../data/dataset.ts";
import { labelOf } from "../../data/item-label.ts";
import type { Task } from "../../data/task.ts";
import type { Example, ShownExample } from "../../data/types.ts";
import { sameText } from "../../prompts/answer.ts";
import { show } from "../../retrieval/retrieve.ts";
import { statements } from "../../rewards/grounding.ts";
import { counted } from "./lessons.ts";

/** What a task's training queries can support, as far as can be told before anything is trained. */
export interface SetSupport {
  /** Labelled queries that were looked at. */
  readonly queries: number;
  /** Null where none is named. */
  readonly users: number | null;
  /** Of labels and grades; null of free text. */
  readonly answers: {
    readonly different: number;
    /** Share of the commonest: what who knows no user can reach. */
    readonly commonest: number;
    /** Share of the queries whose answer is that of some shown item. */
    readonly shown: number;
  } | null;
  readonly byRules: {
    /** Queries whose answer the stated rules lead to; those that they are shown the answer of, and then have a chain for. */
    readonly right: number;
    readonly given: number;
    /** Chains at most, and the queries that have one. */
    readonly chains: number;
    readonly queries: number;
  };
}

type Chosen = Pick<Config, "teacher" | "teachers"> & { readonly chains: ChainsConfig };

/** Queries that are looked at of a task at most: the rules take some milliseconds each. */
export const LOOKED_AT = 500;

/** With the items that it is shown; dense retrieval, which needs a model, is told as by recency. */
export function shown(task: Task, example: Example, config: Pick<Config, "profile" | "seed">): Promise<ShownExample> {
  const { retriever, k, characters } = config.profile;
  const method = retriever === "dense" ? "recency" : retriever;
  return show(task, example, { method, k, characters, seed: config.seed });
}

/** The first labelled training queries of a folder. */
export async function firstShown(dataset: Dataset, config: Pick<Config, "profile" | "seed">): Promise<ShownExample[]> {
  const examples: ShownExample[] = [];
  for await (const example of splitOf(dataset, "train").read()) {
    if (example.gold === null || example.profile.length === 0) continue;
    examples.push(await shown(dataset.task, example, config));
    if (examples.length === LOOKED_AT) break;
  }
  return examples;
}

/** What the teachers by rules of a config are shown. */
export const waysOf = (config: Pick<Config, "teacher" | "teachers">): (boolean | "always")[] =>
  teachersOf(config).flatMap(({ kind, rationalize }) => (kind === "rules" ? [rationalize] : []));

/** What {@link firstShown} of a folder can support; null where it has no labelled query. */
export const supportOf = (task: Task, examples: readonly ShownExample[], config: Chosen): SetSupport | null =>
  examples.length === 0 ? null : supported(task, examples, config.chains, waysOf(config));

/** What stated rules make of one query. */
interface ByRules {
  /** Chains that lead to the right answer, which they are not shown. */
  readonly right: number;
  /** Whether there is a chain by rules that are shown the answer. */
  readonly given: boolean;
  /** Chains that are kept, and made. */
  readonly chains: number;
}

/** By query; `ways`: what the teachers by rules are shown, none of them as one that is shown nothing. */
export function chainsByRules(
  task: Task,
  examples: readonly ShownExample[],
  chains: ChainsConfig,
  ways: readonly (boolean | "always")[],
): ByRules[] {
  const written = (example: ShownExample, gold?: string): Candidate[] =>
    trueDrafts(task, example, statements, gold).flatMap(({ steps, answer }) => {
      const one = { text: taggedCompletion(steps, answer), by: "", i: 0, truncated: false };
      return judged(example, one, { tasks: [task], config: chains }).candidate ?? [];
    });
  const always = ways.includes("always");
  const blind = ways.length === 0 || ways.some((way) => way !== "always");
  return examples.map((example) => {
    const right = written(example).length;
    const asks = always || (ways.includes(true) && right === 0);
    const given = asks && written(example, example.gold ?? "").some((one) => flawOf(one, statements) === null);
    return { right, given, chains: Math.min((blind ? right : 0) + Number(given), chains.per_query) };
  });
}

/** Pure part of {@link supportOf}. */
export function supported(
  task: Task,
  examples: readonly ShownExample[],
  chains: ChainsConfig,
  ways: readonly (boolean | "always")[],
): SetSupport {
  const users = new Set(examples.flatMap(({ user }) => user ?? []));
  const made = chainsByRules(task, examples, chains, ways);
  return {
    queries: examples.length,
    users: users.size === 0 ? null : users.size,
    answers: task.kind === "generation" ? null : answersOf(task, examples),
    byRules: {
      right: made.filter(({ right }) => right > 0).length,
      given: made.filter(({ given }) => given).length,
      queries: made.filter((one) => one.chains > 0).length,
      chains: made.reduce((sum, one) => sum + one.chains, 0),
    },
  };
}

function answersOf(task: Task, examples: readonly ShownExample[]): NonNullable<SetSupport["answers"]> {
  const golds = examples.map(({ gold }) => (gold ?? "").trim());
  const sizes = [...groupBy(golds, (gold) => gold).values()].map((own) => own.length);
  const shown = examples.filter(({ gold, shown: items }) =>
    items.some((item) => sameText(labelOf(task, item) ?? "", (gold ?? "").trim().toLowerCase())),
  );
  return {
    different: sizes.length,
    commonest: Math.max(...sizes) / golds.length,
    shown: shown.length / examples.length,
  };
}

/** In sentences. */
export function supportText({ queries, users, answers, byRules }: SetSupport, { per_query }: ChainsConfig): string[] {
  const percent = (x: number): string => `${(100 * x).toFixed(0)}%`;
  const labelled = `${counted(queries, "labelled query", "labelled queries")}${users === null ? "" : ` of ${counted(users, "user")}`}`;
  const given = byRules.given === 0 ? "" : `; shown it (teacher.rationalize), they write a chain for ${byRules.given}`;
  return [
    answers === null
      ? labelled
      : `${labelled}: ${counted(answers.different, "different answer")}, the commonest in ${percent(answers.commonest)}; in ${percent(answers.shown)} the answer is that of a shown item`,
    `stated rules (teacher.kind: rules) lead to the right answer in ${byRules.right} of them${given}: ${counted(byRules.chains, "chain")} at ${per_query} a query at most`,
  ];
}
