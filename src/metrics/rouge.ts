import { ICU_VERSION, wordsOf } from "../core/words.ts";
import { lcsLength, lcsPositions } from "./lcs.ts";
import { rougeChinese, rougePltrdy, type SetRouge } from "./rouge-sets.ts";
import { characters, englishWords, nonBlank, numbered } from "./tokens.ts";
import { englishWordIds } from "./word-ids.ts";

/** Precision, recall and F of a prediction against a reference, each in [0, 1]. */
export interface Overlap {
  readonly p: number;
  readonly r: number;
  readonly f: number;
}

export interface Rouge {
  readonly rouge1: Overlap;
  readonly rouge2: Overlap;
  readonly rougeL: Overlap;
}

/**
 * How rouge_score's counting cuts texts into tokens. `english`: its own words (Chinese text scores 0); `english-stem`: with its
 * stemmer; `char`: characters, our default for Chinese; `tokens`: words that someone else has parted by white space (jieba's,
 * say), as they stand; `words`: TagPR's own words (`wordsOf`), our default for every other language.
 */
export type Tokens = "english" | "english-stem" | "char" | "words" | "tokens";

/**
 * What a ROUGE counts; reports name the one used. Beside rouge_score's over {@link Tokens}, two libraries that papers on Chinese
 * used, which count otherwise: `rouge_chinese` and pltrdy's `rouge`, both over words parted by white space.
 */
export type Convention = Tokens | "rouge_chinese" | "pltrdy";

/** Each convention in words, for tables and reports. */
export const CONVENTIONS: Readonly<Record<Convention, string>> = {
  english: "by rouge_score's words, no stemmer",
  "english-stem": "by rouge_score's words, stemmed",
  char: "by character",
  words: `by words of any script (ICU ${ICU_VERSION})`,
  tokens: "by the given words",
  rouge_chinese: "by the given words as rouge_chinese counts them",
  pltrdy: "by the given words as pltrdy's rouge counts them",
};

/** A text without any word (emoji alone, say) counts by its characters, so that it still equals itself. */
function wordsOrSigns(text: string): string[] {
  const found = wordsOf(text);
  return found.length > 0 ? found : characters(text);
}

const words = (text: string): string[] => nonBlank(text.split(/\s+/u));

const TOKENIZERS: Readonly<Record<Tokens, (text: string) => string[]>> = {
  english: (text) => englishWords(text),
  "english-stem": (text) => englishWords(text, { stem: true }),
  char: characters,
  words: wordsOrSigns,
  tokens: words,
};

const NONE: Overlap = { p: 0, r: 0, f: 0 };

/** ROUGE of rouge_score 0.1.2 (Lin, 2004), to the last digits. */
export function rouge(reference: string, prediction: string, convention: Tokens = "english"): Rouge {
  const tokens = TOKENIZERS[convention];
  return rougeOfTokens(tokens(reference), tokens(prediction));
}

/** {@link rouge} on tokens of anyone's making, e.g. jieba's words; blank tokens don't count. */
export function rougeOfTokens(reference: readonly string[], prediction: readonly string[]): Rouge {
  const [ref, pred] = numbered(nonBlank(reference), nonBlank(prediction));
  return { rouge1: unigrams(ref, pred), rouge2: bigrams(ref, pred), rougeL: subsequence(ref, pred) };
}

/** F of ROUGE-1 and ROUGE-L alone: what rewards and scores ask for, thousands of times. */
export function rouge1L(reference: string, prediction: string, convention: Convention = "english"): [number, number] {
  if (convention === "rouge_chinese") return ofSets(rougeChinese(words(reference), words(prediction)));
  if (convention === "pltrdy") return ofSets(rougePltrdy(words(reference), words(prediction)));
  const tokens = TOKENIZERS[convention];
  const [ref, pred] =
    convention === "english" ? englishWordIds(reference, prediction) : numbered(tokens(reference), tokens(prediction));
  return [unigrams(ref, pred).f, subsequence(ref, pred).f];
}

const ofSets = ({ rouge1, rougeL }: SetRouge): [number, number] => [rouge1, rougeL];

/** Best F over several references, metric by metric (rouge_score's `score_multi`). */
export function rougeBest(references: readonly string[], prediction: string, convention: Tokens = "english"): Rouge {
  const all = references.map((reference) => rouge(reference, prediction, convention));
  const best = (key: keyof Rouge) => all.map((one) => one[key]).reduce((a, b) => (b.f > a.f ? b : a), NONE);
  return { rouge1: best("rouge1"), rouge2: best("rouge2"), rougeL: best("rougeL") };
}

export function overlap(common: number, predicted: number, wanted: number): Overlap {
  const p = common / Math.max(predicted, 1);
  const r = common / Math.max(wanted, 1);
  return { p, r, f: p + r > 0 ? (2 * p * r) / (p + r) : 0 };
}

/** How often each id is still unmatched; kept between calls, all zero. */
let left = new Int32Array(64);

function unigrams(ref: Int32Array, pred: Int32Array): Overlap {
  // Ids are dense, so a plain array counts them.
  if (left.length < ref.length + pred.length) left = new Int32Array(2 * (ref.length + pred.length));
  for (let i = 0; i < ref.length; i++) left[ref[i] ?? 0] = (left[ref[i] ?? 0] ?? 0) + 1;
  let common = 0;
  for (let i = 0; i < pred.length; i++) {
    const n = left[pred[i] ?? 0] ?? 0;
    if (n === 0) continue;
    left[pred[i] ?? 0] = n - 1;
    common++;
  }
  for (let i = 0; i < ref.length; i++) left[ref[i] ?? 0] = 0;
  return overlap(common, pred.length, ref.length);
}

function bigrams(ref: Int32Array, pred: Int32Array): Overlap {
  const pairs = (ids: Int32Array) =>
    Float64Array.from({ length: Math.max(0, ids.length - 1) }, (_, i) => (ids[i] ?? 0) * 2 ** 26 + (ids[i + 1] ?? 0));
  const [a, b] = [pairs(ref), pairs(pred)];
  return overlap(commonCount(a, b), b.length, a.length);
}

/** Size of the multiset intersection. */
function commonCount(a: Float64Array, b: Float64Array): number {
  const left = new Map<number, number>();
  for (const x of a) left.set(x, (left.get(x) ?? 0) + 1);
  let common = 0;
  for (const x of b) {
    const n = left.get(x) ?? 0;
    if (n === 0) continue;
    left.set(x, n - 1);
    common++;
  }
  return common;
}

function subsequence(ref: Int32Array, pred: Int32Array): Overlap {
  if (ref.length === 0 || pred.length === 0) return NONE;
  return overlap(lcsLength(ref, pred), pred.length, ref.length);
}

/**
 * ROUGE-Lsum of rouge_score: lines are sentences; per reference line the union of its longest common subsequences with
 * all lines of the prediction, each token counted at most as often as it occurs.
 */
export function rougeLsum(reference: string, prediction: string, convention: Tokens = "english"): Overlap {
  const lines = (text: string) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map(TOKENIZERS[convention]);
  const [refLines, predLines] = [lines(reference), lines(prediction)];
  const [wanted, predicted] = [refLines.flat().length, predLines.flat().length];
  if (wanted === 0 || predicted === 0) return NONE;
  const [ids, others] = numbered(refLines.flat(), predLines.flat());
  const [ref, pred] = [pieces(ids, refLines), pieces(others, predLines)];
  const refLeft = counts(ids);
  const predLeft = counts(others);
  let hits = 0;
  for (const line of ref) {
    const union = new Set(pred.flatMap((other) => lcsPositions(line, other, "a")));
    for (const i of [...union].sort((a, b) => a - b)) {
      const id = line[i] ?? -1;
      const [inRef, inPred] = [refLeft.get(id) ?? 0, predLeft.get(id) ?? 0];
      if (inRef === 0 || inPred === 0) continue;
      hits++;
      refLeft.set(id, inRef - 1);
      predLeft.set(id, inPred - 1);
    }
  }
  return overlap(hits, predicted, wanted);
}

function pieces(ids: Int32Array, lines: readonly (readonly string[])[]): Int32Array[] {
  let start = 0;
  return lines.map((line) => {
    start += line.length;
    return ids.subarray(start - line.length, start);
  });
}

function counts(ids: Int32Array): Map<number, number> {
  const out = new Map<number, number>();
  for (const id of ids) out.set(id, (out.get(id) ?? 0) + 1);
  return out;
}
