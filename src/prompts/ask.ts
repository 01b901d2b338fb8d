import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { type Cut, fitPrompt } from "./budget.ts";
import { officialPrompt } from "./lamp.ts";
import type { Renderer } from "./renderer.ts";

/** The two forms in which a query is asked: the chat that TagPR trains with, and LaMP's own one-line prompt. */
export type PromptForm = "chat" | "official";

export interface AskedPrompt {
  /** The whole prompt as the model gets it; chat: rendered by the model's template. */
  readonly prompt: string;
  readonly tokens: readonly number[];
  /** What was taken to fit; empty when nothing was. */
  readonly cut: readonly Cut[];
}

export interface AskOptions {
  readonly form: PromptForm;
  readonly renderer: Renderer;
  /** Chat: tokens of the prompt; official: `max_length` of LaMP's prompt maker (512 there). */
  readonly maxTokens: number;
  /** Chat: asked for reasoning first, and with the tags it names; else for the answer at once. */
  readonly reasoning: boolean;
  readonly tags: readonly string[];
}

/** One query as a prompt. The official form wants the items best first: newest first here. */
export function askPrompt(task: Task, example: ShownExample, options: AskOptions): AskedPrompt {
  const { form, renderer, maxTokens, reasoning, tags } = options;
  if (form === "chat") {
    const style = { reasoning, tags: reasoning ? tags : [] };
    const { messages, tokens, cut } = fitPrompt({ task, example, items: example.shown, style, renderer, maxTokens });
    return { prompt: renderer.renderChat(messages, { thinking: reasoning }), tokens, cut };
  }
  if (task.official === null)
    throw new TagprError("usage", `task ${task.name} has no official prompt`, {
      hint: "Only LaMP's tasks have; take --form chat.",
    });
  const { prompt, cut, withProfile } = officialPrompt(
    task.official,
    example.input,
    example.shown.toReversed(),
    renderer,
    maxTokens,
  );
  const gone = withProfile
    ? []
    : example.shown.map((item): Cut => ({ item: item.id, field: null, from: sizeOf(renderer, item.fields), to: 0 }));
  return { prompt, tokens: renderer.encode(prompt), cut: [...cut, ...gone] };
}

const sizeOf = (renderer: Renderer, fields: Readonly<Record<string, string>>): number =>
  Object.values(fields).reduce((sum, text) => sum + renderer.encode(text).length, 0);
