import { lcsLength, lcsPositions } from "./lcs.ts";
import { nonBlank, numbered } from "./tokens.ts";

/**
 * The other conventions in use for Chinese, to compare with papers that used them: `rouge_chinese` (PrLM, CFRAG) and
 * pltrdy's `rouge`. Both count every distinct n-gram once and add 1e-8 under F; they differ in ROUGE-L. Our own
 * numbers use neither. Empty texts score 0, where the libraries raise.
 */
export interface SetRouge {
  readonly rouge1: number;
  readonly rouge2: number;
  readonly rougeL: number;
}

const NOTHING: SetRouge = { rouge1: 0, rouge2: 0, rougeL: 0 };

/** F-measures of rouge_chinese 1.0.3 on tokens; its ROUGE-L is the plain one over the whole text. */
export function rougeChinese(reference: readonly string[], prediction: readonly string[]): SetRouge {
  const [refWords, predWords] = [nonBlank(reference), nonBlank(prediction)];
  if (refWords.length === 0 || predWords.length === 0) return NOTHING;
  const [ref, pred] = numbered(refWords, predWords);
  return {
    rouge1: setF(grams(refWords, 1), grams(predWords, 1)),
    rouge2: setF(grams(refWords, 2), grams(predWords, 2)),
    rougeL: f(lcsLength(ref, pred), pred.length, ref.length),
  };
}

/** F-measures of rouge 1.0.1 on tokens; a `.` ends a sentence, its ROUGE-L joins sentence matches as a set of words. */
export function rougePltrdy(reference: readonly string[], prediction: readonly string[]): SetRouge {
  const [ref, pred] = [sentences(nonBlank(reference)), sentences(nonBlank(prediction))];
  if (ref.length === 0 || pred.length === 0) return NOTHING;
  const [refWords, predWords] = [ref.flat(), pred.flat()];
  return {
    rouge1: setF(grams(refWords, 1), grams(predWords, 1)),
    rouge2: setF(grams(refWords, 2), grams(predWords, 2)),
    rougeL: f(unionLcs(ref, pred), new Set(predWords).size, new Set(refWords).size),
  };
}

/** Words by sentence. Two dots in a row leave a sentence of one empty word between them, as in the library. */
function sentences(tokens: readonly string[]): string[][] {
  return tokens
    .join(" ")
    .split(".")
    .filter((part) => part !== "")
    .map((part) => part.trim().split(/\s+/));
}

/** Distinct words in the common subsequences of any reference sentence with any predicted one. */
function unionLcs(ref: readonly string[][], pred: readonly string[][]): number {
  const union = new Set<string>();
  for (const words of ref)
    for (const others of pred) {
      const [a, b] = numbered(words, others);
      for (const i of lcsPositions(a, b, "b")) union.add(words[i] ?? "");
    }
  return union.size;
}

function grams(tokens: readonly string[], n: number): Set<string> {
  const out = new Set<string>();
  for (let i = 0; i + n <= tokens.length; i++) out.add(tokens.slice(i, i + n).join(" "));
  return out;
}

function setF(ref: ReadonlySet<string>, pred: ReadonlySet<string>): number {
  return f([...pred].filter((gram) => ref.has(gram)).length, pred.size, ref.size);
}

function f(common: number, predicted: number, wanted: number): number {
  const p = predicted === 0 ? 0 : common / predicted;
  const r = wanted === 0 ? 0 : common / wanted;
  return 2 * ((p * r) / (p + r + 1e-8));
}
