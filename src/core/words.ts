/** A Han character, or a run of letters and digits of any other script. */
const WORD = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}])+/gu;

/** Words of a text, letter case and punctuation aside; Chinese counts by character. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? [];
}
