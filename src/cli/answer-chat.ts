import { TagprError } from "../core/errors.ts";
import type { Message } from "../prompts/chat.ts";
import { type AnswerOptions, ask } from "./answer-once.ts";
import { explain } from "./failure.ts";
import { untilSignal } from "./signal.ts";

/**
 * A dialogue, line by line: each answer is a turn of the next question. Ctrl-C ends an answer that is being given, and the
 * dialogue where none is; so does the end of the input. Answers with the exit code.
 */
export async function chat(options: AnswerOptions): Promise<number> {
  const { io } = options;
  const lines = io.lines?.("> ")[Symbol.asyncIterator]();
  if (lines === undefined) throw new TagprError("usage", "there is nothing to read lines from");
  let turns: Message[] = [];
  try {
    for (;;) {
      const line = await nextLine(options, lines);
      if (typeof line === "number") return line;
      if (line === null) return 0;
      if (line === "") continue;
      if (line === "/new") turns = [];
      else turns = await answered(options, line, turns);
    }
  } finally {
    // Not waited for: a read that nobody ends would never come back.
    void lines.return?.();
  }
}

/** A line, null at the end of the input, the exit code of a stop. */
async function nextLine({ io }: AnswerOptions, lines: AsyncIterator<string>): Promise<string | number | null> {
  let line: string | null = null;
  const stopped = await untilSignal(io, async (signal) => {
    const left = new Promise<never>((_, leave) =>
      signal.addEventListener("abort", () => leave(signal.reason), { once: true }),
    );
    const next = await Promise.race([lines.next(), left]);
    line = next.done === true ? null : next.value.trim();
  });
  return stopped ?? line;
}

/** The turns with what was asked and answered; as they were where nothing was. A question that is wrong ends no dialogue. */
async function answered(options: AnswerOptions, query: string, turns: readonly Message[]): Promise<Message[]> {
  const { io } = options;
  let content: string | null = null;
  try {
    const stopped = await untilSignal(io, async (signal) => {
      content = await ask(options, { query, turns }, signal);
    });
    if (stopped !== null) io.err("The answer was left.\n");
  } catch (error) {
    if (!(error instanceof TagprError) || !["usage", "data"].includes(error.code)) throw error;
    io.err(explain(error, false));
  }
  if (content === null) return [...turns];
  return [...turns, { role: "user", content: query }, { role: "assistant", content }];
}
