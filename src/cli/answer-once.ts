import pc from "picocolors";
import { monotonic } from "../core/awake.ts";
import type { Message } from "../prompts/chat.ts";
import { type AnswerTools, answerOne, type Choice, type Drawing } from "../serve/answer.ts";
import { questionOf, type Wish } from "../serve/ask.ts";
import { type Prepared, prepare } from "../serve/prepare.ts";
import type { Users } from "../serve/users.ts";
import { warm } from "../serve/warm.ts";
import { saidOf, shownOf } from "../serve/why.ts";
import { choiceText, costText, shownText, tallyText } from "./answer-text.ts";
import type { Io } from "./io.ts";
import { sideBySide } from "./side-by-side.ts";

export interface AnswerOptions {
  readonly io: Io;
  readonly askers: ReadonlyMap<string, AnswerTools>;
  readonly users: Users | null;
  /** Whose history every question has. */
  readonly base: Pick<Wish, "items" | "user">;
  readonly drawing: Drawing;
  readonly json: boolean;
}

interface Told {
  readonly name: string;
  readonly tools: AnswerTools;
  readonly prepared: Prepared;
  readonly choices: readonly Choice[];
  readonly seconds: number;
}

/** Asks every model, prints what they say, and answers with the first one's answer: the turn of a dialogue. */
export async function ask(
  options: AnswerOptions,
  { query, turns }: { readonly query: string; readonly turns: readonly Message[] },
  signal: AbortSignal,
): Promise<string> {
  const { io, askers, users, base, drawing, json } = options;
  const paint = pc.createColors(io.colour);
  const { out } = io.raw ?? io;
  const told: Told[] = [];
  for (const [name, tools] of askers) {
    const prepared = await prepare(tools, questionOf(tools.model.tasks, users, { ...base, query, turns }));
    if (!json && told.length === 0) out(`${shownText(paint, prepared)}\n`);
    // The start of an engine is no time of an answer.
    await warm(tools, signal);
    const begun = monotonic();
    const choices = await answerOne(tools, prepared, drawing, signal);
    const one = { name, tools, prepared, choices, seconds: (monotonic() - begun) / 1000 };
    told.push(one);
    if (json) io.out(`${JSON.stringify(jsonOf(one, query))}\n`);
  }
  if (!json)
    out(
      `${sideBySide(
        told.map((one) => textOf(paint, one, told.length > 1)),
        io.columns,
      )}\n`,
    );
  return told[0]?.choices[0]?.content ?? "";
}

function textOf(paint: ReturnType<typeof pc.createColors>, told: Told, named: boolean): string {
  const { name, tools, prepared, choices, seconds } = told;
  const { model } = tools;
  const tally = tallyText(choices, prepared.question.task);
  return [
    ...(named ? [paint.bold(paint.underline(name))] : []),
    ...choices.map((choice) => choiceText(paint, model.tags, choice)),
    ...(tally === null ? [] : [tally]),
    costText(paint, prepared, choices, seconds),
    "",
  ].join("\n");
}

function jsonOf({ name, prepared, choices, seconds }: Told, query: string): object {
  return {
    ...{ model: name, query, seconds, shown: shownOf(prepared.shown) },
    choices: saidOf(choices).map((said, i) => ({
      ...said,
      ...{ content: choices[i]?.content, reasoning: choices[i]?.reasoning, finish: choices[i]?.finish },
    })),
  };
}
