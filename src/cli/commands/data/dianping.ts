import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeJson, writeJsonl } from "../../../core/jsonl.ts";
import { type Held, holdOut, toExample } from "../../../data/dianping/build.ts";
import { readPosts } from "../../../data/dianping/posts.ts";
import { type Cleaned, cleanPosts, countsOf, RULES, type Rules } from "../../../data/dianping/rules.ts";
import { writeLamp } from "../../../data/lamp/write.ts";
import { refuseForeign, sealFolder } from "../../../data/owned.ts";
import { tally } from "../../../data/problem.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { App } from "../../app.ts";
import { align } from "../../table.ts";
import { at, requireFree, wholeNumber } from "../options.ts";
import { requireNoSecrets } from "./endpoint-flags.ts";
import { rewriteHeld, TEACHER, type TeacherFlags } from "./paraph.ts";
import { countedRows, tellProblems } from "./problems.ts";
import { COLUMNS, DATE_FORMAT, DELIMITER, ENCODING, HEADER, tableOptions } from "./table-flags.ts";

/** `tagpr data dianping`: the three Chinese tasks of Appendix E from a person's own collection of posts. */
export function dianpingCommand(app: App): Command {
  const { io } = app;
  const command = new Command("dianping")
    .description(
      "build Dianping-Content, -Title and -Paraph (Appendix E) from your own posts: user, title, content, date",
    )
    .argument("<posts...>", "JSONL, JSON, CSV, TSV or Parquet files, one row a post")
    .requiredOption("--out <folder>", "where the tasks' folders go")
    .addOption(
      new Option("--users <n>", "users at most, drawn by the seed (paper: 1,000)").argParser(wholeNumber).default(1000),
    )
    .addOption(
      new Option(
        "--hold-out <which>",
        "ninth: the eight newest are the profile, the ninth newest is asked (the paper); newest: the newest is asked",
      )
        .choices(["ninth", "newest"] as const)
        .default("ninth" as const),
    )
    .addOption(
      new Option("--min-content <n>", "characters of a content").argParser(wholeNumber).default(RULES.minContent),
    )
    .addOption(new Option("--min-title <n>", "characters of a title").argParser(wholeNumber).default(RULES.minTitle))
    .addOption(
      new Option("--near-duplicate <share>", "common 5-grams that make two posts of a user one; 1: off")
        .argParser(share)
        .default(RULES.nearDuplicate),
    )
    .option("--removed <file>", "JSONL: every post that a rule removed, and why")
    .option("--force", "write over files in --out that were not built there, and over the file of --removed")
    .addOption(TEACHER.url)
    .addOption(TEACHER.model)
    .addOption(TEACHER.keyEnv)
    .addOption(TEACHER.temperature)
    .addOption(TEACHER.maxTokens)
    .addOption(TEACHER.concurrency)
    .addOption(TEACHER.timeout)
    .addOption(TEACHER.maxWait)
    .addOption(TEACHER.priceIn)
    .addOption(TEACHER.priceOut)
    .addOption(new Option("--seed <n>", "seed of the draw of users").argParser(wholeNumber).default(0))
    .option("--as <split>", "name of the split that is written", "test")
    .option("--skip-bad", "leave bad rows out (they are told and counted); without it they end the command")
    .addOption(DATE_FORMAT)
    .addOption(ENCODING)
    .addOption(DELIMITER)
    .addOption(COLUMNS)
    .addOption(HEADER)
    .action(async (files, { out, users, holdOut: which, removed, as, seed, skipBad, dateFormat, force, ...flags }) => {
      requireNoSecrets(flags);
      const dir = at(io, out);
      if (removed !== undefined) requireFree(io, removed, force, "--removed");
      const names = ["questions", "outputs", "cleaning"].map((kind) => `${as}_${kind}.json`);
      for (const task of TASKS) await refuseForeign(join(dir, task), names, force === true);
      const rules: Rules = {
        ...RULES,
        minContent: flags.minContent,
        minTitle: flags.minTitle,
        nearDuplicate: flags.nearDuplicate,
      };
      const problems = tally();
      const options = { ...tableOptions(io, flags), onProblem: problems.add };
      const tables = files.map((file) => at(io, file));
      const { rows, count } = countedRows(tables, options);
      const posts = await readPosts(rows, {
        ...options,
        ...(dateFormat === undefined ? {} : { dateFormat }),
      });
      tellProblems(io, problems, skipBad === true, count());
      const cleaned = cleanPosts(posts, rules);
      io.out(cleaningTable(posts.length, cleaned, rules));
      if (removed !== undefined)
        writeJsonl(
          at(io, removed),
          cleaned.removed.map(({ post, reason, detail }) => ({ ...post, reason, detail })),
        );
      const { held, tooFew } = holdOut(cleaned.kept, { holdOut: which, users, seed });
      io.out(`users: ${held.length} with nine posts or more, ${tooFew} with fewer are left out\n`);
      if (held.length === 0)
        throw new TagprError("data", "no user has nine posts left", { hint: "Give more posts, or gentler rules." });
      const record = {
        rules: shown(rules),
        posts: posts.length,
        removed: countsOf(cleaned),
        hold_out: which,
        users: held.length,
        users_with_fewer: tooFew,
        seed,
      };
      const put: Put = async (name, asked) => {
        const task = loadTask(name);
        const n = await writeLamp(
          join(dir, name),
          as,
          task,
          asked.map(([one, neutral]) => toExample(task, one, neutral)),
        );
        // Beside the very files it tells of: other calls write other splits, or other tasks, by other rules.
        writeJson(join(dir, name, `${as}_cleaning.json`), record);
        await sealFolder(join(dir, name), names, {});
        io.out(`${name}: ${n} queries, ${as}\n`);
      };
      for (const task of ["dianping_content", "dianping_title"])
        await put(
          task,
          held.map((one) => [one, ""]),
        );
      await paraph(app, dir, put, held, flags);
      if (app.outcome.code === 0) io.err(nextText(dir, out));
    });
  return command as unknown as Command;
}

/** What to do with the folders, of which a run wants two splits. */
function nextText(dir: string, out: string): string {
  const folder = join(out, "dianping_content");
  const missing = ["train", "dev"].filter(
    (split) => !existsSync(join(dir, "dianping_content", `${split}_questions.json`)),
  );
  const then =
    missing.length === 0
      ? `then: tagpr run CONFIG.yaml --data ${folder} --out RUN`
      : `then this command with ${missing.map((split) => `--as ${split}`).join(" and with ")}, on posts of other users: a run wants train and dev`;
  return `Next: tagpr data check ${folder}, ${then}\n`;
}

/** The tasks of its folders, in LaMP's form. */
const TASKS = ["dianping_content", "dianping_title", "dianping_paraph"];

/** Writes one task's queries: who asks, and Paraph's neutral text. */
type Put = (name: string, asked: readonly (readonly [Held, string])[]) => Promise<void>;

async function paraph(app: App, dir: string, put: Put, held: readonly Held[], flags: TeacherFlags): Promise<void> {
  const { url } = flags;
  if (url === undefined) {
    app.io.err("Dianping-Paraph needs a model for the neutral rewriting: give --url (and --model). It is left out.\n");
    return;
  }
  const told = await rewriteHeld(app, dir, held, { ...flags, url });
  if (told !== null) await put("dianping_paraph", told);
}

/** The rules as they were applied, each with what it took. */
function cleaningTable(n: number, cleaned: Cleaned, rules: Rules): string {
  const counts = countsOf(cleaned);
  const ads = rules.advertisement.map(({ name }) => name).join(", ");
  const rows: [string, string][] = [
    ["posts read", String(n)],
    [`- short content (fewer than ${rules.minContent} characters)`, String(counts["short content"])],
    [`- short title (fewer than ${rules.minTitle} characters)`, String(counts["short title"])],
    [`- advertisement (${ads})`, String(counts.advertisement)],
    ["- duplicate (the same content, whoever wrote it, punctuation aside)", String(counts.duplicate)],
    [`- near duplicate (same user, ${rules.nearDuplicate} of the 5-grams common)`, String(counts["near duplicate"])],
    ["kept", String(cleaned.kept.length)],
  ];
  return `${align(rows).join("\n")}\n`;
}

const shown = (rules: Rules) => ({
  ...rules,
  advertisement: rules.advertisement.map(({ name, pattern }) => ({ name, pattern: String(pattern) })),
});

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("not a share above 0, at most 1");
  return value;
}
