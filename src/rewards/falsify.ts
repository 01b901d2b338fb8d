import type { Random } from "../core/random.ts";
import { outcomeWords } from "../data/synthetic/statements.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { type Statement, statements } from "./grounding.ts";

/** A line of a chain as it stood, and as it stands once what it claims is false. */
export interface Falsified {
  readonly claim: string;
  readonly instead: string;
}

/**
 * A step whose every true claim about the shown items is false: another label or grade stands where it gave one. Null where it
 * makes no such claim, or none whose label can be told from its words. What is said otherwise stays as it is.
 */
export function falsified(
  text: string,
  task: Task,
  example: Pick<ShownExample, "shown" | "input">,
  random: Random,
): { readonly text: string; readonly claims: readonly Falsified[] } | null {
  const names = outcomeWords(task) ?? task.labels;
  const claims: Falsified[] = [];
  const lines = text.split("\n").map((line) => {
    const read = (one: string): Statement[] => statements(one, task, example);
    const instead = read(line).reduce((now, said, k) => {
      if (said.fault !== null || said.names.length === 0) return now;
      return falsifiedAt(now, k, said.names, random.shuffle(names), read) ?? now;
    }, line);
    if (instead !== line) claims.push({ claim: line.trim(), instead: instead.trim() });
    return instead;
  });
  return claims.length === 0 ? null : { text: lines.join("\n"), claims };
}

/** The line with statement k false and the truth of all others as it was; null where no exchange of a name does that. */
function falsifiedAt(
  line: string,
  k: number,
  said: readonly string[],
  others: readonly string[],
  read: (line: string) => Statement[],
): string | null {
  const before = read(line).map(({ fault }) => fault === null);
  for (const name of said)
    for (const { from, to } of placesOf(name, line).toReversed())
      for (const other of others.filter((one) => one.toLowerCase() !== name)) {
        const changed = `${line.slice(0, from)}${other}${line.slice(to)}`;
        const after = read(changed).map(({ fault }) => fault === null);
        if (after.length === before.length && after.every((holds, i) => holds === (i === k ? false : before[i])))
          return changed;
      }
  return null;
}

/** Where a name stands by itself, case aside, and is no item's number: `[4]`, `#4`. */
function placesOf(name: string, line: string): { readonly from: number; readonly to: number }[] {
  const low = line.toLowerCase();
  const found: { from: number; to: number }[] = [];
  for (let from = low.indexOf(name); from >= 0; from = low.indexOf(name, from + 1)) {
    const to = from + name.length;
    const [before, after] = [low[from - 1] ?? " ", low[to] ?? " "];
    const joined = (edge: string | undefined, next: string): boolean => LETTER.test(edge ?? "") && LETTER.test(next);
    if (!joined(name[0], before) && !joined(name.at(-1), after) && !/[[#]/.test(before)) found.push({ from, to });
  }
  return found;
}

/** Chinese words stand side by side. */
const LETTER = /(?!\p{Script=Han})[\p{L}\p{N}]/u;
