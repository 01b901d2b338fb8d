import { wordsOf } from "../core/words.ts";
import { taskOf } from "../data/find-task.ts";
import { labelOf } from "../data/item-label.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import { rowOf } from "./pairs.ts";

/** The row that a user without one of their own starts with; 0 where no trained user's items say anything like theirs. */
export type Borrow = (example: ShownExample) => number;

/**
 * Warm start of a user seen later from a few of their own items (ours): they borrow the row of the trained user of the
 * same task whose items are most like their last `items` ones. Alike is the cosine of TF-IDF over what was said: words,
 * each together with the label that the user gave where the task has labels, so that users who *choose* alike are near.
 *
 * `examples` are the queries that the reward model was trained on; only their shown items are looked at, never gold.
 */
export function makeBorrow(
  examples: readonly ShownExample[],
  rows: Readonly<Record<string, number>>,
  tasks: readonly Task[],
  items: number,
): Borrow {
  const lenders = new Map<string, Map<number, Set<string>>>();
  for (const example of examples) {
    const row = rowOf(rows, example.task, example.user);
    if (row === 0) continue;
    const ofTask = lenders.get(example.task) ?? new Map<number, Set<string>>();
    const traits = ofTask.get(row) ?? new Set<string>();
    for (const trait of traitsOf(taskOf(tasks, example), example.shown)) traits.add(trait);
    lenders.set(example.task, ofTask.set(row, traits));
  }
  const indices = new Map([...lenders].map(([task, ofTask]) => [task, indexOf(ofTask)]));
  const known = new WeakMap<ShownExample, number>();
  return (example) => {
    const index = indices.get(example.task);
    const row = known.get(example) ?? (index === undefined ? 0 : nearest(index, example, tasks, items));
    known.set(example, row);
    return row;
  };
}

/** The rows whose users show a trait, and the length of each row's vector. */
interface Index {
  readonly holders: ReadonlyMap<string, readonly number[]>;
  readonly lengths: ReadonlyMap<number, number>;
  readonly users: number;
}

function indexOf(ofTask: ReadonlyMap<number, ReadonlySet<string>>): Index {
  const holders = new Map<string, number[]>();
  for (const [row, traits] of ofTask)
    for (const trait of traits) holders.set(trait, [...(holders.get(trait) ?? []), row]);
  const squared = (traits: ReadonlySet<string>): number =>
    [...traits].reduce((sum, trait) => sum + weight(holders.get(trait)?.length ?? 0, ofTask.size) ** 2, 0);
  const lengths = new Map([...ofTask].map(([row, traits]) => [row, Math.sqrt(squared(traits))]));
  return { holders, lengths, users: ofTask.size };
}

/** Inverse document frequency, over users; above 0. */
const weight = (holders: number, users: number): number => Math.log(1 + users / (1 + holders));

/** Ties go to the lowest row, so that the answer hangs on nothing else. */
function nearest(index: Index, example: ShownExample, tasks: readonly Task[], items: number): number {
  const shared = new Map<number, number>();
  for (const trait of new Set(traitsOf(taskOf(tasks, example), example.shown.slice(-items)))) {
    const holders = index.holders.get(trait) ?? [];
    const squared = weight(holders.length, index.users) ** 2;
    for (const row of holders) shared.set(row, (shared.get(row) ?? 0) + squared);
  }
  let best = { row: 0, likeness: 0 };
  for (const [row, dot] of [...shared].sort(([a], [b]) => a - b)) {
    const likeness = dot / (index.lengths.get(row) ?? 1);
    if (likeness > best.likeness) best = { row, likeness };
  }
  return best.row;
}

function traitsOf(task: Task, shown: readonly ProfileItem[]): string[] {
  return shown.flatMap((item) => {
    const label = labelOf(task, item);
    const fields = task.itemFields.filter((field) => label === null || !field.label);
    const words = fields.flatMap(({ name }) => wordsOf(item.fields[name] ?? ""));
    return label === null ? words : words.map((word) => `${word} ${label}`);
  });
}
