import { stem } from "./porter.ts";

/**
 * rouge_score's words: lower-cased, everything but [a-z0-9] parts words. So Chinese text has none; with `stem`, words
 * of more than three letters are stemmed (Porter, NLTK's mode).
 */
export function englishWords(text: string, options: { stem?: boolean } = {}): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return options.stem === true ? words.map((word) => (word.length > 3 ? stem(word) : word)) : words;
}

/** Every character but white space, lower-cased, punctuation kept: the `char` convention for Chinese. */
export function characters(text: string): string[] {
  return [...text.toLowerCase()].filter((c) => !/\s/u.test(c));
}

/** Tokens of a segmenter such as jieba, without those that are white space, as every convention in use drops them. */
export const nonBlank = (tokens: readonly string[]): string[] => tokens.filter((token) => token.trim() !== "");

/**
 * One number per distinct token of a pair of texts, equal tokens equal numbers: what the counting below works on.
 */
export function numbered(a: readonly string[], b: readonly string[]): [Int32Array, Int32Array] {
  const ids = new Map<string, number>();
  const number = (tokens: readonly string[]) => {
    const out = new Int32Array(tokens.length);
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i] ?? "";
      let id = ids.get(token);
      if (id === undefined) {
        id = ids.size;
        ids.set(token, id);
      }
      out[i] = id;
    }
    return out;
  };
  return [number(a), number(b)];
}
