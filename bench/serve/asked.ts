import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { stream } from "../../src/core/random.ts";
import { openModel } from "../../src/model/open.ts";
import { chatMessages, type Message } from "../../src/prompts/chat.ts";
import { loadRenderer } from "../../src/prompts/renderer.ts";
import { questionOf } from "../../src/serve/ask.ts";
import { prepare } from "../../src/serve/prepare.ts";
import { articles } from "../texts.ts";

/** One question in the forms that servers take it in: ours, chat turns, token ids. */
export interface Asked {
  readonly items: readonly Record<string, string>[];
  readonly query: string;
  readonly messages: readonly Message[];
  readonly prompt: readonly number[];
}

/**
 * The model with an end of turn that it never says, so that every server makes as many tokens: a copy of its folder whose
 * end is another of its special tokens.
 */
export function endless(folder: string, cache: string): string {
  const copy = join(
    cache,
    `${basename(folder)}-endless-${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`,
  );
  if (existsSync(join(copy, "ready"))) return copy;
  mkdirSync(copy, { recursive: true });
  cpSync(folder, copy, { recursive: true, dereference: true });
  const read = (name: string) => JSON.parse(readFileSync(join(copy, name), "utf8"));
  const { added_tokens: added } = read("tokenizer.json") as {
    added_tokens: { id: number; content: string; special: boolean }[];
  };
  const ended = read("config.json").eos_token_id;
  const other = added.filter(({ special, id }) => special && id !== ended).at(-1);
  if (other === undefined) throw new Error(`${folder} has one special token alone`);
  for (const name of ["config.json", "generation_config.json"])
    if (existsSync(join(copy, name)))
      writeFileSync(join(copy, name), JSON.stringify({ ...read(name), eos_token_id: other.id }));
  const config = { ...read("tokenizer_config.json"), eos_token: other.content };
  writeFileSync(join(copy, "tokenizer_config.json"), JSON.stringify(config));
  writeFileSync(join(copy, "ready"), "");
  return copy;
}

/** Questions whose prompts are of about so many tokens; no two share more than the words around them. */
export async function questions(folder: string, task: string, tokens: number, count: number): Promise<Asked[]> {
  const model = await openModel(folder, { modelDir: async (name) => name, task });
  const renderer = loadRenderer(folder);
  const texts = articles();
  const ask = async (i: number, words: number): Promise<Asked> => {
    const random = stream("serve", i);
    const pick = (): Record<string, string> => {
      const [{ title, text }, { text: more }] = [random.pick(texts), random.pick(texts)];
      return { title, text: `${text} ${more}`.split(" ").slice(0, words).join(" ") };
    };
    const items = Array.from({ length: 12 }, pick);
    const question = questionOf(model.tasks, null, {
      query: queryOf(pick()),
      items: { values: items, where: "bench" },
    });
    const { prompt, shown } = await prepare({ model, renderer }, question);
    const example = { task, id: "q" as never, user: null, input: question.input, gold: null };
    const messages = chatMessages(question.task, example, shown.items, model.style);
    return { items, query: question.input, messages, prompt };
  };
  const fitting = async (i: number): Promise<Asked> => {
    let best = await ask(i, 4);
    for (let words = 5; words < 80 && best.prompt.length < tokens; words++) best = await ask(i, words);
    return best;
  };
  return Promise.all(Array.from({ length: count }, (_, i) => fitting(i)));
}

/** LaMP-4's. */
const queryOf = ({ text }: Record<string, string>): string => `Generate a headline for the following article: ${text}`;
