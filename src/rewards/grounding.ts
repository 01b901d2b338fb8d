import { wordsOf } from "../core/words.ts";
import { labelOf } from "../data/item-label.ts";
import { worldStatement } from "../data/synthetic/statements.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import { MARKUP } from "../prompts/chain.ts";
import { type Citation, citationsIn } from "./citations.ts";
import { labelsIn } from "./labels.ts";

/** One statement of a chain about the items that were shown, as far as anyone can check it from the prompt alone. */
export interface Statement {
  /** The statement as it stands in the chain. */
  readonly text: string;
  /** `item`: of items cited by number; `history`: of the items together; `quote`: words between quotation marks. */
  readonly kind: "item" | "history" | "quote";
  /** Labels or grades that it gives, lower case. */
  readonly names: readonly string[];
  /** Null when it holds; else what is wrong with it. */
  readonly fault: string | null;
}

type Shown = Pick<ShownExample, "shown" | "input">;

const QUOTED = /"([^"\n]+)"|“([^“”\n]+)”|「([^「」\n]+)」|『([^『』\n]+)』/g;
/** What follows is concluded for the query, and said of no item. */
const CONCLUSION =
  /\b(?:so|therefore|thus|hence|suggest(?:s|ing)?|mean(?:s|ing)|impl(?:y|ies|ying)|query|answer)\b|因此|所以/i;
/** Shorter quotations name a notion, they don't cite. */
const LEAST_WORDS = 3;

/**
 * What a chain says of the shown items, and whether it is so (ours): a cited number must be an item's; where the task has
 * labels or grades, one that is given must be that item's own; what stands in quotation marks (three words or more) must
 * stand in an item or in the query, case and punctuation aside. In the synthetic world each line is read as its prose has
 * it, content and all. Statements that no rule can check don't count.
 */
export function statements(chain: string, task: Task, example: Shown): Statement[] {
  const lines = chain.replace(MARKUP, "\n").split("\n");
  return lines.flatMap((line): Statement[] => {
    const text = line.trim();
    const world = worldStatement(task, text, example.shown);
    if (world !== null) return [{ text, kind: world.kind, names: [world.outcome], fault: world.fault }];
    const cited = citationsIn(text, task, example.shown.length).map((one) => checked(one, task, example.shown));
    return [...cited, ...quotes(line, example)];
  });
}

function checked({ numbers, text, before, bracket }: Citation, task: Task, shown: readonly ProfileItem[]): Statement {
  const after = labelsIn(text.split(CONCLUSION)[0] ?? "", task);
  const names = after.length === 0 && bracket ? labelsIn(before, task) : after;
  const faults = numbers.map((number) => {
    const item = shown[number - 1];
    if (item === undefined) return `there is no item ${number}`;
    const own = labelOf(task, item);
    if (own === null || names.length === 0 || names.includes(own)) return null;
    return `item ${number} is ${own}, not ${[...new Set(names)].join(" or ")}`;
  });
  return { text, kind: "item", names, fault: faults.find((fault) => fault !== null) ?? null };
}

function quotes(line: string, { shown, input }: Shown): Statement[] {
  const found = [...line.matchAll(QUOTED)].map((m) => m.slice(1).find((part) => part !== undefined) ?? "");
  const long = found.filter((text) => wordsOf(text).length >= LEAST_WORDS);
  if (long.length === 0) return [];
  const sources = [input, ...shown.flatMap((item) => Object.values(item.fields))].map(
    (text) => ` ${wordsOf(text).join(" ")} `,
  );
  return long.map((text) => {
    const known = sources.some((source) => source.includes(` ${wordsOf(text).join(" ")} `));
    return { text, kind: "quote", names: [], fault: known ? null : "stands in no shown item" };
  });
}
