import { TagprError } from "../core/errors.ts";
import { seedOf } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import type { Ask, Drawn, Reply, Tools, Weights } from "../eval/types.ts";
import { type Cut, type FittedPrompt, fitPrompt } from "../prompts/budget.ts";
import type { Around } from "../prompts/chat.ts";

/** How a method asks for one response a query. */
export interface Asking {
  /** Whose weights answer queries of a task. */
  readonly weights: (task: string) => Weights;
  /** The items that the prompt shows, oldest first. */
  readonly items: (example: ShownExample) => readonly ProfileItem[];
  /** Thinking on, and the tags named; or the answer at once. */
  readonly reasoning: boolean;
  /** Words of the method's own around the query. */
  readonly around?: (example: ShownExample) => Around;
}

/**
 * The greedy response to each example, and what `tools.draw` asks for beside it: everything in one unit of the engine, where
 * the prompt of a query is computed once.
 */
export async function askEach(examples: readonly ShownExample[], tools: Tools, asking: Asking): Promise<Reply[]> {
  const prompts = examples.map((example) => promptFor(example, tools, asking));
  const asks = zipStrict(examples, prompts).map(([example, { tokens }]) => asksFor(example, tokens, tools));
  const drawn = await sampleEach(
    zipStrict(examples, asks).map(([example, own]) => ({ weights: asking.weights(example.task), asks: own })),
    tools,
  );
  return zipStrict(zipStrict(examples, prompts), drawn).map(([[example, prompt], [greedy, samples]]) => {
    const [first] = greedy ?? [];
    if (first === undefined) throw new TagprError("engine", `no response to query ${example.id}`);
    return {
      ...said(first, tools, asking.reasoning),
      shown: keptItems(asking.items(example), prompt.cut),
      cut: prompt.cut,
      cost: { promptTokens: prompt.tokens.length, sampledTokens: first.tokens, responses: 1 },
      ...(samples === undefined ? {} : { samples: samples.map((one) => said(one, tools, asking.reasoning)) }),
    };
  });
}

/** The chat prompt of an example within the budget. */
export const promptFor = (example: ShownExample, tools: Tools, { items, reasoning, around }: Asking): FittedPrompt =>
  fitPrompt({
    ...{ task: taskOf(tools, example), example, items: items(example) },
    style: { reasoning, tags: reasoning ? tools.tags : [] },
    ...(around === undefined ? {} : { around: around(example) }),
    ...{ renderer: tools.renderer, maxTokens: tools.promptTokens },
  });

/** Greedy, and the samples of `eval.samples`, whose seeds are the query's: whoever draws so many of this prompt draws these. */
function asksFor(example: ShownExample, prompt: readonly number[], { draw, seed }: Tools): Ask[] {
  const greedy = { prompt, seed: 0 };
  return draw === null ? [greedy] : [greedy, { prompt, ...draw, seed: sampleSeed(seed, example) }];
}

export const sampleSeed = (seed: number, { task, id }: ShownExample): number =>
  seedOf(seed, "eval", "samples", task, id);

/** All asks of all examples, a call a model; `result[i][k]` are the responses to `wanted[i].asks[k]`. */
export async function sampleEach(
  wanted: readonly { readonly weights: Weights; readonly asks: readonly Ask[] }[],
  tools: Pick<Tools, "sample">,
): Promise<Drawn[][][]> {
  const results = wanted.map((): Drawn[][] => []);
  for (const weights of new Set(wanted.map((one) => one.weights))) {
    const own = wanted.flatMap((one, i) => (one.weights === weights ? one.asks.map((ask) => ({ i, ask })) : []));
    const drawn = await tools.sample(
      weights,
      own.map(({ ask }) => ask),
    );
    for (const [{ i }, responses] of zipStrict(own, drawn)) results[i]?.push(responses);
  }
  return results;
}

/** A sampled response as a reader sees it: with what the chat template itself began. */
export const said = (
  { text, tokens, truncated }: Drawn,
  { renderer }: Pick<Tools, "renderer">,
  reasoning: boolean,
) => ({
  response: (reasoning ? renderer.responsePrefix : "") + text,
  tokens,
  truncated,
});

/** Items that the prompt holds, in its numbering: the whole text of those that were cut, without those left out. */
export function keptItems(items: readonly ProfileItem[], cut: readonly Cut[]): readonly ProfileItem[] {
  const out = new Set(cut.flatMap(({ item, field }) => (field === null ? [item] : [])));
  return items.filter(({ id }) => !out.has(id));
}

export function taskOf({ tasks }: Pick<Tools, "tasks">, example: ShownExample): Task {
  const task = tasks.get(example.task);
  if (task === undefined) throw new RangeError(`no task ${example.task}`);
  return task;
}
