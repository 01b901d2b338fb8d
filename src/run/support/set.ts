import { taggedCompletion } from "../../chains/pieces.ts";
import { flawOf } from "../../chains/rationalize.ts";
import { judged } from "../../chains/rollouts.ts";
import { trueDrafts } from "../../chains/rules/teacher.ts";
import type { Candidate } from "../../chains/types.ts";
import type { ChainsConfig, Config } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import { groupBy } from "../../core/group.ts";
import { zipStrict } from "../../core/zip.ts";
import { type Dataset, splitOf } from "../../data/dataset.ts";
import { labelOf } from "../../data/item-label.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import { sameText } from "../../prompts/answer.ts";
import { show } from "../../retrieval/retrieve.ts";
import { statements } from "../../rewards/grounding.ts";
import { enoughChains, LEAST_ANSWERS, LEAST_CHAINS, LEAST_QUERIES, type Lessons, smallDev } from "./lessons.ts";

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
const LOOKED_AT = 500;

/** The first labelled training queries of a folder with the items that they are shown. Dense retrieval is told as by recency. */
export async function firstShown(
  { task, ...dataset }: Dataset,
  config: Pick<Config, "profile" | "seed">,
): Promise<ShownExample[]> {
  const { retriever, k, characters } = config.profile;
  const method = retriever === "dense" ? "recency" : retriever;
  const examples: ShownExample[] = [];
  for await (const example of splitOf({ task, ...dataset }, "train").read()) {
    if (example.gold === null || example.profile.length === 0) continue;
    examples.push(await show(task, example, { method, k, characters, seed: config.seed }));
    if (examples.length === LOOKED_AT) break;
  }
  return examples;
}

/** What {@link firstShown} of a folder can support; null where it has no labelled query. */
export function supportOf(task: Task, examples: readonly ShownExample[], config: Chosen): SetSupport | null {
  const ways = teachersOf(config).flatMap(({ kind, rationalize }) => (kind === "rules" ? [rationalize] : []));
  return examples.length === 0 ? null : supported(task, examples, config.chains, ways);
}

/** Pure part of {@link supportOf}; `ways`: what the teachers by rules are shown, none of them as one that is shown nothing. */
export function supported(
  task: Task,
  examples: readonly ShownExample[],
  chains: ChainsConfig,
  ways: readonly (boolean | "always")[],
): SetSupport {
  const users = new Set(examples.flatMap(({ user }) => user ?? []));
  const written = (example: ShownExample, gold?: string): Candidate[] =>
    trueDrafts(task, example, statements, gold).flatMap(({ steps, answer }) => {
      const one = { text: taggedCompletion(steps, answer), by: "", i: 0, truncated: false };
      return judged(example, one, { tasks: [task], config: chains }).candidate ?? [];
    });
  const right = examples.map((example) => written(example).length);
  const always = ways.includes("always");
  const blind = ways.length === 0 || ways.some((way) => way !== "always");
  const made = zipStrict(examples, right).map(([example, n]) => {
    const own = blind ? n : 0;
    const shown = always || (ways.includes(true) && n === 0);
    const chain = shown && written(example, example.gold ?? "").some((one) => flawOf(one, statements) === null);
    return { own, given: chain ? 1 : 0 };
  });
  return {
    queries: examples.length,
    users: users.size === 0 ? null : users.size,
    answers: task.kind === "generation" ? null : answersOf(task, examples),
    byRules: {
      right: right.filter((n) => n > 0).length,
      given: made.filter(({ given }) => given > 0).length,
      queries: made.filter(({ own, given }) => own + given > 0).length,
      chains: made.reduce((sum, { own, given }) => sum + Math.min(own + given, chains.per_query), 0),
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

/** Chains of so many of these queries, by the share that was seen. */
export function chainsOf({ queries, byRules }: SetSupport, asked: number): Pick<Lessons, "queries" | "chains"> {
  const share = asked / queries;
  return { queries: Math.round(byRules.queries * share), chains: Math.round(byRules.chains * share) };
}

/** How a run would cut the set up. */
export interface Cut {
  /** Queries that chains are made of, and of the dev slice. */
  readonly chains: number;
  readonly dev: number;
}

/** In sentences; `cut`: where stated rules are the only teachers, and how much is left to them is known. */
export function supportText(
  support: SetSupport,
  { per_query, held_out }: ChainsConfig,
  cut: Cut | undefined,
): string[] {
  const { queries, users, answers, byRules } = support;
  const percent = (x: number): string => `${(100 * x).toFixed(0)}%`;
  const of = users === null ? "" : ` of ${users} users`;
  const given = byRules.given === 0 ? "" : `; shown it (teacher.rationalize), they write a chain for ${byRules.given}`;
  return [
    answers === null
      ? `${queries} labelled queries${of}`
      : `${queries} labelled queries${of}: ${answers.different} different answers, the commonest in ${percent(answers.commonest)}; in ${percent(answers.shown)} the answer is that of a shown item`,
    `stated rules (teacher.kind: rules) lead to the right answer in ${byRules.right} of them${given}: ${byRules.chains} chains at ${per_query} a query at most`,
    ...(cut === undefined ? [] : [sftText(support, cut, held_out), ...[smallDev(cut.dev) ?? []].flat()]),
  ];
}

/** Whether SFT would have enough of what a run leaves to it. */
function sftText(support: SetSupport, { chains: asked }: Cut, heldOut: number): string {
  const left = chainsOf(support, asked * (1 - heldOut));
  const made = `a run makes chains of ${asked}; some ${left.chains} of ${left.queries} queries would train SFT`;
  const ends = "the run will end there (--anyway goes on)";
  if (!enoughChains(left)) return `${made}, under the ${LEAST_CHAINS} of ${LEAST_QUERIES} that it wants: ${ends}`;
  if (support.answers !== null && support.answers.different < LEAST_ANSWERS)
    return `${made}, but all end in one answer and teach that answer: ${ends}`;
  return `${made}, enough (${LEAST_CHAINS} of ${LEAST_QUERIES})`;
}
