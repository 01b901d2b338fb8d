import { TYPES } from "../lexicon.ts";
import { itemStatement, queryStatement, statement, typeStatement } from "../prose.ts";
import { type Content, entry, type Shape } from "../shape.ts";
import { SHAPES } from "../shapes.ts";

/** One line of a scripted chain, as said and as read back. */
export type Line =
  | { readonly kind: "asked"; readonly words: string }
  | { readonly kind: "item" | "match"; readonly i: number; readonly said: string }
  | { readonly kind: "most"; readonly outcome: string }
  | { readonly kind: "vote"; readonly said: string; readonly types: readonly string[] }
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "usual"; readonly type: string; readonly said: string }
  | { readonly kind: "common" | "check"; readonly said: string }
  | { readonly kind: "decision"; readonly said: string }
  | { readonly kind: "idle" };

/** The lines that scripted chains are made of; item, type and query statements are the base model's own prose. */
export const say = {
  asked: (shape: Shape, content: Content) => `query ${shape.contentWords(content)}`,
  item: (shape: Shape, i: number, content: Content, outcome: number) => itemStatement(shape, i, content, outcome),
  match: (shape: Shape, i: number, content: Content, outcome: number) =>
    `match ${itemStatement(shape, i, content, outcome)}`,
  most: (shape: Shape, outcome: number) => `most ${shape.outcomeWord(outcome)}`,
  /** An item and every type that would have done the same: `music psychology cynic rebel`. */
  vote: (shape: Shape, content: Content, outcome: number, types: readonly string[]) =>
    [statement(shape, content, outcome), ...types].join(" "),
  type: (type: string) => `type ${type}`,
  usual: typeStatement,
  common: (shape: Shape, content: Content, outcome: number) => `common ${statement(shape, content, outcome)}`,
  check: (shape: Shape, content: Content, outcome: number) => `check ${statement(shape, content, outcome)}`,
  decision: queryStatement,
} as const;

/** Talk that says nothing. */
export const IDLE: readonly string[] = [
  "so there are so many items here and all of these are shown",
  "now read it again and again to be sure of it",
  "this could be one or the other or it could not",
  "think about the user and then think about it once more",
  "it is known that likes are not always the same",
];

const SAID = new Map(Object.values(SHAPES).map((shape) => [shape, statements(shape)]));

/** Every statement that a shape has, with the outcome it ends in. */
function statements(shape: Shape): Map<string, string> {
  const outcomes = Array.from({ length: shape.outcomes }, (_, o) => o);
  return new Map(shape.contents.flatMap((c) => outcomes.map((o) => [statement(shape, c, o), shape.outcomeWord(o)])));
}

/** The outcome's word at the end of a statement, or null when it is no statement of the world. */
export function outcomeSaid(said: string): string | null {
  for (const all of SAID.values()) {
    const outcome = all.get(said);
    if (outcome !== undefined) return outcome;
  }
  return null;
}

/** Reads one line, from its words alone. */
export function readLine(text: string): Line {
  const [head = "", ...rest] = text.trim().split(/\s+/);
  const said = rest.join(" ");
  const outcome = outcomeSaid(said);
  if (head === "query" && said !== "")
    return outcome === null ? { kind: "asked", words: said } : { kind: "decision", said };
  if (/^\d+$/.test(head) && outcome !== null) return { kind: "item", i: Number(head), said };
  if (head === "match" && outcomeSaid(rest.slice(1).join(" ")) !== null)
    return { kind: "match", i: Number(entry(rest, 0)), said: rest.slice(1).join(" ") };
  if (head === "most" && rest.length === 1) return { kind: "most", outcome: said };
  if (head === "type" && TYPES.includes(said)) return { kind: "type", type: said };
  if (TYPES.includes(head) && outcome !== null) return { kind: "usual", type: head, said };
  if ((head === "common" || head === "check") && outcome !== null) return { kind: head, said };
  return readVote(text.trim().split(/\s+/)) ?? { kind: "idle" };
}

function readVote(words: readonly string[]): Line | null {
  const at = words.findIndex((word) => TYPES.includes(word));
  const said = words.slice(0, at).join(" ");
  const types = words.slice(at);
  const ok = at > 0 && outcomeSaid(said) !== null && types.every((word) => TYPES.includes(word));
  return ok ? { kind: "vote", said, types } : null;
}
