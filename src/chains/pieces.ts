import type { Language } from "../data/types.ts";
import type { Segment } from "./types.ts";

/** A line or sentence of a chain, and the white space that follows it. */
export interface Piece {
  readonly text: string;
  readonly gap: string;
}

/** A tagged step, as it will stand in the chain. */
export interface TaggedStep {
  readonly tag: string;
  readonly text: string;
}

/**
 * The smallest parts that tags are given to: lines, and the sentences of lines that hold several. Taggers answer with
 * numbers of pieces, so that they can't change a word of the reasoning.
 */
export function splitPieces(reasoning: string, language: Language): Piece[] {
  const sentences = new Intl.Segmenter(language, { granularity: "sentence" });
  const pieces: Piece[] = [];
  for (const line of reasoning.split("\n")) {
    const parts = /[.!?。！？]/.test(line) ? [...sentences.segment(line)].map(({ segment }) => segment) : [line];
    for (const part of parts)
      if (part.trim() !== "") pieces.push({ text: part.trim(), gap: part.slice(part.trimEnd().length) });
    const last = pieces.at(-1);
    if (last) pieces[pieces.length - 1] = { ...last, gap: "\n" };
  }
  return pieces;
}

/** The steps that segments make of pieces. */
export function stepsOf(pieces: readonly Piece[], segments: readonly Segment[]): TaggedStep[] {
  return segments.map(({ from, to, tag }) => ({ tag, text: join(pieces.slice(from, to + 1)) }));
}

function join(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text, gap }) => text + gap)
    .join("")
    .trim();
}

/** The completion that is trained on; markup stands on lines of its own, so that the lines between are the prose's own. */
export function taggedCompletion(steps: readonly TaggedStep[], answer: string): string {
  return completion(
    steps.map(({ tag, text }) => `<${tag}>\n${text}\n</${tag}>`),
    answer,
  );
}

/** The same with the tags stripped. */
export function untaggedCompletion(steps: readonly TaggedStep[], answer: string): string {
  return completion(
    steps.map(({ text }) => text),
    answer,
  );
}

function completion(parts: readonly string[], answer: string): string {
  return `<think>\n${parts.join("\n")}\n</think>\n\n${answer}`;
}
