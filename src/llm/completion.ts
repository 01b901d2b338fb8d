import { z } from "zod";
import { withOpening } from "./think.ts";
import type { ChatResult } from "./types.ts";

const text = z.string().nullish().catch(null);
const tokens = z.number().nonnegative().transform(Math.round).nullish().catch(null);

/** Enough of a chat completion; endpoints differ in the rest, and no side field's form may cost a paid answer. */
const choice = z.object({
  message: z.object({
    content: z
      .union([z.string(), z.array(z.unknown())])
      .nullish()
      .catch(null),
    reasoning_content: text,
    reasoning: text,
    refusal: text,
  }),
  finish_reason: text,
});
const completion = z.object({
  choices: z.array(z.unknown()).min(1, "is empty"),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
});
type Choice = z.output<typeof choice>;

/**
 * The samples of one answer, at most `n` of them.
 * @throws Error with a few words when there are none
 */
export function readCompletion(body: unknown, n: number): ChatResult {
  const read = completion.safeParse(body);
  if (!read.success) throw noCompletion(read.error);
  const { usage } = read.data;
  const all = read.data.choices.map((one) => choice.safeParse(one));
  // One that is broken costs none of its neighbours, which are paid for.
  const choices = all.flatMap(({ data }) => data ?? []).slice(0, n);
  const broken = all.find(({ success }) => !success);
  if (choices.length === 0 && broken?.error) throw noCompletion(broken.error, "choices");
  const refused = choices.every(isRefusal) ? (choices[0]?.message.refusal ?? "content filter") : undefined;
  return {
    texts: choices.map(textOf),
    truncated: choices.map((choice) => choice.finish_reason === "length"),
    usage: { promptTokens: usage?.prompt_tokens ?? 0, completionTokens: usage?.completion_tokens ?? 0 },
    ...(refused === undefined ? {} : { refused }),
  };
}

function noCompletion({ issues }: z.ZodError, ...before: string[]): Error {
  const { path = [], message = "" } = issues[0] ?? {};
  const place = [...before, ...path].join(".");
  return new Error(`no chat completion (${[place, message].filter((part) => part !== "").join(": ")})`);
}

const isRefusal = ({ message, finish_reason }: Choice): boolean =>
  said(message.content).text === "" && (Boolean(message.refusal) || finish_reason === "content_filter");

/** Reasoning models give their thoughts in a field or in parts of their own; a refusal is what the model said. */
function textOf({ message }: Choice): string {
  const parts = said(message.content);
  const content = parts.text || (message.refusal ?? "");
  const thoughts = message.reasoning_content || message.reasoning || parts.thoughts;
  return thoughts ? `<think>\n${thoughts.trim()}\n</think>\n\n${content.trim()}` : withOpening(content);
}

/** Content as a text, or as a list of parts: `{type: "text", text}`, `{type: "thinking", thinking: […]}`, plain texts. */
function said(content: string | readonly unknown[] | null | undefined): { text: string; thoughts: string } {
  if (typeof content === "string") return { text: content, thoughts: "" };
  const parts = (content ?? []).map((part) => {
    if (typeof part === "string") return { text: part, thoughts: "" };
    const { type, ...rest } = (part ?? {}) as Record<string, unknown>;
    const words = wordsOf(rest.thinking ?? rest.reasoning ?? rest.text ?? rest.content ?? "");
    return /think|reason/.test(String(type)) ? { text: "", thoughts: words } : { text: words, thoughts: "" };
  });
  return {
    text: parts.map((part) => part.text).join(""),
    thoughts: parts.map((part) => part.thoughts).join(""),
  };
}

function wordsOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value))
    return value.map((part) => (typeof part === "string" ? part : wordsOf(part?.text))).join("");
  return "";
}
