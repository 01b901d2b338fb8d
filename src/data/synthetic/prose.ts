import type { Content, Shape } from "./shape.ts";

/*
 * The statements that reasoning in this world is made of. The pre-trained base strings them together untagged; tagged
 * chains put the same ones between tags. The outcome stands right after the content: a constant word between them
 * hides the key from so small a model (docs/log.md).
 */

/** What item i shows (i counts from 1): `3 ruin dystopia`, `3 superb 4`, `3 graphs noise meets`. */
export function itemStatement(shape: Shape, i: number, content: Content, outcome: number): string {
  return `${i} ${statement(shape, content, outcome)}`;
}

/** What the query will get: `query ruin dystopia`. */
export function queryStatement(shape: Shape, content: Content, outcome: number): string {
  return `query ${statement(shape, content, outcome)}`;
}

/** What is usual for a type: `realist ruin dystopia`. */
export function typeStatement(shape: Shape, type: string, content: Content, outcome: number): string {
  return `${type} ${statement(shape, content, outcome)}`;
}

/** Content, then outcome. A title's topics say nothing about its template, so they are left out of the key. */
export function statement(shape: Shape, content: Content, outcome: number): string {
  return shape.name === "title"
    ? `${shape.outcomeWord(outcome)}`
    : `${shape.contentWords(content)} ${shape.outcomeWord(outcome)}`;
}

/** A whole response: thoughts between `<think>` and `</think>`, a blank line, the answer. */
export function response(thoughts: readonly string[], answer: string): string {
  return `<think>\n${thoughts.join("\n")}\n</think>\n\n${answer}`;
}
