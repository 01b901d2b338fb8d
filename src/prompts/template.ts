import { Template } from "@huggingface/jinja";
import { messageOf, TagprError } from "../core/errors.ts";
import type { Message } from "./chat.ts";

/** A model's chat template. */
export interface ChatTemplate {
  /** The prompt up to where the assistant begins to write. @throws TagprError `data` where the template refuses */
  render(messages: readonly Message[], thinking: boolean): string;
  /** It raises on a system turn (Gemma's), or leaves its text out: {@link mergeSystem} is for such. */
  readonly refusesSystem: boolean;
}

/** What a template may know besides the messages. */
export interface SpecialTokens {
  readonly bos_token?: string;
  readonly eos_token?: string;
}

/**
 * The template as transformers would render it: line ends of its source are `\n` (jinja2's own rule), `tools` and
 * `documents` are none, and its clock stands on 26 July 2024, so that a run's prompts don't change overnight.
 */
export function chatTemplate(where: string, source: string, special: SpecialTokens): ChatTemplate {
  // The library's own clock can't be handed in, so the template asks another.
  const template = compile(where, source.replace(/\r\n?/g, "\n").replace(/\bstrftime_now\b/g, "settled_date"));
  const raw = (messages: readonly Message[], thinking: boolean): string =>
    template.render({
      messages,
      add_generation_prompt: true,
      enable_thinking: thinking,
      tools: null,
      documents: null,
      settled_date: templateDate,
      ...special,
    });
  const refusesSystem = refuses(raw);
  return {
    refusesSystem,
    render: (messages, thinking) => {
      try {
        return raw(messages, thinking);
      } catch (error) {
        throw refused(where, error);
      }
    },
  };
}

/** The system turn's text at the head of the first user turn, for templates that have no system turn. */
export function mergeSystem(messages: readonly Message[]): Message[] {
  const [system, user, ...rest] = messages;
  if (system?.role !== "system" || user?.role !== "user") return [...messages];
  return [{ role: "user", content: `${system.content}\n\n${user.content}` }, ...rest];
}

const [SYSTEM, USER] = ["system turn of a probe", "user turn of a probe"];

function refuses(render: (messages: readonly Message[], thinking: boolean) => string): boolean {
  const user: Message = { role: "user", content: USER };
  try {
    const prompt = render([{ role: "system", content: SYSTEM }, user], true);
    return prompt.includes(USER) && !prompt.includes(SYSTEM);
  } catch {
    return true;
  }
}

function compile(where: string, source: string): Template {
  try {
    return new Template(source);
  } catch (error) {
    throw refused(where, error);
  }
}

const refused = (where: string, cause: unknown): TagprError =>
  new TagprError("data", `the chat template of ${where} can't be rendered: ${messageOf(cause)}`, {
    hint: "Put a chat_template.jinja that takes a user turn into the folder; `tagpr doctor --templates DIR` compares it with transformers.",
    cause,
  });

/** Friday, 26 July 2024: what templates are told that ask for a date. */
const DATE: Readonly<Record<string, string>> = {
  ...{ Y: "2024", y: "24", m: "07", d: "26", e: "26", B: "July", b: "Jul", A: "Friday", a: "Fri", j: "208" },
  ...{ H: "00", I: "12", M: "00", S: "00", p: "AM" },
};

const templateDate = (format: string): string =>
  format.replace(/%-?([A-Za-z%])/g, (whole, letter: string) =>
    letter === "%" ? "%" : whole === "%-m" ? "7" : (DATE[letter] ?? whole),
  );
