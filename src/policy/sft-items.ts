import type { Chain } from "../chains/types.ts";
import { TagprError } from "../core/errors.ts";
import type { ShownExample } from "../data/types.ts";
import { type Codec, responseTokens } from "../prompts/generate.ts";

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
  /** Which form to learn (`untagged`: the ablation; `answer`: SFT without reasoning). Default: the tagged completion. */
  readonly form?: "tagged" | "untagged" | "answer";
}

/** Chains as training items; `examples` are the chains' queries. */
export function sftItems(
  chains: readonly Chain[],
  examples: readonly ShownExample[],
  options: SftItemOptions,
): { readonly train: SftItem[]; readonly heldOut: SftItem[]; readonly tooLong: number } {
  const byQuery = new Map(examples.map((example) => [`${example.task}/${example.id}`, example]));
  const out = { train: [] as SftItem[], heldOut: [] as SftItem[], tooLong: 0 };
  for (const chain of chains) {
    const key = `${chain.task}/${chain.query}`;
    const example = byQuery.get(key);
    if (example === undefined)
      throw new TagprError("data", `chain ${key} has no query among the examples`, {
        hint: "The chains belong to other data: run the chains stage again.",
      });
    const prompt = options.promptOf(example);
    const completion = responseTokens(options.codec, textOf(chain, options.form ?? "tagged"), options.prefix);
    if (prompt.length + completion.length > options.maxTokens) out.tooLong++;
    else
      (chain.split === "train" ? out.train : out.heldOut).push({
        id: `${key}/${chain.i}`,
        query: key,
        task: chain.task,
        prompt,
        completion,
      });
  }
  return out;
}

const textOf = (chain: Chain, form: "tagged" | "untagged" | "answer"): string =>
  form === "tagged" ? chain.completion : form === "untagged" ? chain.untagged : chain.answer;
