import type { Task } from "../data/task.ts";
import type { ProfileItem } from "../data/types.ts";
import type { Cut } from "./budget.ts";

/** What the official prompts need of a tokenizer; a `Renderer` is one. */
export interface PieceTokenizer {
  encode(text: string): readonly number[];
  decode(ids: readonly number[]): string;
  /** Special tokens that the model's tokenizer puts around a text: 1 for T5 (`</s>`), 0 for Qwen and SmolLM2 (default). */
  readonly added?: number;
}

export interface OfficialPrompt {
  readonly prompt: string;
  /** Items whose text was cut, lengths in the tokenizer's tokens. */
  readonly cut: readonly Cut[];
  /** False when nothing of the profile fitted and the prompt is the bare input. */
  readonly withProfile: boolean;
}

export type OfficialName = NonNullable<Task["official"]>;

/** How one task puts an item into words. `cutField` is the text that may be cut; `frame` is counted, `write` is written. */
interface Form {
  readonly cutField: string;
  /** What the budget counts for an item besides its cut text. LaMP-5's lacks the `for` that is written: kept. */
  readonly frame: (item: ProfileItem) => string;
  readonly write: (item: ProfileItem, text: string) => string;
  /** Counted once, off the whole budget. LaMP-7's differs from what is written: kept. */
  readonly counted: string;
  readonly join: (pieces: string, input: string) => string;
}

const field = (item: ProfileItem, name: string): string => item.fields[name] ?? "";
const before = (pieces: string, input: string): string => `${pieces}. ${input}`;
const following = (pieces: string, input: string): string => `${pieces}. Following the given patterns ${input}`;

const FORMS: Readonly<Record<Exclude<OfficialName, "LaMP_1">, Form>> = {
  LaMP_2: {
    cutField: "description",
    frame: (item) => `the tag for the movie: " " is "${field(item, "tag")}" `,
    write: (item, text) => `the tag for the movie: "${text}" is "${field(item, "tag")}" `,
    counted: "",
    join: before,
  },
  LaMP_2_old: {
    cutField: "text",
    frame: (item) => `the category for the article: " " is "${field(item, "category")}" `,
    write: (item, text) => `the category for the article: "${text}" is "${field(item, "category")}" `,
    counted: "",
    join: before,
  },
  LaMP_3: {
    cutField: "text",
    frame: (item) => `${field(item, "score")} is the score for " " `,
    write: (item, text) => `${field(item, "score")} is the score for "${text}" `,
    counted: "",
    join: before,
  },
  LaMP_4: {
    cutField: "text",
    frame: (item) => `"${field(item, "title")}" is the title for " " `,
    write: (item, text) => `"${field(item, "title")}" is the title for "${text}" `,
    counted: "",
    join: before,
  },
  LaMP_5: {
    cutField: "abstract",
    frame: (item) => `"${field(item, "title")}" is a title " " `,
    write: (item, text) => `"${field(item, "title")}" is a title for "${text}" `,
    counted: "Following the given patterns",
    join: following,
  },
  LaMP_7: {
    cutField: "text",
    frame: () => '"" ',
    write: (_, text) => `"${text}" `,
    counted: "are written by user. Following the given patterns",
    join: (pieces, input) => `${pieces} are written by a person. Following the given patterns ${input}`,
  },
};

/**
 * LaMP's own prompt: the items, best first, in the benchmark's words before (LaMP-1: inside) the input, each item's
 * text cut so that all have an equal share of the token budget, what one leaves over going to the next. The input may
 * take 60% of the budget; where an item has no room for its frame the share is lowered by tenths, and below zero the
 * bare input is the prompt. Equal to LaMP's `create_prompt_generator` with the same tokenizer (golden tests).
 */
export function officialPrompt(
  task: OfficialName,
  input: string,
  items: readonly ProfileItem[],
  tokenizer: PieceTokenizer,
  maxLength = 512,
): OfficialPrompt {
  const inputLength = lengthOf(tokenizer, input);
  // Repeated subtraction, not multiples of 0.1: the budget is an integer part, and 0.3 would differ from 0.3000…04.
  for (let factor = 0.6; factor >= 0; factor -= 0.1) {
    const budget = maxLength - Math.min(inputLength, Math.trunc(factor * maxLength));
    const made = items.length === 0 ? null : assemble(task, input, items, tokenizer, budget);
    if (made !== null) return made;
  }
  return { prompt: input, cut: [], withProfile: false };
}

/** Null where some item has less than no room. */
function assemble(
  task: OfficialName,
  input: string,
  items: readonly ProfileItem[],
  tokenizer: PieceTokenizer,
  budget: number,
): OfficialPrompt | null {
  const commas = 2 * (items.length - 1);
  const form = task === "LaMP_1" ? null : FORMS[task];
  const fixed = form === null ? 0 : 1 + (form.counted === "" ? 0 : lengthOf(tokenizer, form.counted));
  const share = Math.floor((budget - fixed - commas) / items.length);
  let saved = 0;
  const pieces: string[] = [];
  const cut: Cut[] = [];
  for (const item of items) {
    const frame = form === null ? 2 : lengthOf(tokenizer, form.frame(item));
    const name = form?.cutField ?? "title";
    const shown = truncate(tokenizer, field(item, name), share + saved - frame);
    if (shown === null) return null;
    saved += share - shown.length - frame;
    if (shown.length < shown.from) cut.push({ item: item.id, field: name, from: shown.from, to: shown.length });
    pieces.push(form === null ? `"${shown.text}"` : form.write(item, shown.text));
  }
  const joined = pieces.join(", and ");
  return { prompt: form === null ? afterTitle(input, joined) : form.join(joined, input), cut, withProfile: true };
}

/** LaMP-1: the pieces stand right after the first `title` of the input, even inside a word. */
function afterTitle(input: string, pieces: string): string {
  const at = input.indexOf("title");
  return at < 0 ? input : `${input.slice(0, at + 5)}, and ${pieces}${input.slice(at + 5)}`;
}

function lengthOf(tokenizer: PieceTokenizer, text: string): number {
  return tokenizer.encode(text).length + (tokenizer.added ?? 0);
}

/**
 * A text cut to `most` tokens, special ones counted, and back as text. As in transformers: below zero raises (here
 * null), and fewer than the special tokens alone is no limit at all.
 */
function truncate(
  tokenizer: PieceTokenizer,
  text: string,
  most: number,
): { text: string; length: number; from: number } | null {
  if (most < 0) return null;
  const added = tokenizer.added ?? 0;
  const ids = tokenizer.encode(text);
  const kept = most < added ? ids : ids.slice(0, most - added);
  return { text: tokenizer.decode(kept), length: kept.length + added, from: ids.length + added };
}
