import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import type { Message } from "./chat.ts";
import { controlTokens, isThinkMark, markedVocabulary } from "./control-tokens.ts";
import { chatTemplate, mergeSystem, type SpecialTokens } from "./template.ts";

export interface RenderOptions {
  /** Thinking mode on; handed to the template as `enable_thinking`, which templates without such a mode ignore. */
  readonly thinking: boolean;
  /** What the assistant has begun to write, behind the prompt. */
  readonly begun?: string;
}

/**
 * Tokens and chat form of one model, read from its Hugging Face folder. Equal to transformers (tested), but for control
 * tokens (end of turn and the like) that a user's text holds: they are encoded as the text that they are, never as turns.
 */
export interface Renderer {
  /** Token ids of a text, which control tokens written in it are part of; none are added. `<think>` is recognised. */
  encode(text: string): number[];
  /** Text of response tokens: special tokens (end of turn, padding) are left out, `<think>` and tags stay. */
  decode(ids: readonly number[]): string;
  /**
   * The prompt as text, up to where the assistant begins to write. A template that refuses a system turn gets its text
   * at the head of the first user turn.
   */
  renderChat(messages: readonly Message[], options: RenderOptions): string;
  /** {@link renderChat} as token ids; the system turn is TagPR's own, any other turn may hold a user's text. */
  promptTokens(messages: readonly Message[], options: RenderOptions): number[];
  /** Ids that end a response; the first is the one to train with. */
  readonly eosIds: readonly number[];
  /**
   * What the template itself writes of the response when thinking is on (`<think>\n` in some models, else ""): put it
   * before a decoded response when reading it.
   */
  readonly responsePrefix: string;
  readonly refusesSystem: boolean;
  /** Control tokens that stand in a text by themselves, as written; a prompt holds them as text. */
  controlTokensIn(text: string): string[];
}

const tokenizerConfigSchema = z.looseObject({
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
  eos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
  bos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});
const idsSchema = z.union([z.int(), z.array(z.int())]).nullish();
const configSchema = z.looseObject({
  eos_token_id: idsSchema,
});
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string(), special: z.boolean() })).default([]),
});

/** Opens a model folder (`tokenizer.json`, `tokenizer_config.json`, `config.json`, `chat_template.jinja`). */
export function loadRenderer(modelDir: string): Renderer {
  const tokenizerJson = readPart(modelDir, "tokenizer.json", tokenizerSchema);
  const tokenizerConfig = readPart(modelDir, "tokenizer_config.json", tokenizerConfigSchema);
  const config = readPart(modelDir, "config.json", configSchema);
  const open = (json: typeof tokenizerJson): Tokenizer =>
    guard(modelDir, "tokenizer.json", () => new Tokenizer(json, tokenizerConfig));
  const tokenizer = open(tokenizerJson);
  const idsOf = (own: Tokenizer, text: string): number[] =>
    text === "" ? [] : own.encode(text, { add_special_tokens: false }).ids;
  const control = controlTokens(tokenizerJson.added_tokens);
  const ofText = once(() => open(markedVocabulary(tokenizerJson, { keepThinking: true })));
  const ofPrompt = once(() => open(markedVocabulary(tokenizerJson, { keepThinking: false })));
  const template = chatTemplate(
    modelDir,
    templateSource(modelDir, tokenizerConfig),
    withoutUndefined({
      bos_token: contentOf(tokenizerConfig.bos_token),
      eos_token: contentOf(tokenizerConfig.eos_token),
    }),
  );
  const render = (messages: readonly Message[], { thinking, begun = "" }: RenderOptions): string =>
    template.render(template.refusesSystem ? mergeSystem(messages) : messages, thinking) + begun;
  /** As a template should see it; null where no user's text holds a control token. */
  const disguised = (messages: readonly Message[]): Message[] | null => {
    const strange = ({ role, content }: Message): boolean => role !== "system" && control?.inside(content) === true;
    if (control === null || !messages.some(strange)) return null;
    return messages.map((one) =>
      strange(one) ? { ...one, content: control.disguise(one.content, one.role === "assistant") } : one,
    );
  };
  const renderChat = (messages: readonly Message[], options: RenderOptions): string => {
    const safe = disguised(messages);
    return safe === null ? render(messages, options) : (control?.show(render(safe, options)) ?? "");
  };
  const promptTokens = (messages: readonly Message[], options: RenderOptions): number[] => {
    const safe = disguised(messages);
    if (safe === null || control === null) return idsOf(tokenizer, render(messages, options));
    return idsOf(ofPrompt(), control.mark(render(safe, options)));
  };
  // `<think>` stays in decoded text even where a tokenizer calls it special.
  const dropped = new Set(
    tokenizerJson.added_tokens.filter(({ special, content }) => special && !isThinkMark(content)).map(({ id }) => id),
  );
  return {
    encode: (text) => idsOf(control?.inside(text) === true ? ofText() : tokenizer, text),
    decode: (ids) => {
      const kept = ids.filter((id) => !dropped.has(id));
      return kept.length === 0
        ? ""
        : tokenizer.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    renderChat,
    promptTokens,
    eosIds: eosIds(modelDir, tokenizer, config, tokenizerConfig),
    responsePrefix: prefixOf(renderChat([{ role: "user", content: "?" }], { thinking: true })),
    refusesSystem: template.refusesSystem,
    controlTokensIn: (text) => control?.found(text) ?? [],
  };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const withoutUndefined = (tokens: Record<keyof SpecialTokens, string>): SpecialTokens =>
  Object.fromEntries(Object.entries(tokens).filter(([, content]) => content !== ""));

function prefixOf(prompt: string): string {
  return /<think>\s*$/.exec(prompt)?.[0] ?? "";
}

function contentOf(token: string | { content: string } | null | undefined): string {
  return typeof token === "string" ? token : (token?.content ?? "");
}

function templateSource(dir: string, config: z.infer<typeof tokenizerConfigSchema>): string {
  const file = join(dir, "chat_template.jinja");
  if (existsSync(file)) return readFileSync(file, "utf8");
  const field = config.chat_template;
  if (typeof field === "string") return field;
  const named = field?.find((one) => one.name === "default") ?? field?.[0];
  if (named !== undefined) return named.template;
  throw new TagprError("data", `${dir} has no chat template`, {
    hint: "Use an instruction-tuned model, or put a chat_template.jinja into the folder.",
  });
}

/** Ends of turn: the tokenizer's, the generation config's, the model's, in this order, without repeats. */
function eosIds(
  dir: string,
  tokenizer: Tokenizer,
  config: z.infer<typeof configSchema>,
  tokenizerConfig: z.infer<typeof tokenizerConfigSchema>,
): number[] {
  const generation = existsSync(join(dir, "generation_config.json"))
    ? readPart(dir, "generation_config.json", configSchema)
    : {};
  const own = tokenizer.token_to_id(contentOf(tokenizerConfig.eos_token));
  const ids = [own ?? [], generation.eos_token_id ?? [], config.eos_token_id ?? []].flat();
  if (ids.length === 0)
    throw new TagprError("data", `${dir} names no end-of-turn token`, { hint: "Add eos_token_id to its config.json." });
  return [...new Set(ids)];
}

function readPart<T>(dir: string, name: string, schema: z.ZodType<T>): T {
  return guard(dir, name, () => {
    const result = schema.safeParse(JSON.parse(readFileSync(join(dir, name), "utf8")));
    if (result.success) return result.data;
    throw new Error(z.prettifyError(result.error));
  });
}

function guard<T>(dir: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TagprError) throw error;
    throw new TagprError("data", readFault(join(dir, name), error), {
      hint: `${dir} must be a model folder in Hugging Face's layout (tokenizer.json, tokenizer_config.json, config.json).`,
      cause: error,
    });
  }
}
