import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@huggingface/jinja";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import type { Message } from "./chat.ts";

export interface RenderOptions {
  /** Thinking mode on; handed to the template as `enable_thinking`, which templates without such a mode ignore. */
  readonly thinking: boolean;
}

/** Tokens and chat form of one model, read from its Hugging Face folder. Equal to transformers (tested). */
export interface Renderer {
  /** Token ids of a text; special tokens written in it are recognised, none are added. */
  encode(text: string): number[];
  /** Text of response tokens: special tokens (end of turn, padding) are left out, `<think>` and tags stay. */
  decode(ids: readonly number[]): string;
  /** The prompt as text, up to where the assistant begins to write. */
  renderChat(messages: readonly Message[], options: RenderOptions): string;
  /** {@link renderChat} as token ids. */
  promptTokens(messages: readonly Message[], options: RenderOptions): number[];
  /** Ids that end a response; the first is the one to train with. */
  readonly eosIds: readonly number[];
  /**
   * What the template itself writes of the response when thinking is on (`<think>\n` in some models, else ""): put it
   * before a decoded response when reading it.
   */
  readonly responsePrefix: string;
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
  const tokenizer = guard(modelDir, "tokenizer.json", () => new Tokenizer(tokenizerJson, tokenizerConfig));
  const template = guard(modelDir, "chat template", () => new Template(chatTemplate(modelDir, tokenizerConfig)));
  const encode = (text: string): number[] =>
    text === "" ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids;
  const renderChat = (messages: readonly Message[], { thinking }: RenderOptions): string =>
    template.render({
      messages,
      add_generation_prompt: true,
      enable_thinking: thinking,
      bos_token: contentOf(tokenizerConfig.bos_token),
      eos_token: contentOf(tokenizerConfig.eos_token),
    });
  // `<think>` stays in decoded text even where a tokenizer calls it special.
  const dropped = new Set(
    tokenizerJson.added_tokens
      .filter(({ special, content }) => special && !/^<\/?think>$/.test(content))
      .map(({ id }) => id),
  );
  return {
    encode,
    decode: (ids) => {
      const kept = ids.filter((id) => !dropped.has(id));
      return kept.length === 0
        ? ""
        : tokenizer.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    renderChat,
    promptTokens: (messages, options) => encode(renderChat(messages, options)),
    eosIds: eosIds(modelDir, tokenizer, config, tokenizerConfig),
    responsePrefix: prefixOf(renderChat([{ role: "user", content: "?" }], { thinking: true })),
  };
}

function prefixOf(prompt: string): string {
  return /<think>\s*$/.exec(prompt)?.[0] ?? "";
}

function contentOf(token: string | { content: string } | null | undefined): string {
  return typeof token === "string" ? token : (token?.content ?? "");
}

function chatTemplate(dir: string, config: z.infer<typeof tokenizerConfigSchema>): string {
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
