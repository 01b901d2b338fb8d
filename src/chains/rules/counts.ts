import { groupBy } from "../../core/group.ts";
import type { Evidence, Seen } from "./evidence.ts";

/** The task's own label that an item's choice is; undefined where it is none. */
export function labelOf({ task }: Evidence, { choice }: Pick<Seen, "choice">): string | undefined {
  const said = choice.toLowerCase();
  return task.labels.find((label) => label.toLowerCase() === said || sameGrade(task.kind, label, choice));
}

const sameGrade = (kind: string, label: string, choice: string): boolean =>
  kind === "ordinal" && choice !== "" && Number(label) === Number(choice);

/** Items with one choice. */
export interface Counted {
  readonly choice: string;
  readonly items: readonly Seen[];
}

/** Choices of some items, the commonest first; of equals the one that comes first. */
export function counts(evidence: Evidence, items: readonly Seen[]): Counted[] {
  const known = items.flatMap((item) => {
    const choice = labelOf(evidence, item);
    return choice === undefined ? [] : [{ choice, item }];
  });
  return [...groupBy(known, ({ choice }) => choice)]
    .map(([choice, own]) => ({ choice, items: own.map(({ item }) => item) }))
    .toSorted((a, b) => b.items.length - a.items.length);
}
