import { existsSync } from "node:fs";
import { join } from "node:path";
import { silent } from "../../core/progress.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Ask, Method, Tools } from "../../eval/types.ts";
import { methodOf } from "../../methods/index.ts";
import { namedTags } from "../../model/asking.ts";
import { readTags } from "../../model/files.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import type { Scored } from "../../retrieval/retrieve.ts";
import type { StageContext } from "../stage.ts";
import { tagsAsked } from "./base-tags.ts";
import { questionKey, scoredItems } from "./questions.ts";

/** How one answer of an evaluation came to be, made again without asking anything. */
export interface Retraced {
  /** The first prompt as the model got it; null of a method that asks elsewhere. */
  readonly prompt: string | null;
  /** Whether that is its only one. */
  readonly only: boolean;
  /** The items that were chosen, oldest first, with what they were chosen by; null where the data is not there any more. */
  readonly items: readonly Scored[] | null;
}

/** `dir` of the context: the evaluation's own folder, whose `base.json` says which tags were named. */
export async function retrace(
  context: Pick<StageContext, "run" | "dir" | "config" | "engines" | "modelDir">,
  {
    method,
    example,
    tasks,
  }: { readonly method: string; readonly example: ShownExample; readonly tasks: readonly Task[] },
): Promise<Retraced> {
  const known = methodOf(method.replace(/-trained$/, ""), context.config);
  const scored = await scoredItems(context, [example]).catch(() => null);
  const items = scored?.get(questionKey(example)) ?? null;
  if (known.external === true) return { prompt: null, only: false, items };
  const prompts = await firstPrompt(context, known, example, tasks);
  return { prompt: prompts, only: known.responses === undefined, items };
}

/** What a method asks first is caught at the sampler, where it is stopped. */
async function firstPrompt(
  { run, dir, config, modelDir }: Pick<StageContext, "run" | "dir" | "config" | "modelDir">,
  method: Method,
  example: ShownExample,
  tasks: readonly Task[],
): Promise<string | null> {
  const renderer = loadRenderer(await modelDir(config.model));
  const allowed = existsSync(join(run, "chains", "tags.json")) ? readTags(run) : config.prompt.tags;
  let caught: Ask | undefined;
  const tools: Tools = {
    tasks: new Map(tasks.map((task) => [task.name, task])),
    ...{ renderer, promptTokens: config.prompt.max_tokens, responseTokens: config.eval.max_tokens, seed: config.seed },
    tags: tagsAsked({ config, dir }, method, { tags: namedTags(config, allowed), allowed }),
    draw: null,
    sample: async (_, asks) => {
      caught ??= asks[0];
      throw new Caught();
    },
    chat: () => {
      throw new Caught();
    },
    embed: () => Promise.reject(new Caught()),
    softPrompts: () => Promise.reject(new Caught()),
    scoreAnswers: () => Promise.reject(new Caught()),
    store: () => ({ get: () => undefined, put: () => {}, values: () => [] }) as never,
    progress: silent,
  };
  await method.answer([example], tools).catch((error: unknown) => {
    if (!(error instanceof Caught)) throw error;
  });
  return caught === undefined ? null : renderer.decode(caught.prompt);
}

/** No failure: enough has been seen. */
class Caught extends Error {}
