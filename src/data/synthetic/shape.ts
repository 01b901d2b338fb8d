import type { Random } from "../../core/random.ts";
import type { World } from "./world-types.ts";

/** What a text speaks of: a concept (tag), a level (rating), two topics (title). Indices into the lexicon. */
export type Content = readonly number[];

/**
 * One task shape, LaMP's or Dianping's, of the synthetic world, as a table of functions. A user holds one private *state* for each of
 * `keys`; the state and the content of a text decide the *outcome* (label, score, template), apart from noise.
 * Everything that enumerates (ceilings) is written once over this interface.
 */
export interface Shape {
  readonly name:
    | "tag"
    | "rating"
    | "title"
    | "citation"
    | "headline"
    | "tweet"
    | "post_content"
    | "post_title"
    | "post_paraph";
  /** Name of its task file in `tasks/`. */
  readonly task: string;
  readonly metric: "accuracy" | "mae" | "rouge1";
  readonly language: "en" | "zh";
  /** How many private states a user holds, values each can take, and outcomes. */
  readonly keys: number;
  readonly states: number;
  readonly outcomes: number;
  /** One content for each that reasoning tells apart ({@link contentWords}). */
  readonly contents: readonly Content[];
  /** Which private state a content asks for. */
  keyOf(content: Content): number;
  /** The state that is usual for a type. */
  typeState(world: World, type: number, key: number): number;
  /** Outcome of a state for a content, before noise. */
  outcomeOf(state: number, content: Content): number;
  drawContent(random: Random): Content;
  /** Where a query offers candidates (LaMP-1): its content with them, one of which is the outcome. */
  offer?(content: Content, outcome: number, random: Random): Content;
  /** The outcomes that a query's content offers; null where all are open. */
  offered?(content: Content): readonly number[] | null;
  /** A text that speaks of the content, with fillers: what item and query show. */
  write(content: Content, random: Random): string;
  /** The content of a text, or null when it speaks of none: the inverse of `write`. */
  read(text: string): Content | null;
  /** The answer that an outcome is written as; `mark` is the author's style mark. */
  answer(content: Content, outcome: number, mark: string): string;
  /** The outcome that an answer shows, or null: the inverse of `answer`; `[1]` needs the content that offered it. */
  readAnswer(answer: string, content?: Content): number | null;
  /** LaMP's one-line input for a text. */
  input(text: string): string;
  /** Names of an item's text field and label field. */
  readonly textField: string;
  readonly labelField: string;
  /** Canonical words for a content in prose, e.g. `ruin`. */
  contentWords(content: Content): string;
  /** Canonical word for an outcome in prose, e.g. `dystopia`. */
  outcomeWord(outcome: number): string;
  /** For `rouge1`: ROUGE's tokens of the things spoken of, in every possible gold, and of each outcome's template. */
  readonly bag?: {
    things(content: Content): readonly string[];
    readonly markers: readonly (readonly string[])[];
  };
}

/** Outcomes that a query leaves open: those offered, else all. */
export function openOutcomes(shape: Shape, query: Content): readonly number[] {
  return shape.offered?.(query) ?? Array.from({ length: shape.outcomes }, (_, outcome) => outcome);
}

/** Whether two contents are settled alike: the same level of a review, else the same private state. */
export function isAlike(shape: Shape, a: Content, b: Content): boolean {
  return shape.metric === "mae" ? String(a) === String(b) : shape.keyOf(a) === shape.keyOf(b);
}

/** Index of the group that holds one of the text's words, by whole words; null when none does. */
export function findWord(text: string, groups: readonly (readonly string[])[]): number | null {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  for (const word of words) {
    const at = groups.findIndex((group) => group.includes(word));
    if (at >= 0) return at;
  }
  return null;
}

/** A lexicon entry by index; indices come from this folder only, so a miss is a bug. */
export function entry<T>(list: readonly T[], index: number | undefined): T {
  const value = index === undefined ? undefined : list[index];
  if (value === undefined) throw new RangeError(`no entry ${index} in a list of ${list.length}`);
  return value;
}
