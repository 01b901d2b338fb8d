import { Command, Option } from "@commander-js/extra-typings";
import pc from "picocolors";
import { TagprError } from "../../../core/errors.ts";
import { printable } from "../../../core/printable.ts";
import type { Task } from "../../../data/task.ts";
import type { ShownExample } from "../../../data/types.ts";
import { type AskOptions, askPrompt } from "../../../prompts/ask.ts";
import { itemLine } from "../../../prompts/chat.ts";
import type { App } from "../../app.ts";
import { NO_DOWNLOAD, positiveNumber } from "../options.ts";
import { askOptions, K, MAX_TOKENS, MODEL, openAsked, RETRIEVER } from "./asking.ts";
import { cutText, type Paint, trainedText } from "./trained.ts";

/** `tagpr data show`: records as a person wants to read them. */
export function showCommand(app: App): Command {
  const { io } = app;
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
    .addOption(NO_DOWNLOAD)
    .action(async (dir, { split, id, n, form, tokens, ...flags }) => {
      const paint = pc.createColors(io.colour);
      const { out } = io.raw ?? io;
      const records = await openAsked(io, dir, flags);
      const name = split ?? records.splits[0] ?? "";
      const asked = tokens === true ? "chat" : form;
      const options = asked === undefined ? null : await askOptions(app, records, asked, flags);
      if (options === null && asked !== undefined) return;
      const learnt = tokens === true ? records.learnt() : null;
      let left = n;
      for await (const { task, example } of records.read(name)) {
        if (left === 0) break;
        if (id !== undefined && example.id !== id) continue;
        out(recordText(paint, task, example, name));
        if (options !== null)
          out(
            tokens === true
              ? trainedText(paint, task, example, options, learnt)
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
  const items = shown.map(
    (item, i) => `  ${paint.dim(printable(item.date ?? "no date"))} ${printable(itemLine(task, item, i + 1))}`,
  );
  return [
    paint.bold(printable(head.join(" · "))),
    `${paint.cyan("asked ")} ${printable(input)}`,
    `${paint.cyan("answer")} ${printable(gold ?? "(not public)")}`,
    `${paint.cyan("items ")} ${historyItems}, ${shown.length} shown, oldest first:`,
    ...items,
    "",
  ].join("\n");
}

function promptText(paint: Paint, task: Task, example: ShownExample, options: AskOptions): string {
  const { prompt, tokens, cut } = askPrompt(task, example, options);
  const told = [cutText(cut), ...controlText(example, options)].join("; ");
  return `${paint.cyan(`${options.form} prompt`)}, ${tokens.length} of ${options.maxTokens} tokens; ${printable(`${told}\n${prompt}`)}\n\n`;
}

/** Says which control tokens of the model the record's own texts hold: the model sees them as text. */
function controlText({ input, shown }: ShownExample, { renderer }: AskOptions): string[] {
  const texts = [input, ...shown.flatMap(({ fields }) => Object.values(fields))];
  const found = [...new Set(texts.flatMap((text) => renderer.controlTokensIn(text)))];
  return found.length === 0 ? [] : [`the record's own ${found.join(" ")} stays text and is no turn`];
}
