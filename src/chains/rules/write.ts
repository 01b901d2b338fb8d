import { wordsOf } from "../../core/words.ts";
import type { Draft, Strategy } from "./choose.ts";
import type { Evidence, Seen } from "./evidence.ts";
import { type Habits, habitsOf, inForm } from "./form.ts";
import { announced, phrasesOf } from "./phrases.ts";
import { plain, quotation, stands } from "./quote.ts";
import { sayingsFor } from "./words.ts";

/** Words of a user's own text that are quoted. */
const WROTE_WORDS = 12;
/** The same, and of the query, where the text is given. */
const RECALLED_WORDS = 8;
const TAKEN_WORDS = 10;
/** Phrases of a query that are tried. */
const TRIED = 6;

/** The k-th best phrase of the query, as long as this user's own texts are, in their form. */
const phrase =
  (k: number): Strategy =>
  (evidence) =>
    written(evidence, (length) => phrasesOf(evidence.query, length)[k] ?? null);

/** What the query says that it is about. */
const about: Strategy = (evidence) => written(evidence, (length) => announced(evidence.query, length));

/** The query's own beginning. */
const start: Strategy = (evidence) =>
  written(evidence, (length) => quotation(evidence.query.split(/(?<=[.!?。！？])\s/u)[0] ?? "", length) || null);

/** All of a query that is hardly longer than what this user writes. */
const whole: Strategy = (evidence) =>
  written(evidence, (length) =>
    quotation(evidence.query, 2 * length) === plain(evidence.query) ? plain(evidence.query) : null,
  );

/**
 * For a given text that need be no phrase of the query: the phrase that shares the most words with it, what the user wrote
 * in the item most like the query, their habits, then that text. Shorter than the ways without it: who learns of many tokens
 * learns little of each.
 */
export function openText(evidence: Evidence, gold: string): Draft | null {
  const { task, items, similar, query } = evidence;
  const model = similar[0] ?? items.at(-1);
  const answer = plain(gold);
  if (model === undefined || answer === "") return null;
  const habits = habitsOf(items.map(({ choice }) => choice));
  const sought = new Set(wordsOf(answer));
  const taken = (text: string): number => new Set(wordsOf(text).filter((word) => sought.has(word))).size;
  const phrases = phrasesOf(query, Math.min(habits.usual, TAKEN_WORDS)).filter((text) => stands(text, query));
  const [closest] = phrases.toSorted((a, b) => taken(b) - taken(a));
  if (closest === undefined) return null;
  const say = sayingsFor(task);
  return {
    answer,
    steps: [
      { tag: "analyze_input", text: say.reads(plain(closest)) },
      { tag: "recall_choice", text: say.wrote(model.number, quotation(model.choice, RECALLED_WORDS)) },
      { tag: "identify_style", text: styled(habits, say) },
      { tag: "make_decision", text: say.shaped(answer) },
    ],
  };
}

function written(evidence: Evidence, choose: (length: number) => string | null): Draft | null {
  const { task, items, similar, asked } = evidence;
  const model = similar[0] ?? items.at(-1);
  if (model === undefined) return null;
  const habits = habitsOf(items.map(({ choice }) => choice));
  const chosen = choose(habits.usual);
  if (chosen === null || !stands(chosen, evidence.query)) return null;
  const answer = inForm(chosen, habits.forms);
  if (answer === "") return null;
  const say = sayingsFor(task);
  return {
    answer,
    steps: [
      ...(asked === "" ? [] : [{ tag: "analyze_input", text: say.asked(asked) }]),
      { tag: "recall_choice", text: say.wrote(model.number, quotation(model.choice, WROTE_WORDS)) },
      { tag: "identify_style", text: styled(habits, say) },
      { tag: "pick_phrase", text: say.reads(plain(chosen)) },
      { tag: "make_decision", text: say.shaped(answer) },
    ],
  };
}

const styled = ({ counts, usual, forms }: Habits, say: ReturnType<typeof sayingsFor>): string =>
  [say.lengths(counts, usual), ...(forms.length > 0 ? [say.forms(forms)] : [])].join(" ");

/** What the user wrote in the item most like the query. */
const again: Strategy = (evidence) => {
  const best: Seen | undefined = evidence.similar[0];
  if (best === undefined) return null;
  const say = sayingsFor(evidence.task);
  const quote = quotation(best.choice, WROTE_WORDS);
  return {
    answer: plain(best.choice),
    steps: [
      { tag: "analyze_input", text: say.asked(evidence.asked) },
      { tag: "find_similar", text: say.alike(best.number, best.shared.slice(0, 3)) },
      { tag: "recall_choice", text: say.wrote(best.number, quote) },
      { tag: "make_decision", text: say.shaped(plain(best.choice)) },
    ],
  };
};

/** Every way to a text. */
export const TEXTS: readonly Strategy[] = [
  about,
  start,
  whole,
  ...Array.from({ length: TRIED }, (_, k) => phrase(k)),
  again,
];
