import type { Chain } from "../chains/types.ts";
import { TagprError } from "../core/errors.ts";
import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import type { ShownExample } from "../data/types.ts";
import { type Codec, responseTokens } from "../prompts/generate.ts";
import type { Accepted } from "./rejection.ts";

/** One completion to learn, in tokens. */
export interface SftItem {
  /** `task/query/i` */
  readonly id: string;
  /** `task/query` */
  readonly query: string;
  readonly task: string;
  readonly prompt: readonly number[];
  /** With the end-of-turn token. */
  readonly completion: readonly number[];
}

export interface SftItemOptions {
  readonly codec: Codec;
  /** Chat prompt of an example, generation prompt included. */
  readonly promptOf: (example: ShownExample) => readonly number[];
  /** What the chat template already writes of a response (`Renderer.responsePrefix`): not learnt again. */
  readonly prefix?: string;
  /** Prompt + completion at most; longer ones are left out and counted. */
  readonly maxTokens: number;
  /** Only so many training items, of whole queries drawn at random (the last may give some of its own alone). */
  readonly most?: { readonly chains: number; readonly seed: number };
}

export interface SftItems {
  readonly train: readonly SftItem[];
  readonly heldOut: readonly SftItem[];
  readonly tooLong: number;
}

/** Chains as training items, with their tags or without; `examples` are the chains' queries. */
export function sftItems(
  chains: readonly Chain[],
  examples: readonly ShownExample[],
  options: SftItemOptions & { readonly form?: "tagged" | "untagged" },
): SftItems {
  const byQuery = new Map(examples.map((example) => [`${example.task}/${example.id}`, example]));
  const wanted = chains.map((chain): Wanted => {
    const key = `${chain.task}/${chain.query}`;
    const example = byQuery.get(key);
    if (example === undefined)
      throw new TagprError("data", `chain ${key} has no query among the examples`, {
        hint: "The chains belong to other data: run the chains stage again.",
      });
    const text = options.form === "untagged" ? chain.untagged : chain.completion;
    return { id: `${key}/${chain.i}`, example, text, held: chain.split !== "train" };
  });
  return itemsOf(wanted, options);
}

/** True answers as training items, for SFT without reasoning; `share` of the queries is held out. */
export function goldItems(
  examples: readonly ShownExample[],
  options: SftItemOptions,
  { share, seed }: { readonly share: number; readonly seed: number },
): SftItems {
  const wanted = examples.flatMap((example): Wanted[] => {
    if (example.gold === null) return [];
    const held = stream(seed, "sft", "held-out", example.task, example.id).next() < share;
    return [{ id: `${example.task}/${example.id}/gold`, example, text: example.gold, held }];
  });
  return itemsOf(wanted, options);
}

/** Accepted responses as training items ({@link Accepted}); `share` of their queries is held out. */
export function acceptedItems(
  accepted: readonly Accepted[],
  examples: readonly ShownExample[],
  options: SftItemOptions,
  { share, seed }: { readonly share: number; readonly seed: number },
): SftItems {
  const byQuery = new Map(examples.map((example) => [`${example.task}/${example.id}`, example]));
  const wanted = accepted.flatMap(({ task, query, text }, i): Wanted[] => {
    const example = byQuery.get(`${task}/${query}`);
    if (example === undefined) return [];
    const held = stream(seed, "rejection", "held-out", task, query).next() < share;
    return [{ id: `${task}/${query}/${i}`, example, text, held }];
  });
  return itemsOf(wanted, options);
}

interface Wanted {
  readonly id: string;
  readonly example: ShownExample;
  readonly text: string;
  readonly held: boolean;
}

function itemsOf(wanted: readonly Wanted[], options: SftItemOptions): SftItems {
  const { codec, promptOf, prefix, maxTokens, most } = options;
  const out = { train: [] as SftItem[], heldOut: [] as SftItem[], tooLong: 0 };
  for (const { id, example, text, held } of wanted) {
    const prompt = promptOf(example);
    const completion = responseTokens(codec, text, prefix);
    const item = { id, query: `${example.task}/${example.id}`, task: example.task, prompt, completion };
    if (prompt.length + completion.length > maxTokens) out.tooLong++;
    else (held ? out.heldOut : out.train).push(item);
  }
  return most === undefined ? out : { ...out, train: someOf(out.train, most.chains, most.seed) };
}

function someOf(items: readonly SftItem[], count: number, seed: number): SftItem[] {
  const queries = stream(seed, "sft", "some").shuffle([...groupBy(items, (item) => item.query).values()]);
  const kept = new Set(queries.flat().slice(0, count));
  return items.filter((item) => kept.has(item));
}
