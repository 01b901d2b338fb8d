import { zipStrict } from "../core/zip.ts";
import type { ChatModel, ChatRequest } from "../llm/types.ts";
import { type Piece, splitPieces } from "./pieces.ts";
import { isTagName, tagName } from "./tag-name.ts";
import type { Candidate, Sampling, Segment, Tagger } from "./types.ts";

const HEAD = `You divide a chain of reasoning into steps and name what each step does. The chain answers as one particular user would, from the user's history; its parts are numbered. A step is one or more parts in a row.`;
const FREE = `Choose a short name for each step, in snake_case, that says what kind of reasoning it is, not what it is about.`;
const held = (allowed: readonly string[]): string =>
  `Name each step with one of the allowed tags, the one that fits what it does best, and use no other.\nAllowed tags: ${allowed.join(", ")}`;
const FORM = `Cover every part once, in order; give at least three steps where there are three parts. Answer with JSON and nothing else: {"segments": [{"from": 1, "to": 2, "tag": "name"}, …]}`;

/** The tagger's prompt, for exploratory (`allowed` null) or restricted tagging (paper section 3.2). */
export function tagRequest(
  candidate: Candidate,
  pieces: readonly Piece[],
  allowed: readonly string[] | null,
  sampling: Sampling,
): ChatRequest {
  const numbered = pieces.map(({ text }, k) => `${k + 1}: ${text}`).join("\n");
  const content = `<reasoning>\n${numbered}\n</reasoning>\n<answer>\n${candidate.answer}\n</answer>`;
  return {
    messages: [
      { role: "system", content: [HEAD, allowed ? held(allowed) : FREE, FORM].join("\n") },
      { role: "user", content },
    ],
    n: 1,
    ...sampling,
  };
}

/**
 * The segments in a tagger's answer: a JSON list or an object that holds one, fenced or not, after any thoughts. Parts
 * that were passed over join the step before them. Null when there is no such list, when it runs backwards or beyond
 * the last part, or when a tag is no tag name; restricted answers may still name tags that are not allowed.
 */
export function readSegments(text: string, pieces: number): Segment[] | null {
  const rows = segmentRows(text);
  if (rows === null || rows.length === 0) return null;
  const segments: Segment[] = [];
  let next = 0;
  for (const row of rows) {
    const [from, to] = [Number(row.from) - 1, Number(row.to ?? row.from) - 1];
    const tag = tagName(String(row.tag ?? ""));
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < next || to < from || to >= pieces) return null;
    if (!isTagName(tag)) return null;
    const last = segments.at(-1);
    if (from > next && last) segments[segments.length - 1] = { ...last, to: from - 1 };
    segments.push({ from: last ? from : 0, to, tag });
    next = to + 1;
  }
  const last = segments.at(-1);
  if (last && next < pieces) segments[segments.length - 1] = { ...last, to: pieces - 1 };
  return segments;
}

type Row = Readonly<Record<string, unknown>>;

function segmentRows(text: string): Row[] | null {
  const said = text.slice(text.lastIndexOf("</think>") + 1);
  const begin = said.indexOf("[");
  const end = said.lastIndexOf("]");
  if (begin < 0 || end < begin) return null;
  try {
    const value: unknown = JSON.parse(said.slice(begin, end + 1));
    const isRow = (row: unknown): row is Row => typeof row === "object" && row !== null;
    return Array.isArray(value) && value.every(isRow) ? value : null;
  } catch {
    return null;
  }
}

/** A chat model as tagger. */
export function modelTagger(model: ChatModel, sampling: Sampling = { temperature: 0, maxTokens: 2048 }): Tagger {
  return {
    name: model.name,
    tag: async (candidates, allowed, onDone) => {
      const pieces = candidates.map(({ reasoning, task }) => splitPieces(reasoning, task.language));
      const requests = zipStrict(candidates, pieces).map(([one, parts]) => tagRequest(one, parts, allowed, sampling));
      const results = await model.completeMany(requests, onDone);
      return zipStrict(pieces, results).map(([parts, { texts }]) => readSegments(texts[0] ?? "", parts.length));
    },
    spent: model.spent,
  };
}
