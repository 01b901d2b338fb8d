import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { readAnswer } from "../prompts/answer.ts";
import { hasMarkup, stepSpans } from "../prompts/chain.ts";
import { readResponse } from "../prompts/response.ts";
import { type Falsified, falsified } from "../rewards/falsify.ts";
import type { Scored } from "./kept.ts";
import type { Drawn, OneAsk, Prediction, Tools, Weights } from "./types.ts";

/*
 * Does the answer hang on the chain (ours)? A step is taken out of it, or what the step claims of the shown items is made false;
 * the chain is closed with the rest, and the model is asked how likely the answer that it gave is behind it, and what it says now.
 */

/** What a chain leads to. */
export interface Led {
  /** Of the answer that was given, its end of turn included; nats. */
  readonly logprob: number;
  /** The greedy answer, read strictly; null when unreadable. */
  readonly answer: string | null;
}

/** One step of a chain, and what the chain leads to without it. */
export interface StepEffect {
  /** Null of text outside of any. */
  readonly tag: string | null;
  /** Counts from 0. */
  readonly at: number;
  readonly out: Led;
  /** With its true claims made false; absent where it makes none that can be. */
  readonly reversed?: Led & { readonly claims: readonly Falsified[] };
}

/** What was found of one answer. */
export interface CausalRow {
  readonly task: string;
  readonly query: string;
  readonly user: string | null;
  /** Why nothing could be asked of it; null where something was. */
  readonly why: string | null;
  /** The answer that was given, read strictly. */
  readonly answer: string | null;
  /** Behind its own chain, as it stands, and behind none at all; null where `why` says so. */
  readonly own: Led | null;
  readonly none: Led | null;
  readonly steps: readonly StepEffect[];
}

/** An answer, and the query that it is to. */
export interface Probed {
  readonly example: ShownExample;
  readonly prediction: Prediction;
  readonly task: Task;
  readonly ask: OneAsk;
}

export interface CausalTools extends Pick<Tools, "sample" | "seed"> {
  readonly renderer: Pick<Tools["renderer"], "encode" | "decode" | "eosIds" | "responsePrefix">;
  /** Sums of nats of completions; kept by content. */
  score(weights: Weights, asks: readonly Scored[]): Promise<number[]>;
}

/** Of so many queries a task; a larger number asks the same ones and more. */
export function chosenForCausal<T extends Pick<ShownExample, "id" | "task">>(
  examples: readonly T[],
  { queries, seed }: { readonly queries: number; readonly seed: number },
): T[] {
  const chosen = [...new Set(examples.map(({ task }) => task))].flatMap((task) =>
    stream(seed, "causal", task)
      .shuffle(examples.filter((one) => one.task === task))
      .slice(0, queries),
  );
  const wanted = new Set(chosen);
  return examples.filter((one) => wanted.has(one));
}

/** Asks about all of them: one unit of scores and one of answers a model. */
export async function causalRows(probed: readonly Probed[], tools: CausalTools): Promise<CausalRow[]> {
  const parted = probed.map((one) => partsOf(one, tools));
  const asked = zipStrict(probed, parted).flatMap(([one, parts]) =>
    typeof parts === "string" ? [] : headsOf(parts).map((head) => askedOf(one, head, parts.tail, tools.renderer)),
  );
  const led = await ledTo(asked, tools);
  let seen = 0;
  return zipStrict(probed, parted).map(([{ prediction, task }, parts]): CausalRow => {
    const { task: name, query, user, strict: answer } = prediction;
    const row = { task: name, query, user, answer };
    if (typeof parts === "string") return { ...row, why: parts, own: null, none: null, steps: [] };
    const next = (): Led => readLed(led[seen++], task);
    const [own, none] = [next(), next()];
    const steps = parts.steps.map(({ tag, reversed }, at): StepEffect => {
      const effect = { tag, at, out: next() };
      return reversed === null ? effect : { ...effect, reversed: { ...next(), claims: reversed.claims } };
    });
    return { ...row, why: null, own, none, steps };
  });
}

/** A response up to `</think>`, what follows, and its steps, each gone or false. */
interface Parts {
  readonly head: string;
  /** The same with nothing in its chain. */
  readonly empty: string;
  readonly tail: string;
  readonly steps: readonly {
    readonly tag: string | null;
    readonly without: string;
    readonly reversed: { readonly head: string; readonly claims: readonly Falsified[] } | null;
  }[];
}

const [OPEN, CLOSE] = ["<think>", "</think>"] as const;

/** Steps as far as they can be told apart; answers why a response has no chain and answer to go on with. */
function partsOf({ example, prediction, task, ask }: Probed, { seed }: Pick<CausalTools, "seed">): Parts | string {
  const { response, truncated } = prediction;
  const read = readResponse(response, { task, truncated });
  if (!read.formatOk) return read.why ?? "";
  if (read.answer === null) return "the answer is none of the task";
  const [from, to] = [response.indexOf(OPEN) + OPEN.length, response.indexOf(CLOSE)];
  const chain = response.slice(from, to);
  const headWith = (own: string): string => `${response.slice(0, from)}${own}${CLOSE}`;
  const steps = stepSpans(chain).map(({ tag, ...span }, at) => {
    const random = stream(seed, "causal", example.task, example.id, at);
    const made = falsified(chain.slice(span.text.from, span.text.to), task, { ...example, shown: ask.shown }, random);
    const reversed =
      made === null
        ? null
        : {
            head: headWith(chain.slice(0, span.text.from) + made.text + chain.slice(span.text.to)),
            claims: made.claims,
          };
    return { tag, without: headWith(chain.slice(0, span.from) + chain.slice(span.to)), reversed };
  });
  return { head: headWith(chain), empty: headWith("\n"), tail: response.slice(to + CLOSE.length), steps };
}

/** In the order in which {@link causalRows} reads what they lead to. */
const headsOf = ({ head, empty, steps }: Parts): string[] => [
  head,
  empty,
  ...steps.flatMap(({ without, reversed }) => (reversed === null ? [without] : [without, reversed.head])),
];

interface AskedHead extends Scored {
  readonly weights: Weights;
  /** Text of the response that is gone on with. */
  readonly begun: string;
}

/**
 * The head in tokens as they are where the answer follows: where a tokenizer joins the two, what it joins is left to the
 * model and scored with the answer.
 */
function askedOf({ ask }: Probed, head: string, tail: string, renderer: CausalTools["renderer"]): AskedHead {
  const { responsePrefix: prefix, eosIds } = renderer;
  const own = prefix !== "" && head.startsWith(prefix) ? head.slice(prefix.length) : head;
  const [alone, whole] = [renderer.encode(own), renderer.encode(own + tail)];
  const parted = alone.findIndex((token, i) => token !== whole[i]);
  const common = whole.slice(0, parted < 0 ? alone.length : parted);
  return {
    weights: ask.weights,
    prompt: [...ask.prompt, ...common],
    completion: [...whole.slice(common.length), ...eosIds.slice(0, 1)],
    begun: renderer.decode(common),
  };
}

interface Raw {
  readonly logprob: number;
  readonly begun: string;
  readonly drawn: Drawn | undefined;
}

async function ledTo(asked: readonly AskedHead[], tools: CausalTools): Promise<(Raw | undefined)[]> {
  const found = new Map<AskedHead, Raw>();
  for (const weights of new Set(asked.map((one) => one.weights))) {
    const own = asked.filter((one) => one.weights === weights);
    const nats = await tools.score(
      weights,
      own.map(({ prompt, completion }) => ({ prompt, completion })),
    );
    const drawn = await tools.sample(
      weights,
      own.map(({ prompt }) => ({ prompt, seed: 0 })),
    );
    for (const [one, [logprob, [greedy]]] of zipStrict(own, zipStrict(nats, drawn)))
      found.set(one, { logprob, begun: one.begun, drawn: greedy });
  }
  return asked.map((one) => found.get(one));
}

/** What stands behind the one `</think>`, read strictly. */
function readLed(raw: Raw | undefined, task: Task): Led {
  if (raw?.drawn === undefined) throw new TagprError("engine", "no response behind a changed chain");
  const { logprob, begun, drawn } = raw;
  const [, answer, ...more] = (begun + drawn.text).split(CLOSE);
  const readable = answer !== undefined && more.length === 0 && !drawn.truncated && !hasMarkup(answer);
  return { logprob, answer: readable ? readAnswer(task, answer, "strict") : null };
}
