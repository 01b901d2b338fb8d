import { basename } from "node:path";
import { messageOf } from "../../core/errors.ts";
import { enginePython } from "../../core/installation.ts";
import { zipStrict } from "../../core/zip.ts";
import { type RenderedChat, transformersChats } from "../../engine/verify.ts";
import type { Message } from "../../prompts/chat.ts";
import { loadRenderer, type Renderer } from "../../prompts/renderer.ts";
import { mergeSystem } from "../../prompts/template.ts";
import type { Io } from "../io.ts";
import type { Finding } from "./checks.ts";

const SYSTEM: Message = { role: "system", content: "Reason inside <think> and </think>." };
const USERS = [
  "Which tag? [1] <b>a & b</b>",
  "  spaces\r\nand lines \n",
  "漢字 한글 عربى हिन्दी ไทย 😀",
  "{{ braces }} {% x %}",
];
const SAID: Message = { role: "assistant", content: "<think>\nwhy\n</think>\n\ncomedy" };

interface Chat {
  readonly messages: readonly Message[];
  readonly thinking: boolean;
}

function chats({ refusesSystem }: Renderer): Chat[] {
  const user = (content: string): Message => ({ role: "user", content });
  const asked = USERS.flatMap((content) => [[SYSTEM, user(content)], [user(content)]]);
  const all = [...asked, [SYSTEM, user("a"), SAID, user("b")]];
  const settled = all.map((messages) => (refusesSystem ? mergeSystem(messages) : messages));
  return settled.flatMap((messages) => [true, false].map((thinking) => ({ messages, thinking })));
}

/** Each folder's chat template, rendered here and by transformers: text and token ids must be the same. */
export async function templateFindings(io: Io, dirs: readonly string[]): Promise<Finding[]> {
  const opened = dirs.map((dir) => open(dir));
  const asked = opened.flatMap((one) => ("text" in one ? [] : [{ folder: one.dir, chats: chats(one.renderer) }]));
  const answers = await transformersChats(enginePython(io.env), io.env, asked);
  const byFolder = new Map(
    zipStrict(asked, answers).map(([{ folder, chats: own }, answer]) => [folder, { own, answer }]),
  );
  return opened.map((one) => {
    if ("text" in one) return one;
    const { own = [], answer = { error: "no answer" } } = byFolder.get(one.dir) ?? {};
    if ("error" in answer) return { name: one.name, state: "bad", text: `transformers can't open it: ${answer.error}` };
    return compare(one.name, one.renderer, own, answer.rendered);
  });
}

interface Opened {
  readonly name: string;
  readonly dir: string;
  readonly renderer: Renderer;
}

function open(dir: string): Opened | Finding {
  const name = basename(dir);
  try {
    return { name, dir, renderer: loadRenderer(dir) };
  } catch (error) {
    return { name, state: "bad", text: messageOf(error) };
  }
}

function compare(name: string, renderer: Renderer, asked: readonly Chat[], theirs: readonly RenderedChat[]): Finding {
  for (const [{ messages, thinking }, other] of zipStrict(asked, theirs)) {
    const what = `the chat ${JSON.stringify(messages.map(({ content }) => content))}, thinking ${thinking ? "on" : "off"}`;
    const bad = (text: string): Finding => ({ name, state: "bad", text: `${what}: ${text}` });
    if ("error" in other) return bad(`transformers refuses it: ${other.error}`);
    const own = renderer.renderChat(messages, { thinking });
    if (own !== other.text)
      return bad(`rendered as ${JSON.stringify(own)}, by transformers as ${JSON.stringify(other.text)}`);
    if (renderer.promptTokens(messages, { thinking }).join() !== other.ids.join())
      return bad("the same text, but other token ids than transformers'");
  }
  const notes = [
    `${asked.length} chats as transformers renders them`,
    ...(renderer.refusesSystem ? ["no system turn: its text opens the first user turn"] : []),
    ...(renderer.responsePrefix === "" ? [] : ["it writes <think> itself"]),
  ];
  return { name, state: "good", text: notes.join("; ") };
}
