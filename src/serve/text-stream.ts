import type { Codec } from "../prompts/generate.ts";

/** What a decoder writes for bytes that are no whole character, or none yet. */
const HALF = "\ufffd";

/**
 * The text of tokens as they come, in whole characters: what all calls answer, joined, is the text of all tokens. A character
 * may take several tokens, and how a token reads may hang on the one before.
 */
export interface TextStream {
  push(tokens: readonly number[]): string;
  /** What was held back, once no more will come. */
  end(): string;
}

export function textStream({ decode }: Pick<Codec, "decode">): TextStream {
  /** The tokens of the last piece that was whole, then those that are not told yet. */
  let tokens: readonly number[] = [];
  let told = 0;
  let before = "";
  return {
    push: (more) => {
      tokens = [...tokens, ...more];
      const now = decode(tokens);
      if (now.length <= before.length || now.endsWith(HALF) || !now.startsWith(before)) return "";
      const fresh = now.slice(before.length);
      tokens = tokens.slice(told);
      told = tokens.length;
      before = decode(tokens);
      return fresh;
    },
    end: () => {
      const now = decode(tokens);
      return now.startsWith(before) ? now.slice(before.length) : "";
    },
  };
}
