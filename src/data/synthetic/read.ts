import type { Content, Shape } from "./shape.ts";
import { SHAPES } from "./shapes.ts";

/** A history line as anyone can read it. */
export interface ReadItem {
  readonly text: string;
  readonly answer: string;
  /** Null where the text speaks of nothing the world knows, or the answer is none of the world's. */
  readonly content: Content | null;
  readonly outcome: number | null;
}

/** A prompt as anyone can read it: its shape, the items shown, the query. */
export interface ReadPrompt {
  readonly shape: Shape;
  readonly items: readonly ReadItem[];
  readonly query: string;
  readonly content: Content | null;
}

/** The shape that an input's wording belongs to, or null. */
export function shapeOfInput(input: string): Shape | null {
  const found = Object.values(SHAPES).find((shape) => {
    const template = shape.input("");
    return input.includes(template.trimEnd());
  });
  return found ?? null;
}

/** The query text inside LaMP's input: what follows the template. */
export function queryText(shape: Shape, input: string): string {
  const template = shape.input("").trimEnd();
  const at = input.lastIndexOf(template);
  return (at < 0 ? input : input.slice(at + template.length)).trim();
}

/** One item by its two fields. */
export function readItem(shape: Shape, text: string, answer: string): ReadItem {
  return { text, answer, content: shape.read(text), outcome: shape.readAnswer(answer) };
}

/**
 * Reads the user message of the chat form (`[i] text | tag: label` lines, then the input), from the text alone; null
 * when its input is none of the world's.
 */
export function readPrompt(user: string): ReadPrompt | null {
  const shape = shapeOfInput(user);
  if (!shape) return null;
  const items: ReadItem[] = [];
  const mark = ` | ${shape.labelField}: `;
  for (const line of user.split("\n")) {
    const at = line.lastIndexOf(mark);
    const body = /^\[\d+\] /.exec(line);
    if (!body) continue;
    const whole = line.slice(body[0].length);
    // A tweet is text and answer in one.
    if (shape.textField === shape.labelField) items.push(readItem(shape, whole, whole));
    else if (at > 0) items.push(readItem(shape, line.slice(body[0].length, at), line.slice(at + mark.length)));
  }
  const query = queryText(shape, user);
  return { shape, items, query, content: shape.read(query) };
}
