import { createHash } from "node:crypto";
import { TagprError } from "../core/errors.ts";
import { type Dataset, openDataset, type Split } from "./dataset.ts";
import { compareDates } from "./dates.ts";
import { labelOf } from "./grade.ts";
import { inputDoubt, inputFault } from "./lamp/input.ts";
import { type Leak, leaksWithin, type SplitFacts } from "./leaks.ts";
import { orderWithin } from "./order.ts";
import { type OnProblem, sentence, tally } from "./problem.ts";
import type { Task } from "./task.ts";
import type { Example, Question } from "./types.ts";

/** Queries by split in the paper's Table 4 (LaMP's time-based split). */
export const TABLE_4: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  LaMP_1: { train: 6542, dev: 1500 },
  LaMP_2: { train: 5073, dev: 1410 },
  LaMP_3: { train: 20000, dev: 2500 },
  LaMP_4: { train: 12500, dev: 1500 },
  LaMP_5: { train: 14682, dev: 1500 },
  LaMP_7: { train: 13437, dev: 1498 },
};

export interface SplitReport {
  readonly split: string;
  /** Readable queries. */
  readonly queries: number;
  /** What Table 4 has; null where it says nothing. */
  readonly paper: number | null;
  /** Null in a user-based split, whose queries name no user. */
  readonly users: number | null;
  readonly items: { readonly least: number; readonly median: number; readonly most: number };
  readonly withGold: number;
  /** Golds that are none of the task's labels, by text. */
  readonly strangeGolds: Readonly<Record<string, number>>;
}

export interface OddInputs {
  /** `train: inputs without …` */
  readonly message: string;
  /** All or most of a split are so: another wording of the same task, no fault. */
  readonly meant: boolean;
  readonly ids: readonly string[];
}

export interface CheckReport {
  readonly task: string;
  readonly splits: readonly SplitReport[];
  /** Every bad record, one sentence each; such records are not in the counts. */
  readonly problems: readonly string[];
  /** The same, a line a kind with its count and first places. */
  readonly kinds: readonly string[];
  readonly leaks: readonly Leak[];
  /** Queries whose input has not the task's form. */
  readonly inputs: readonly OddInputs[];
  /** No problem, no strange gold or input, and no leak that is not meant to be. */
  readonly ok: boolean;
}

export interface CheckOptions {
  readonly task?: Task;
  /** Sees each query that has a gold answer, with the folder's task. */
  readonly seeGold?: (task: Task, question: Question) => void;
}

/**
 * Reads every record of a data folder and says what is in it: counts beside Table 4's, each unreadable record, and
 * leaks (see `Leak`). Streams; what it keeps grows with the number of queries and users, not with profiles.
 */
export async function checkData(dir: string, options: CheckOptions = {}): Promise<CheckReport> {
  const dataset = await openDataset(dir, options);
  const problems: string[] = [];
  const counts = tally();
  const leaks: Leak[] = [];
  const inputs: OddInputs[] = [];
  const splits: SplitReport[] = [];
  const facts: SplitFacts[] = [];
  for (const split of Object.values(dataset.splits)) {
    const onProblem: OnProblem = (problem) => {
      problems.push(sentence(problem));
      counts.add(problem);
    };
    const found = await readSplit(dataset, split, onProblem, options.seeGold);
    splits.push(found.report);
    facts.push(found.facts);
    leaks.push(...found.leaks);
    inputs.push(...found.inputs);
  }
  leaks.push(...leaksBetween(facts));
  const strange = splits.some((split) => Object.keys(split.strangeGolds).length > 0);
  const ok = problems.length === 0 && !strange && [...leaks, ...inputs].every(({ meant }) => meant);
  return { task: dataset.task.name, splits, problems, kinds: counts.lines(), leaks, inputs, ok };
}

async function readSplit(
  dataset: Dataset,
  split: Split,
  onProblem: OnProblem,
  seeGold: CheckOptions["seeGold"],
): Promise<{ report: SplitReport; facts: SplitFacts; leaks: Leak[]; inputs: OddInputs[] }> {
  const { task } = dataset;
  const sizes: number[] = [];
  const users = new Map<string, string | null>();
  const queries = new Map<string, string>();
  const strange = new Map<string, number>();
  const within = leaksWithin(task, split.name);
  const order = orderWithin(task, split.name);
  const odd = new Map<string, string[]>();
  const doubts = new Map<string, string[]>();
  let withGold = 0;
  for await (const example of readable(split, onProblem)) {
    sizes.push(example.profile.length);
    if (example.user !== null) users.set(example.user, later(users.get(example.user) ?? null, newest(example)));
    queries.set(fingerprint(example), example.id);
    within.see(example);
    order.see(example);
    const fault = inputFault(task, example.input);
    if (fault !== null) append(odd, fault, example.id);
    const doubt = inputDoubt(task, example.input);
    if (doubt !== null) append(doubts, doubt, example.id);
    if (example.gold === null) continue;
    withGold++;
    seeGold?.(task, example);
    const gold = example.gold.trim();
    if (task.kind !== "generation" && labelOf(task, gold) === null) strange.set(gold, (strange.get(gold) ?? 0) + 1);
  }
  sizes.sort((a, b) => a - b);
  const report: SplitReport = {
    split: split.name,
    queries: sizes.length,
    paper: TABLE_4[task.name]?.[split.name] ?? null,
    users: users.size === 0 ? null : users.size,
    items: { least: sizes[0] ?? 0, median: sizes[sizes.length >> 1] ?? 0, most: sizes.at(-1) ?? 0 },
    withGold,
    strangeGolds: Object.fromEntries(strange),
  };
  const inputs = [...odd].map(([fault, ids]) => {
    const meant = ids.length > COMMON * sizes.length;
    const message = `${split.name}: inputs ${fault}${meant ? " (most of the split: another wording)" : ""}`;
    return { message, meant, ids };
  });
  for (const [doubt, ids] of doubts) inputs.push({ message: `${split.name}: inputs ${doubt}`, meant: true, ids });
  return { report, facts: { split: split.name, users, queries }, leaks: [...within.found(), ...order.found()], inputs };
}

function append(groups: Map<string, string[]>, key: string, value: string): void {
  const own = groups.get(key);
  if (own === undefined) groups.set(key, [value]);
  else own.push(value);
}

/** Share of a split's inputs that lack something, from which on that is the data's own form. */
const COMMON = 0.5;

/** The split's examples, up to where its file is broken: that ends this split, and is told, but not the check. */
async function* readable(split: Split, onProblem: OnProblem): AsyncGenerator<Example> {
  try {
    yield* split.read({ onProblem });
  } catch (error) {
    if (!(error instanceof TagprError) || error.code !== "data") throw error;
    onProblem({ place: split.name, kind: error.message, hint: error.hint ?? "Mend the file." });
  }
}

/** The same person asking the same thing. */
function fingerprint(example: Example): string {
  return createHash("sha256")
    .update(`${example.user ?? ""}\n${example.input}`)
    .digest("base64url")
    .slice(0, 16);
}

/** When it was asked, or else its newest item. */
function newest(example: Example): string | null {
  return example.date ?? example.profile.at(-1)?.date ?? null;
}

function later(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return compareDates(a, b) >= 0 ? a : b;
}

const ORDER = ["train", "dev", "test"];

/** Compares every split with those after it: shared users, shared queries, and whether time goes forward. */
function leaksBetween(facts: readonly SplitFacts[]): Leak[] {
  const sorted = facts.toSorted((a, b) => ORDER.indexOf(a.split) - ORDER.indexOf(b.split));
  return sorted.flatMap((first, i) => sorted.slice(i + 1).flatMap((second) => leaksOfPair(first, second)));
}

function leaksOfPair(first: SplitFacts, second: SplitFacts): Leak[] {
  const where = `${first.split} and ${second.split}`;
  const shared = [...first.users.keys()].filter((user) => second.users.has(user));
  const backwards = shared.filter((user) => {
    const [a, b] = [first.users.get(user) ?? null, second.users.get(user) ?? null];
    return a !== null && b !== null && compareDates(b, a) < 0;
  });
  const same = [...first.queries].flatMap(([key, id]) => (second.queries.has(key) ? [id] : []));
  const timed = [...first.users.values(), ...second.users.values()].some((date) => date !== null);
  const leaks: Leak[] = [
    {
      kind: "shared users",
      meant: timed,
      message: timed
        ? `${where} share users, as a time-based split does: each user's later queries are held out`
        : `${where} share users, and no dates say that the second split is later`,
      ids: shared,
    },
    {
      kind: "time",
      meant: false,
      message: `users whose newest item in ${second.split} is older than in ${first.split}`,
      ids: backwards,
    },
    {
      kind: "shared query",
      meant: false,
      message: `queries of ${first.split} that the same user asks in ${second.split} too`,
      ids: same,
    },
  ];
  return leaks.filter((leak) => leak.ids.length > 0);
}
