import type { PrmuConfig } from "../core/config/schema.ts";
import { type Random, stream } from "../core/random.ts";
import { wordsOf } from "../core/words.ts";
import { labelOf } from "../data/item-label.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { type Statement, statements } from "../rewards/grounding.ts";
import { alike, inTurns, type Scored, toScored } from "./pairs.ts";
import type { PairSource, Sampled } from "./sample.ts";
import { splitter } from "./split.ts";

/**
 * Faults planted in held-out responses (ours), never trained on: `invented`, what a chain says of the shown items is made
 * false; `other_profile`, the response was written from another user's items and is scored for this one.
 */
export type FaultKind = "invented" | "other_profile";
export const FAULTS = ["invented", "other_profile"] as const;
export type FaultPair = Scored & { readonly kind: FaultKind };

/** At most `pairs_per_query` pairs of each fault a held-out query. */
export function plantFaults(
  sources: readonly PairSource[],
  tasks: readonly Task[],
  config: PrmuConfig,
  seed: number,
): FaultPair[] {
  const splitOf = splitter(
    sources.map(({ example }) => example),
    config.held_out,
    seed,
  );
  const held = sources.filter(({ example }) => splitOf(example) === "held_out");
  const chosen = FAULTS.flatMap((kind) => {
    const lists = held.map((source) => {
      const random = stream(seed, "prmu", "fault", kind, source.example.task, source.example.id);
      const task = tasks.find(({ name }) => name === source.example.task);
      return random.shuffle(kind === "invented" ? invented(source, task, random) : swapped(source));
    });
    return inTurns(lists, config.pairs_per_query).map((pair) => ({ kind, ...pair }));
  });
  return chosen.map((pair, id) => ({ ...pair, id }));
}

type Unnumbered = Omit<Scored, "id">;

const swapped = (source: PairSource): Unnumbered[] =>
  source.withProfile.flatMap((own) =>
    source.otherProfile
      .filter((other) => alike(own, other) && own.text !== other.text)
      .map((other) => toScored(source.example, own, other)),
  );

function invented(source: PairSource, task: Task | undefined, random: Random): Unnumbered[] {
  if (task === undefined) return [];
  return source.withProfile.flatMap((own: Sampled) => {
    const text = own.formatOk ? invent(own.text, task, source.example, random) : null;
    return text === null ? [] : [toScored(source.example, own, { ...own, text })];
  });
}

/**
 * The same response with true statements about the shown items made false: of each with a label every second is given
 * another label, of each in quotation marks the words come in another order; one at least. Null where it states nothing.
 */
export function invent(text: string, task: Task, example: ShownExample, random: Random): string | null {
  const end = text.lastIndexOf("</think>");
  const chain = end < 0 ? text : text.slice(0, end);
  const stated = statements(chain, task, example).flatMap((said) => {
    const lie = said.fault === null ? falsified(said.text, said.kind, task, example, random) : null;
    return lie === null ? [] : [{ said: said.text, lie }];
  });
  const first = random.int(Math.max(1, stated.length));
  const told = stated.filter((_, i) => i === first || random.next() < 0.5);
  if (told.length === 0) return null;
  return told.reduce((made, { said, lie }) => made.replace(said, () => lie), chain) + text.slice(chain.length);
}

function falsified(
  said: string,
  kind: Statement["kind"],
  task: Task,
  example: ShownExample,
  random: Random,
): string | null {
  if (kind === "quote") {
    const words = wordsOf(said).reverse();
    const turned = words.join(/\p{Script=Han}/u.test(said) ? "" : " ");
    return statements(`"${turned}"`, task, example).some(({ fault }) => fault !== null) ? turned : null;
  }
  // The longest: a dark comedy ends with a comedy.
  const own = example.shown
    .flatMap((item) => labelOf(task, item) ?? [])
    .filter((label) => said.toLowerCase().endsWith(label))
    .sort((a, b) => b.length - a.length)[0];
  if (own === undefined) return null;
  const others = task.labels.filter((label) => label.toLowerCase() !== own);
  return others.length === 0 ? null : said.slice(0, said.length - own.length) + random.pick(others);
}
