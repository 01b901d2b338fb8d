import { Command, Option } from "@commander-js/extra-typings";
import pc from "picocolors";
import type { Chain } from "../../../chains/types.ts";
import { TagprError } from "../../../core/errors.ts";
import type { Task } from "../../../data/task.ts";
import type { ShownExample } from "../../../data/types.ts";
import { type AskOptions, askPrompt } from "../../../prompts/ask.ts";
import type { Cut } from "../../../prompts/budget.ts";
import { itemLine } from "../../../prompts/chat.ts";
import { responseTokens } from "../../../prompts/generate.ts";
import type { App } from "../../app.ts";
import { positiveNumber } from "../options.ts";
import { askOptions, K, MAX_TOKENS, MODEL, openAsked, RETRIEVER } from "./asking.ts";

type Paint = ReturnType<typeof pc.createColors>;

/** `tagpr data show`: records as a person wants to read them. */
export function showCommand({ io }: App): Command {
  const command = new Command("show")
    .description("print a record as a person wants to read it: query, answer, shown items, and the prompt made of them")
    .argument("<dir>", "a folder in LaMP's layout, or a run")
    .option("--split <name>", "which split (default: the first there is)")
    .option("--id <query>", "which query (default: the first)")
    .addOption(new Option("--n <n>", "how many, from the first").argParser(positiveNumber).default(1))
    .addOption(
      new Option("--form <form>", "print the prompt: TagPR's chat, or LaMP's own").choices([
        "chat",
        "official",
      ] as const),
    )
    .option("--tokens", "print the chat prompt with what is trained on behind it, in colour")
    .option("--task <task>", "a folder: name of the task, or its YAML file")
    .addOption(RETRIEVER)
    .addOption(K)
    .addOption(MODEL)
    .addOption(MAX_TOKENS)
    .action(async (dir, { split, id, n, form, tokens, ...flags }) => {
      const paint = pc.createColors(io.colour);
      const records = await openAsked(io, dir, flags);
      const name = split ?? records.splits[0] ?? "";
      const asked = tokens === true ? "chat" : form;
      const options = asked === undefined ? null : await askOptions(io, records, asked, flags);
      const chains = tokens === true ? records.chains() : new Map<string, readonly Chain[]>();
      let left = n;
      for await (const { task, example } of records.read(name)) {
        if (left === 0) break;
        if (id !== undefined && example.id !== id) continue;
        io.out(recordText(paint, task, example, name));
        if (options !== null)
          io.out(
            tokens === true
              ? trainedText(paint, task, example, options, chains)
              : promptText(paint, task, example, options),
          );
        left = id === undefined ? left - 1 : 0;
      }
      if (left === n)
        throw new TagprError(
          "usage",
          id === undefined ? `${dir}: ${name} is empty` : `${dir}: ${name} has no query ${id}`,
          {
            hint: `Splits here: ${records.splits.join(", ")}.`,
          },
        );
    });
  return command as unknown as Command;
}

function recordText(paint: Paint, task: Task, example: ShownExample, split: string): string {
  const { id, user, date, input, gold, shown, historyItems } = example;
  const head = [
    `${task.name}, ${split}`,
    `query ${id}`,
    user === null ? "no user named" : `user ${user}`,
    ...(date === undefined ? [] : [date]),
  ];
  const items = shown.map((item, i) => `  ${paint.dim(item.date ?? "no date")} ${itemLine(task, item, i + 1)}`);
  return [
    paint.bold(head.join(" · ")),
    `${paint.cyan("asked ")} ${input}`,
    `${paint.cyan("answer")} ${gold ?? "(not public)"}`,
    `${paint.cyan("items ")} ${historyItems}, ${shown.length} shown, oldest first:`,
    ...items,
    "",
  ].join("\n");
}

function promptText(paint: Paint, task: Task, example: ShownExample, options: AskOptions): string {
  const { prompt, tokens, cut } = askPrompt(task, example, options);
  return `${paint.cyan(`${options.form} prompt`)}, ${tokens.length} of ${options.maxTokens} tokens; ${cutText(cut)}\n${prompt}\n\n`;
}

/** What was taken to make a prompt fit, in words. */
function cutText(cut: readonly Cut[]): string {
  if (cut.length === 0) return "nothing was cut";
  const told = cut.map(({ item, field, from, to }) =>
    field === null
      ? `item ${item} left out`
      : `${item === "input" ? "the input" : `${field} of item ${item}`} cut from ${from} to ${to} tokens`,
  );
  return `cut: ${told.join(", ")}`;
}

/** The prompt dim, and every token that has a weight in the loss in green, two shades in turn; in brackets where there is no colour. */
function trainedText(
  paint: Paint,
  task: Task,
  example: ShownExample,
  options: AskOptions,
  chains: ReadonlyMap<string, readonly Chain[]>,
): string {
  const { renderer } = options;
  const { prompt, tokens, cut } = askPrompt(task, example, options);
  const own = chains.get(`${example.task}/${example.id}`) ?? [];
  const answers =
    own.length > 0
      ? own.map(({ i, split, completion }) => ({
          name: split === "train" ? `chain ${i}` : `chain ${i}, held out: its loss is only looked at`,
          text: completion,
        }))
      : [{ name: "no chain: the bare answer, as SFT without reasoning learns it", text: example.gold ?? "" }];
  const parts = answers.map(({ name, text }) => {
    const learnt = responseTokens(renderer, text, renderer.responsePrefix);
    const head = `${paint.cyan(name)}: ${tokens.length} prompt tokens not trained on, ${learnt.length} trained on (the end of the turn is the last); ${cutText(cut)}`;
    return `${head}\n${paint.dim(prompt)}${painted(
      paint,
      learnt.map((token) => pieceOf(options, token)),
    )}\n`;
  });
  return `${parts.join("\n")}\n`;
}

/** The end of a turn decodes to nothing: it is written out. */
function pieceOf({ renderer }: AskOptions, token: number): string {
  return renderer.eosIds.includes(token) ? "⏎" : renderer.decode([token]);
}

function painted(paint: Paint, pieces: readonly string[]): string {
  if (!paint.isColorSupported) return `⟦${pieces.join("")}⟧`;
  return pieces.map((piece, i) => (i % 2 === 0 ? paint.green(piece) : paint.greenBright(piece))).join("");
}
