import { readSaid } from "../eval/said.ts";
import type { Statement } from "../rewards/grounding.ts";
import type { Compute, ComputeRequest } from "./compute.ts";
import { exampleOf, type Prepared, type PrepareTools } from "./prepare.ts";
import { splitter, stopper } from "./split.ts";

/** How answers to one question are drawn. */
export interface Drawing {
  readonly n: number;
  readonly maxTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  /** Texts that end the answer, and are no part of it; a chain may hold them. */
  readonly stop: readonly string[];
  /** See {@link ComputeRequest}. */
  readonly cacheSalt?: string | undefined;
}

/** What comes while a question is answered: a stretch of one choice, `finish` with its last. */
export interface Piece {
  readonly choice: number;
  readonly reasoning: string;
  readonly content: string;
  readonly tokens: number;
  readonly finish: "stop" | "length" | null;
}

/** One step of a chain, and which of its statements about the history are not so. */
export interface SaidStep {
  /** Null for text outside of any tag. */
  readonly tag: string | null;
  readonly text: string;
  /** Statements about the shown items or the query that can be checked. */
  readonly stated: number;
  readonly false: readonly Pick<Statement, "text" | "kind" | "fault">[];
}

/** One answer, and how it came about. */
export interface Choice {
  readonly index: number;
  /** The chain as written, without `<think>`. */
  readonly reasoning: string;
  readonly content: string;
  readonly finish: "stop" | "length";
  readonly tokens: number;
  readonly steps: readonly SaidStep[];
  /** The answer as the task's strict reading has it: a label, a grade, a text; null when unreadable. */
  readonly answer: string | null;
  /** The same read leniently; "" when nothing can be read. */
  readonly read: string;
  /** The first thing that is not clean in its form; null where nothing is. */
  readonly fault: string | null;
}

export interface AnswerTools extends PrepareTools {
  readonly compute: Compute;
  /** Drops the vectors of texts that are in memory. */
  readonly forget?: () => void;
}

/**
 * Answers a prepared question, piece by piece; returns the choices, read whole. Leaving early, or aborting, cancels the sampling.
 */
export async function* answer(
  tools: AnswerTools,
  prepared: Prepared,
  drawing: Drawing,
  signal: AbortSignal,
): AsyncGenerator<Piece, Choice[]> {
  const { style } = tools.model;
  const prefix = style.reasoning ? tools.renderer.responsePrefix : "";
  const voices = Array.from({ length: drawing.n }, () => voice(style.reasoning, prefix, drawing.stop));
  const { n, maxTokens, temperature, topP, seed, cacheSalt } = drawing;
  const request = { prompt: prepared.prompt, n, maxTokens, temperature, topP, seed, cacheSalt };
  for await (const delta of tools.compute.complete(request, signal)) {
    const piece = voices[delta.choice]?.hear(delta);
    if (piece !== undefined) yield { choice: delta.choice, ...piece };
    if (voices.every(({ ended }) => ended())) break;
  }
  return voices.map((one, index) => readChoice(tools, prepared, index, one.told()));
}

/** The same at once. */
export async function answerOne(
  tools: AnswerTools,
  prepared: Prepared,
  drawing: Drawing,
  signal: AbortSignal,
): Promise<Choice[]> {
  const pieces = answer(tools, prepared, drawing, signal);
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return next.value;
  }
}

type Told = Pick<Choice, "reasoning" | "content" | "finish" | "tokens"> & { readonly text: string };

/** One choice as it is said. */
function voice(reasoning: boolean, prefix: string, stops: readonly string[]) {
  const [parts, stop] = [splitter(reasoning), stopper(stops)];
  const told = { reasoning: "", content: "", tokens: 0, text: prefix };
  let finish: "stop" | "length" | null = null;
  let stopped = false;
  let first = prefix;
  const say = (part: { reasoning: string; content: string }, last: boolean): { reasoning: string; content: string } => {
    const next = stop.push(part.content);
    stopped = next.stopped;
    const content = last && !stopped ? next.text + stop.end() : next.text;
    told.reasoning += part.reasoning;
    told.content += content;
    return { reasoning: part.reasoning, content };
  };
  return {
    ended: (): boolean => finish !== null,
    /** Undefined once the choice has ended. */
    hear: (delta: {
      text: string;
      tokens: number;
      finish: "stop" | "length" | null;
    }): Omit<Piece, "choice"> | undefined => {
      if (finish !== null) return undefined;
      told.text += delta.text;
      told.tokens += delta.tokens;
      const part = parts.push(first + delta.text);
      first = "";
      const rest = delta.finish === null ? { reasoning: "", content: "" } : parts.end();
      const whole = { reasoning: part.reasoning + rest.reasoning, content: part.content + rest.content };
      const said = say(whole, delta.finish !== null);
      finish = stopped ? "stop" : delta.finish;
      return { ...said, tokens: delta.tokens, finish };
    },
    told: (): Told => {
      // What a stop string cut off is no part of the response.
      const chain = told.reasoning === "" ? "" : `<think>${told.reasoning}</think>`;
      const text = stopped ? `${chain}${told.content}` : told.text;
      return { ...told, text, finish: finish ?? "length" };
    },
  };
}

function readChoice({ model }: AnswerTools, prepared: Prepared, index: number, told: Told): Choice {
  const { text, ...said } = told;
  const { task } = prepared.question;
  const by = { task, reasoning: model.style.reasoning, truncated: told.finish === "length" };
  const { reading, strict, lenient, stated } = readSaid(text, { ...by, example: exampleOf(prepared) });
  return {
    index,
    ...said,
    steps: reading.steps.map(({ tag, text: step }, i) => ({
      ...{ tag, text: step, stated: stated[i]?.length ?? 0 },
      false: (stated[i] ?? [])
        .filter(({ fault }) => fault !== null)
        .map(({ text, kind, fault }) => ({ text, kind, fault })),
    })),
    ...{ answer: strict, read: lenient, fault: reading.why },
  };
}
