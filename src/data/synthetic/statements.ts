import type { Task } from "../task.ts";
import type { ProfileItem } from "../types.ts";
import { statement } from "./prose.ts";
import { type ReadItem, readItem } from "./read.ts";
import { mostFrequent } from "./scripted/facts.ts";
import { outcomeSaid, readLine } from "./scripted/lines.ts";
import type { Shape } from "./shape.ts";
import { SHAPES } from "./shapes.ts";

/** What a line of the world's prose says of the history, checked against the items from their texts alone. */
export interface WorldStatement {
  /** `item`: of one item by its number; `history`: of the items together (what most of them are, that one is so). */
  readonly kind: "item" | "history";
  /** The outcome that it names, as a word. */
  readonly outcome: string;
  /** Null when it is so. */
  readonly fault: string | null;
}

const BY_TASK: ReadonlyMap<string, Shape> = new Map(Object.values(SHAPES).map((shape) => [shape.task, shape]));

/** Null for a line that says nothing of the history (the query, a type's habit, what is common), and for other tasks. */
export function worldStatement(
  task: Pick<Task, "name">,
  line: string,
  shown: readonly ProfileItem[],
): WorldStatement | null {
  const shape = BY_TASK.get(task.name);
  if (shape === undefined) return null;
  const read = readLine(line);
  if (read.kind === "item" || read.kind === "match") return ofItem(shape, read.i, read.said, shown);
  if (read.kind === "most") return ofMost(shape, read.outcome, shown);
  if (read.kind !== "vote") return null;
  const is = shown.some((item) => saidOf(shape, readShown(shape, item)) === read.said);
  return { kind: "history", outcome: outcomeSaid(read.said) ?? "", fault: is ? null : `no shown item is ${read.said}` };
}

/** The words that a statement's outcome may be, of a task of the world; null of other tasks. */
export function outcomeWords({ name }: Pick<Task, "name">): string[] | null {
  const shape = BY_TASK.get(name);
  return shape === undefined ? null : Array.from({ length: shape.outcomes }, (_, one) => shape.outcomeWord(one));
}

function ofItem(shape: Shape, i: number, said: string, shown: readonly ProfileItem[]): WorldStatement {
  const of = { kind: "item", outcome: outcomeSaid(said) ?? "" } as const;
  const item = shown[i - 1];
  if (item === undefined) return { ...of, fault: `there is no item ${i}` };
  const read = readShown(shape, item);
  const own = saidOf(shape, read);
  if (own !== null) return { ...of, fault: own === said ? null : `item ${i} is ${own}, not ${said}` };
  // An item off topic says nothing of its content; its outcome can be checked all the same.
  const label = read.outcome === null ? null : shape.outcomeWord(read.outcome);
  return { ...of, fault: label === of.outcome ? null : `item ${i} speaks of nothing like ${said}` };
}

function ofMost(shape: Shape, outcome: string, shown: readonly ProfileItem[]): WorldStatement | null {
  const outcomes = shown.flatMap((item) => readShown(shape, item).outcome ?? []);
  const known = outcomes.length > 0 ? mostFrequent(outcomes).map((one) => shape.outcomeWord(one)) : [];
  // A word that is no outcome makes no statement of this world.
  const words = Array.from({ length: shape.outcomes }, (_, one) => shape.outcomeWord(one));
  if (!words.includes(outcome)) return null;
  return { kind: "history", outcome, fault: known.includes(outcome) ? null : `most shown items are not ${outcome}` };
}

const readShown = (shape: Shape, { fields }: ProfileItem): ReadItem =>
  readItem(shape, fields[shape.textField] ?? "", fields[shape.labelField] ?? "");

/** What a true line says of an item; null where its text can't be read. */
const saidOf = (shape: Shape, { content, outcome }: ReadItem): string | null =>
  content === null || outcome === null ? null : statement(shape, content, outcome);
