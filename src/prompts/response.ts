import type { Task } from "../data/task.ts";
import { readAnswer } from "./answer.ts";
import { hasMarkup, readChain, type Step } from "./chain.ts";

export interface ReadOptions {
  readonly task: Task;
  /** The allowed tags; without them any name is allowed. */
  readonly tags?: readonly string[];
  /** False for methods without reasoning: the whole response is the answer. Default true. */
  readonly reasoning?: boolean;
  /** The response hit its token limit: nothing in it counts as an answer. */
  readonly truncated?: boolean;
}

/** A response, read strictly. Rewards and evaluation use this one reading. */
export interface Response {
  /**
   * Exactly one `<think>…</think>` opens the response (white space aside), is not empty, and a non-empty answer without
   * markup follows. Without reasoning: a non-empty answer without markup.
   */
  readonly formatOk: boolean;
  /** What stands between `<think>` and `</think>`; null when there is no such pair. */
  readonly think: string | null;
  /** Steps as far as they can be told apart; `tag` null is text outside of tags. */
  readonly steps: readonly Step[];
  /** The chain is a clean sequence of tagged steps ({@link readChain}). */
  readonly chainOk: boolean;
  /** First reason why the format or the chain is not clean; null when both are. */
  readonly why: string | null;
  /** First reason why the chain alone is not. */
  readonly chainFault: string | null;
  /** Every step's tag is in the allowed set. */
  readonly tagsAllowed: boolean;
  /** The text after the chain, trimmed, whatever it holds; "" when there is none. What official metrics score. */
  readonly answerText: string;
  /** The answer read strictly: a label, a grade, a non-empty text. Null when unreadable, truncated or hedged. */
  readonly answer: string | null;
  readonly answerOk: boolean;
}

/** Reads one response strictly; see {@link Response} for the rules and `readAnswer` for the answer's. */
export function readResponse(text: string, options: ReadOptions): Response {
  const reasoning = options.reasoning ?? true;
  const parts = reasoning ? split(text) : { think: null, answerText: text.trim(), why: null };
  const truncated = options.truncated === true;
  const chain = readChain(parts.think ?? "");
  const steps = chain.steps;
  const tagsAllowed =
    steps.length > 0 &&
    steps.every((step) => step.tag !== null && (options.tags === undefined || options.tags.includes(step.tag)));
  const formatFault = truncated
    ? "cut off at the token limit"
    : (parts.why ??
      (parts.answerText === "" ? "no answer" : hasMarkup(parts.answerText) ? "markup in the answer" : null));
  const chainFault = parts.think === null ? (reasoning ? "no chain" : null) : chain.fault;
  const formatOk = formatFault === null;
  const answer = formatOk ? readAnswer(options.task, parts.answerText, "strict") : null;
  return {
    formatOk,
    think: parts.think,
    steps,
    chainOk: reasoning && parts.think !== null && chain.fault === null && steps.length > 0,
    why: formatFault ?? chainFault,
    chainFault,
    tagsAllowed,
    answerText: parts.answerText,
    answer,
    answerOk: answer !== null,
  };
}

const OPEN = "<think>";
const CLOSE = "</think>";

/** Chain and answer of a response; `why` says what is wrong with its frame. */
function split(text: string): { think: string | null; answerText: string; why: string | null } {
  const opens = text.split(OPEN).length - 1;
  const closes = text.split(CLOSE).length - 1;
  const begin = text.indexOf(OPEN);
  const end = text.indexOf(CLOSE);
  if (begin < 0) return { think: null, answerText: afterLast(text), why: "no <think>" };
  if (end < begin) return { think: null, answerText: "", why: end < 0 ? "no </think>" : "</think> before <think>" };
  const think = text.slice(begin + OPEN.length, end);
  const why =
    text.slice(0, begin).trim() !== ""
      ? "text before <think>"
      : opens > 1 || closes > 1
        ? "more than one <think> or </think>"
        : think.trim() === ""
          ? "<think> is empty"
          : null;
  return { think, answerText: afterLast(text), why };
}

function afterLast(text: string): string {
  const close = text.lastIndexOf(CLOSE);
  return text.slice(close < 0 ? 0 : close + CLOSE.length).trim();
}
