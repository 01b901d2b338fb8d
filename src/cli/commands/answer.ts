import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../core/errors.ts";
import { readRows } from "../../data/rows.ts";
import type { Drawing } from "../../serve/answer.ts";
import type { Wish } from "../../serve/ask.ts";
import { readUsers, type Users } from "../../serve/users.ts";
import { chat } from "../answer-chat.ts";
import { type AnswerOptions, ask } from "../answer-once.ts";
import { type Answering, FLAGS, MODEL_HELP, openAnswering } from "../answering.ts";
import type { App } from "../app.ts";
import type { Io } from "../io.ts";
import { untilSignal } from "../signal.ts";
import { at, positiveNumber, wholeNumber } from "./options.ts";

/** `tagpr answer MODEL "the query"`. */
export function answerCommand(app: App): Command {
  const { io, outcome } = app;
  const command = new Command("answer")
    .description("ask a model as one user: the steps by their tags, the answer, what it was shown, what of it is false")
    .argument("<model>", MODEL_HELP)
    .argument("[query]", "what is asked: a whole input of the task, or the bare text that it is about")
    .option("--history <file>", "the user's items: a table (JSONL, CSV, Parquet, …) with the task's fields")
    .option("--user <id>", "a user of --data (default: of the run's own evaluation)")
    .option("--data <dir>", "a folder in LaMP's layout, or a run, with the histories of its users")
    .addOption(FLAGS.task)
    .addOption(FLAGS.stage)
    .option("--chat", "ask in turns, line by line, until the input ends; /new begins anew")
    .option("--compare", "the base model's answer beside it")
    .addOption(new Option("--samples <n>", "answers, drawn at a temperature").argParser(positiveNumber))
    .addOption(
      new Option("--temperature <t>", "0: the likeliest answer (default: 0; with --samples 1)").argParser(temperature),
    )
    .addOption(new Option("--max-tokens <n>", "of chain and answer (default: as evaluated)").argParser(positiveNumber))
    .addOption(new Option("--seed <n>", "of what is drawn (default: another each time)").argParser(wholeNumber))
    .addOption(FLAGS.retriever)
    .addOption(FLAGS.k)
    .addOption(FLAGS.device)
    .addOption(FLAGS.dtype)
    .addOption(FLAGS.threads)
    .addOption(FLAGS.download)
    .option("--json", "one JSON object a line for each answer of each model")
    .action(async (model, query, flags) => {
      if ((query === undefined) === (flags.chat !== true))
        throw new TagprError(
          "usage",
          query === undefined ? "nothing is asked" : "--chat asks what is typed, and takes no query",
          {
            hint: 'Give the query behind the model, tagpr answer MODEL "…", or --chat alone.',
          },
        );
      const answering = await openAnswering(
        app,
        model,
        { settle: true, ...flags },
        flags.compare === true ? "must" : "no",
      );
      if (answering === null) return;
      try {
        const options = await optionsOf(io, answering, flags);
        if (query === undefined) outcome.code = await chat(options);
        else {
          const stopped = await untilSignal(
            io,
            async (signal) => void (await ask(options, { query, turns: [] }, signal)),
          );
          if (stopped !== null) outcome.code = stopped;
        }
      } finally {
        await answering.close();
      }
    });
  return command as unknown as Command;
}

interface Flags {
  readonly history?: string | undefined;
  readonly user?: string | undefined;
  readonly data?: string | undefined;
  readonly samples?: number | undefined;
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly seed?: number | undefined;
  readonly json?: true | undefined;
}

async function optionsOf(io: Io, { askers }: Answering, flags: Flags): Promise<AnswerOptions> {
  const [first] = askers.values();
  if (first === undefined) throw new TagprError("internal", "no model was opened");
  const { tasks, run, responseTokens } = first.model;
  const n = flags.samples ?? 1;
  const drawing: Drawing = {
    ...{ n, maxTokens: flags.maxTokens ?? responseTokens, topP: 1, stop: [] },
    temperature: flags.temperature ?? (flags.samples === undefined ? 0 : 1),
    seed: flags.seed ?? randomInt(2 ** 31),
  };
  const [items, users] = [await itemsOf(io, flags), await usersOf(io, flags, run, tasks)];
  const base: Pick<Wish, "items" | "user"> = { items, user: flags.user };
  return { io, askers, users, base, drawing, json: flags.json === true };
}

async function itemsOf(io: Io, { history, user }: Flags): Promise<Wish["items"]> {
  if (history === undefined) return undefined;
  if (user !== undefined)
    throw new TagprError("usage", "--history and --user are two histories", { hint: "Give one of them." });
  const values: unknown[] = [];
  for await (const row of readRows(at(io, history), { onNote: (note) => io.err(`${history}: ${note}\n`) }))
    values.push(row);
  return { values, where: history };
}

/** Of a run without `--data`, its own. */
async function usersOf(
  io: Io,
  { user, data }: Flags,
  run: string | null,
  tasks: Parameters<typeof readUsers>[1],
): Promise<Users | null> {
  const dir = data === undefined ? run : at(io, data);
  if (user === undefined) {
    if (data === undefined) return null;
    throw new TagprError("usage", "--data is given and no user of it", { hint: "Name one: --user ID." });
  }
  return dir === null ? null : readUsers(dir, tasks, user);
}

function temperature(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 2)) throw new InvalidArgumentError("not a number from 0 to 2");
  return value;
}
