import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { readJson, readJsonl, writeJson } from "../../core/jsonl.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import type { TrainedBy } from "../../eval/methods.ts";
import type { Decodings } from "../../policy/rollout.ts";
import { type Cut, type FittedPrompt, fitPrompt } from "../../prompts/budget.ts";
import { loadRenderer, type Renderer } from "../../prompts/renderer.ts";
import { identity } from "../key.ts";
import type { Outside, StageContext } from "../stage.ts";
import type { SplitName } from "./gathered.ts";

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

/** Opens the tokenizer of `model` (default: the run's base) and asks as the config says, for an answer at once where `reasoning` is false. */
export async function openAsking(
  context: Pick<StageContext, "run" | "config" | "modelDir">,
  model = context.config.model,
  reasoning = true,
): Promise<Asking> {
  const { config, run } = context;
  const renderer = loadRenderer(await context.modelDir(model));
  const tasks = readTasks(run);
  const tags = readTags(run);
  const style = { reasoning, tags: reasoning ? namedTags(config, tags) : [] };
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
export const namedTags = (config: Config, tags: readonly string[]): readonly string[] =>
  config.prompt.names_tags ? tags : [];

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

export const readTasks = (run: string): Task[] => readJson<Task[]>(join(run, "data", "tasks.json"));
export const readTags = (run: string): string[] => readJson<{ tags: string[] }>(join(run, "chains", "tags.json")).tags;
export const readSplit = (run: string, split: SplitName): ShownExample[] =>
  readJsonl<ShownExample>(join(run, "data", `${split}.jsonl`));

/** `model.json`: what a training stage hands on. */
export interface ModelFile {
  /** `tinker://` path of the weights, for sampling and further training. */
  readonly path: string;
  readonly step: number;
  /** What it was chosen by, higher is better; null where nothing was measured. */
  readonly score: number | null;
  /** Weights and optimizer at the end, where there are any. */
  readonly state: string | null;
  /** Key of the stage that made it: equal paths of different makings are different models. */
  readonly made_by: string;
}

export function writeModel({ dir, key }: StageContext, model: Omit<ModelFile, "made_by">): void {
  writeJson(join(dir, "model.json"), { ...model, made_by: key } satisfies ModelFile);
}

export const readModel = (run: string, stage: TrainedBy): ModelFile =>
  readJson<ModelFile>(join(run, stage, "model.json"));

/** Identity of the base model: by content, above 256 MB by size and time of change ({@link identity}). */
export const baseIdentity: Outside = async ({ model }, { modelDir }) => identity(await modelDir(model));

/** What every prompt hangs on. */
export const ASKING_FILES = ["data/tasks.json", "chains/tags.json"] as const;

/** What chooses weights in every training stage; of a config for hashing, nothing where it is as it always was. */
export const choosingOf = ({ choose, eval: { samples, temperatures } }: Pick<Config, "choose" | "eval">): object => ({
  choose,
  samples,
  temperatures,
});

/** How every look at the dev slice decodes. */
export const decodingsOf = ({ eval: { samples, temperatures } }: Pick<Config, "eval">): Decodings => ({
  samples,
  temperatures,
});
