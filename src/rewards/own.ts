import { createHash } from "node:crypto";
import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import type { Store } from "../llm/store.ts";
import type { Response } from "../prompts/response.ts";

/** One response as a signal of one's own sees it; plain JSON. */
export interface OwnItem {
  readonly task: string;
  readonly query: string;
  readonly user: string | null;
  /** The query's own line. */
  readonly input: string;
  /** The items that the prompt shows, oldest first. */
  readonly shown: readonly ProfileItem[];
  readonly gold: string | null;
  /** The whole response, without special tokens. */
  readonly response: string;
  /** As the verifiable reward reads it; null where it can't be read. */
  readonly answer: string | null;
  /** The steps of the chain; a tag is null where text stands outside of tags. */
  readonly steps: readonly { readonly tag: string | null; readonly text: string }[];
  readonly truncated: boolean;
}

/** One score an item, in order; any finite number. */
export type OwnScore = (items: readonly OwnItem[]) => Promise<readonly unknown[]>;

/** A signal of one's own, ready to be asked: a reward beside the paper's five. */
export interface OwnSignal {
  readonly name: string;
  score(items: readonly OwnItem[]): Promise<number[]>;
}

export interface OwnSignalOptions {
  readonly name: string;
  /** Asks for the scores of one batch. */
  readonly ask: OwnScore;
  /** What the scores hang on besides the item: the module's content, or the address, and the version. */
  readonly identity: string;
  /** Scores that were asked for before, by identity and item. */
  readonly store: Store<number>;
  readonly batch: number;
  readonly concurrency: number;
}

/**
 * A signal whose scores are kept as they come: a run that goes on has the very ones that it had before, and what a batch
 * with a bad score scored well is not asked for again.
 */
export function makeOwnSignal({ name, ask, identity, store, batch, concurrency }: OwnSignalOptions): OwnSignal {
  const keyOf = (item: OwnItem): string =>
    createHash("sha256")
      .update(JSON.stringify([identity, item]))
      .digest("hex");
  return {
    name,
    score: async (items) => {
      const keys = items.map(keyOf);
      const missing = new Map(zipStrict(keys, items).filter(([key]) => store.get(key) === undefined));
      const parts = chunks([...missing], batch);
      for (const some of chunks(parts, concurrency)) {
        const outcomes = await Promise.allSettled(some.map((part) => askFor(name, ask, part, store)));
        for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
      }
      return keys.map((key) => store.get(key) ?? Number.NaN);
    },
  };
}

async function askFor(
  name: string,
  ask: OwnScore,
  part: readonly (readonly [string, OwnItem])[],
  store: Store<number>,
): Promise<void> {
  const scores = await ask(part.map(([, item]) => item));
  if (!Array.isArray(scores) || scores.length !== part.length)
    throw bad(
      name,
      `answered ${Array.isArray(scores) ? `${scores.length} scores` : "no list of scores"} for ${part.length} responses`,
    );
  const faults: string[] = [];
  for (const [i, [key, item]] of part.entries()) {
    const score: unknown = scores[i];
    if (typeof score === "number" && Number.isFinite(score)) store.put(key, score);
    else faults.push(`${said(score)} for a response to ${item.task}/${item.query}`);
  }
  if (faults.length > 0) throw bad(name, `gave no number in ${faults.length} of ${part.length} scores: ${faults[0]}`);
}

/** For every fault of a signal of one's own. */
export const KEPT =
  "Scores that came before are kept; mend the signal and start the run again, it goes on from its last checkpoint.";

/** JSON has no NaN. */
const said = (score: unknown): string =>
  typeof score === "number" ? String(score) : (JSON.stringify(score) ?? String(score));

const bad = (name: string, what: string): TagprError =>
  new TagprError("llm", `rewards.own.${name} ${what}`, { hint: KEPT });

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

export function ownItem(example: ShownExample, text: string, truncated: boolean, reading: Response): OwnItem {
  const { task, id, user, input, shown, gold } = example;
  const steps = reading.steps.map((step) => ({ tag: step.tag, text: step.text }));
  return { task, query: id, user, input, shown, gold, response: text, answer: reading.answer, steps, truncated };
}
