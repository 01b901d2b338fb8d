import type { Task } from "../data/task.ts";

/** Items that a sentence cites by number, and what it says of them. */
export interface Citation {
  readonly numbers: readonly number[];
  /** From the citation to the next one. */
  readonly text: string;
  /** What stands before it, since the last citation: what a bracket at the end of a clause speaks of. */
  readonly before: string;
  readonly bracket: boolean;
}

const ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
const HAN = "一二三四五六七八九十";
const NOUN = "(?:profile |history |shown )?(?:items?|examples?|entry|entries|records?|history)";
/** Nouns that number other things too: they cite only where there is such an item. */
const LOOSE = "reviews?|movies?|films?|papers?|articles?|headlines?|titles?|tweets?|posts?|products?";
const LIST = "#?\\d{1,3}(?:\\s*(?:,|and|&|or|to|through|-|–)\\s*(?:and\\s+)?#?\\d{1,3})*(?!\\d|\\.\\d)";

/**
 * `[3]`, `[3, 5]`, `item 3`, `items 3 and 5`, `(example #3)`, `review 3`, `#3`, `the third item`, `the 3rd item`, `第3条`, `第三个`. A year
 * (`2019`) is no item's number.
 */
const CITED = new RegExp(
  [
    `\\[\\s*(?<bracket>${LIST})\\s*\\]`,
    `\\b${NOUN}\\s*(?:no\\.?\\s*|number\\s*)?(?<noun>${LIST})`,
    `\\b(?:${LOOSE})\\s*(?:no\\.?\\s*|number\\s*)?(?<loose>${LIST})`,
    `(?<![\\w#])#(?<hash>\\d{1,3})\\b`,
    `\\b(?<ordinal>${ORDINALS.join("|")}|\\d{1,3}(?:st|nd|rd|th))\\s+(?:${NOUN}|${LOOSE})\\b`,
    `第\\s*(?<chinese>\\d{1,3}|[${HAN}])\\s*(?:条|个|篇|项|则|部|件)`,
  ].join("|"),
  "giu",
);

/** Sentences end at these, and a decimal point or an abbreviation's is not followed by a space and a capital. */
const SENTENCE = /(?<=[。！？；;!?])|(?<=\.)\s+(?=[\p{Lu}\p{Script=Han}[(“"])|\n/u;

/** Every citation of a text, in order. `items` are so many. */
export function citationsIn(text: string, task: Pick<Task, "labels">, items: number): Citation[] {
  return text.split(SENTENCE).flatMap((sentence) => {
    const found = [...sentence.matchAll(CITED)].flatMap((match) => {
      const { groups = {} } = match;
      const numbers = numbersOf(groups);
      // LaMP-1's query has a [1] and a [2] of its own.
      const answer = groups.bracket !== undefined && task.labels.includes(`[${groups.bracket}]`);
      const loose = groups.loose !== undefined && numbers.some((n) => n > items);
      const start = match.index;
      return answer || loose || numbers.length === 0
        ? []
        : [{ numbers, start, end: start + match[0].length, bracket: groups.bracket !== undefined }];
    });
    return found.map(({ numbers, start, bracket }, i) => ({
      numbers,
      bracket,
      text: sentence.slice(start, found[i + 1]?.start ?? sentence.length).trim(),
      before: sentence.slice(found[i - 1]?.end ?? 0, start),
    }));
  });
}

function numbersOf(groups: Readonly<Record<string, string | undefined>>): number[] {
  if (groups.ordinal !== undefined) {
    const at = ORDINALS.indexOf(groups.ordinal.toLowerCase());
    return [at < 0 ? Number.parseInt(groups.ordinal, 10) : at + 1];
  }
  if (groups.chinese !== undefined) {
    const at = HAN.indexOf(groups.chinese);
    return [at < 0 ? Number(groups.chinese) : at + 1];
  }
  const list = groups.bracket ?? groups.noun ?? groups.loose ?? groups.hash ?? "";
  return list.split(/,|and|&|or/i).flatMap((part) => {
    const [from = Number.NaN, to = from] = (part.match(/\d+/g) ?? []).map(Number);
    return Number.isNaN(from)
      ? []
      : Array.from({ length: Math.max(1, Math.min(to - from + 1, 50)) }, (_, k) => from + k);
  });
}
