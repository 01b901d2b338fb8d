import { wordsOf } from "../../core/words.ts";
import { isCommon } from "./evidence.ts";
import { plain } from "./quote.ts";

/** Behind these an abstract says what it is about. */
const CUES =
  /\b(?:propos(?:e|es|ing)|present(?:s|ing)?|introduc(?:e|es|ing)|describ(?:e|es|ing)|investigat(?:e|es|ing)|stud(?:y|ies)|explor(?:e|es|ing)|develop(?:s|ing)?|address(?:es)?)\b|提出|介绍|研究|探讨/giu;
const SENTENCE = /(?<=[.!?。！？；;])\s*(?=\S)|\n/u;
/** Sentences that are looked at: what a text is about is said early. */
const SENTENCES = 12;

interface Piece {
  readonly words: readonly string[];
  /** Where words part by white space. */
  readonly spaced: boolean;
}

/** The parts of a text that could stand for it, `length` words or fewer each, best first; none overlaps a better one by half. */
export function phrasesOf(text: string, length: number): string[] {
  const pieces = plain(text).split(SENTENCE).slice(0, SENTENCES).map(piecesOf);
  const weight = weights(pieces);
  const found = pieces.flatMap((piece, s) =>
    piece.words.map((_, from) => {
      const [start, end] = trimmed(piece, from, Math.min(from + Math.max(length, 2), piece.words.length));
      const words = piece.words.slice(start, end);
      const sum = [...new Set(words.flatMap(wordsOf))].reduce((total, word) => total + (weight.get(word) ?? 0), 0);
      return { s, start, end, sum: s === 0 ? 1.2 * sum : sum, text: words.join(piece.spaced ? " " : "") };
    }),
  );
  const chosen: typeof found = [];
  for (const one of found.filter(({ start, end }) => end - start > 1).toSorted((a, b) => b.sum - a.sum)) {
    const overlaps = chosen.some(
      (other) =>
        other.s === one.s &&
        Math.min(other.end, one.end) - Math.max(other.start, one.start) > (one.end - one.start) / 2,
    );
    if (!overlaps) chosen.push(one);
  }
  return chosen.map(({ text: phrase }) => phrase);
}

/** What follows the first word by which a text says what it is about, `length` words of it; null without such a word. */
export function announced(text: string, length: number): string | null {
  const clean = plain(text);
  const [cue] = clean.matchAll(CUES);
  if (cue === undefined) return null;
  const piece = piecesOf(clean.slice(cue.index + cue[0].length).split(SENTENCE)[0] ?? "");
  const [start, end] = trimmed(piece, 0, Math.min(length + 1, piece.words.length));
  return end - start < 2 ? null : piece.words.slice(start, end).join(piece.spaced ? " " : "");
}

function piecesOf(sentence: string): Piece {
  const han = sentence.match(/\p{Script=Han}/gu)?.length ?? 0;
  const spaced = han * 2 < sentence.replaceAll(" ", "").length;
  return { spaced, words: spaced ? sentence.split(" ").filter((word) => word !== "") : [...sentence.trim()] };
}

/** Without common words and bare punctuation at either end. */
function trimmed({ words }: Piece, from: number, to: number): readonly [number, number] {
  const empty = (word: string | undefined): boolean => {
    const own = wordsOf(word ?? "");
    return own.length === 0 || own.every(isCommon);
  };
  let [start, end] = [from, to];
  while (start < end && empty(words[start])) start++;
  while (end > start && empty(words[end - 1])) end--;
  return [start, end];
}

/** Words that come often in a text are what it is about. */
function weights(pieces: readonly Piece[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of pieces.flatMap(({ words }) => words.flatMap(wordsOf)))
    if (!isCommon(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].map(([word, count]) => [word, 1 + Math.log(count)]));
}
