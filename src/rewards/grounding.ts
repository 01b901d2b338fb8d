import { eng, zho } from "stopword";
import { wordsOf } from "../core/words.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import { MARKUP } from "../prompts/chain.ts";

/** One statement of a chain about the items that were shown, as far as anyone can check it from the prompt alone. */
export interface Quotation {
  /** The statement as it stands in the chain. */
  readonly text: string;
  /** `item`: a line that cites an item by its number; `quote`: words between quotation marks. */
  readonly kind: "item" | "quote";
  /** Null when it holds; else what is wrong with it. */
  readonly fault: string | null;
}

/** `[3] law: dystopia`, `Item 3: …`, and bare, as the world's prose has it, `3 law dystopia` or `match 3 law dystopia`. */
const CITED = /^(?:match\s+|(items?)\s+)?(?:\[(\d{1,3})\]|(\d{1,3})(?=[\s:：]))[\s:.：]+(\S.*)$/i;
const QUOTED = /"([^"\n]+)"|“([^”\n]+)”|「([^」\n]+)」|『([^』\n]+)』/g;
/** Shorter quotations name a notion, they don't cite. */
const LEAST_WORDS = 3;

/**
 * What a chain says of the shown items, and whether it is so (ours): a cited number must be an item's; where the task
 * has labels, the last one that the line names must be that item's own; what stands in quotation marks (three words or
 * more) must stand in an item or in the query, case and punctuation aside. Statements that no rule can check don't count.
 */
export function quotations(chain: string, task: Task, example: Pick<ShownExample, "shown" | "input">): Quotation[] {
  const lines = chain.replace(MARKUP, "\n").split("\n");
  return lines.flatMap((line) => {
    const cited = citation(line.trim(), task, example.shown);
    return [...(cited === null ? [] : [cited]), ...quotes(line, example)];
  });
}

function citation(line: string, task: Task, shown: readonly ProfileItem[]): Quotation | null {
  const match = CITED.exec(line);
  if (match === null) return null;
  const number = Number(match[2] ?? match[3]);
  const item = shown[number - 1];
  const named = lastLabel(match[4] ?? "", task.labels);
  // `2 of these are dramas` begins with a number too: a bare one cites only where the line ends with a label.
  const bare = match[1] === undefined && match[2] === undefined;
  if (bare && (named === null || !wordsOf(line).join(" ").endsWith(wordsOf(named).join(" ")))) return null;
  if (item === undefined) return { text: line, kind: "item", fault: `there is no item ${number}` };
  const own = labelOf(task, item);
  if (own === null || named === null) return { text: line, kind: "item", fault: null };
  return { text: line, kind: "item", fault: named === own ? null : `item ${number} is ${own}, not ${named}` };
}

/** The user's own choice in an item, lower case; null where the task has no labels or the item names none of them. */
export function labelOf(task: Task, item: ProfileItem): string | null {
  const field = task.itemFields.find((f) => f.label)?.name;
  const value = field === undefined ? undefined : item.fields[field]?.trim().toLowerCase();
  return value !== undefined && task.labels.some((label) => label.toLowerCase() === value) ? value : null;
}

/** The label that a text names last, as whole words, lower case; of two that end together (comedy, dark comedy) the longer. */
function lastLabel(text: string, labels: readonly string[]): string | null {
  const words = ` ${wordsOf(text).join(" ")} `;
  let best: { readonly label: string; readonly end: number; readonly length: number } | null = null;
  for (const label of labels) {
    const sought = ` ${wordsOf(label).join(" ")} `;
    const start = words.lastIndexOf(sought);
    const { length } = sought;
    if (sought.trim() === "" || start < 0) continue;
    const later = start + length - (best?.end ?? 0);
    if (later > 0 || (later === 0 && length > (best?.length ?? 0)))
      best = { label: label.toLowerCase(), end: start + length, length };
  }
  return best?.label ?? null;
}

function quotes(line: string, { shown, input }: Pick<ShownExample, "shown" | "input">): Quotation[] {
  const found = [...line.matchAll(QUOTED)].map((m) => m.slice(1).find((part) => part !== undefined) ?? "");
  const long = found.filter((text) => wordsOf(text).length >= LEAST_WORDS);
  if (long.length === 0) return [];
  const sources = [input, ...shown.flatMap((item) => Object.values(item.fields))].map(
    (text) => ` ${wordsOf(text).join(" ")} `,
  );
  return long.map((text) => {
    const known = sources.some((source) => source.includes(` ${wordsOf(text).join(" ")} `));
    return { text, kind: "quote", fault: known ? null : "stands in no shown item" };
  });
}

/**
 * How much a response says of the history, for a rule that looks at nothing else: citations and quotations, and distinct
 * words that stand in a shown item and not in the query. Words that stand in any text (with, this, 的) don't count: they
 * are in every chain, whatever it was written from.
 */
export function mentions(response: string, task: Task, example: Pick<ShownExample, "shown" | "input">): number {
  const chain = response.slice(0, Math.max(0, response.lastIndexOf("</think>")));
  const said = tellingWords(chain.replace(MARKUP, " "));
  const asked = tellingWords(example.input);
  const items = new Set(
    example.shown.flatMap((item) => Object.values(item.fields).flatMap((f) => [...tellingWords(f)])),
  );
  return (
    quotations(chain, task, example).length + [...items].filter((word) => !asked.has(word) && said.has(word)).length
  );
}

const COMMON = new Set([...eng, ...zho]);
const SEGMENTER = new Intl.Segmenter("zh", { granularity: "word" });

/** Distinct words that tell texts apart: of four letters or more, Chinese ones of two characters or more; no stop words. */
function tellingWords(text: string): Set<string> {
  const words = [...SEGMENTER.segment(text.toLowerCase())]
    .filter((part) => part.isWordLike)
    .map((part) => part.segment);
  const least = (word: string): number => (/\p{Script=Han}/u.test(word) ? 2 : 4);
  return new Set(words.filter((word) => word.length >= least(word) && !COMMON.has(word)));
}
