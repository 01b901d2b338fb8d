import type { Config } from "../core/config/schema.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { type Cut, type FittedPrompt, fitPrompt } from "../prompts/budget.ts";
import { loadRenderer, type Renderer } from "../prompts/renderer.ts";
import { readTags, readTasks } from "./files.ts";

/** The folder of a model by its name, for its tokenizer and chat template. */
export type ModelDir = (name: string) => Promise<string>;

/** How every -R method of a run asks: one renderer, one system prompt, one budget. */
export interface Asking {
  readonly renderer: Renderer;
  readonly tasks: readonly Task[];
  /** The allowed tags of the run. */
  readonly tags: readonly string[];
  /** Prompt tokens with the shown items, and of the same query without any. */
  readonly promptOf: (example: ShownExample) => readonly number[];
  readonly promptWithout: (example: ShownExample) => readonly number[];
  /** The prompt with other items than the example's own. */
  readonly promptWith: (example: ShownExample, items: ShownExample["shown"]) => readonly number[];
  /** What the prompt with the shown items leaves out of them, or of the query, to fit the budget. */
  readonly cutOf: (example: ShownExample) => readonly Cut[];
  /** What the chat template already wrote of a response. */
  readonly prefix: string;
}

/** Opens the tokenizer of `model` (default: the run's base) and asks as the config says, for an answer at once where `reasoning` is false; `named`: tags in place of the run's. */
export async function openAsking(
  { config, run, modelDir }: { readonly run: string; readonly config: Config; readonly modelDir: ModelDir },
  model = config.model,
  reasoning = true,
  named?: readonly string[],
): Promise<Asking> {
  const renderer = loadRenderer(await modelDir(model));
  const tasks = readTasks(run);
  // What answers at once hangs on no tag.
  const tags = named ?? (reasoning ? readTags(run) : []);
  const style = { reasoning, tags: named ?? (reasoning ? namedTags(config, tags) : []) };
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const render = (example: ShownExample, items: ShownExample["shown"]): Fitted => {
    const task = byName.get(example.task);
    if (task === undefined) throw new RangeError(`no task ${example.task}`);
    const { tokens, cut } = fitPrompt({ task, example, items, style, renderer, maxTokens: config.prompt.max_tokens });
    return { tokens, cut };
  };
  const fitted = remembered((example) => render(example, example.shown));
  const bare = remembered((example) => render(example, []));
  return {
    renderer,
    tasks,
    tags,
    promptOf: (example) => fitted(example).tokens,
    promptWithout: (example) => bare(example).tokens,
    promptWith: (example, items) => render(example, items).tokens,
    cutOf: (example) => fitted(example).cut,
    prefix: reasoning ? renderer.responsePrefix : "",
  };
}

/** Tags that the system prompt of a method with reasoning names. */
export const namedTags = ({ prompt }: Pick<Config, "prompt">, tags: readonly string[]): readonly string[] => {
  if (!prompt.names_tags) return [];
  return prompt.tags.length > 0 ? prompt.tags : tags;
};

type Fitted = Pick<FittedPrompt, "tokens" | "cut">;

/** RL asks for the same prompts epoch after epoch. */
function remembered(make: (example: ShownExample) => Fitted): (example: ShownExample) => Fitted {
  const known = new Map<string, Fitted>();
  return (example) => {
    const key = `${example.task}/${example.id}`;
    const prompt = known.get(key) ?? make(example);
    known.set(key, prompt);
    return prompt;
  };
}
