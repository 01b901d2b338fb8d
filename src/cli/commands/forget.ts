import { Command } from "@commander-js/extra-typings";
import { type Forgetting, forget, requireRun } from "../../run/forget/forget.ts";
import { lockRun } from "../../run/lock.ts";
import type { App } from "../app.ts";
import { at } from "./options.ts";

/** `tagpr forget RUN --user U`. */
export function forgetCommand({ io, stages }: App): Command {
  const command = new Command("forget")
    .description(
      "remove a user's texts and reward-model row from a run's files; the run is then no longer reproducible",
    )
    .argument("<run>", "folder of the run")
    .requiredOption("--user <id>", "whom: their id in the data")
    .option("--dry-run", "say what would go, and change nothing")
    .option("--json", "print it as JSON")
    .action(async (folder, { user, dryRun, json }) => {
      const run = at(io, folder);
      requireRun(run);
      const write = dryRun !== true;
      const release = write ? lockRun(run) : (): void => {};
      try {
        const found = await forget(run, user, { stages, write, now: () => new Date() });
        if (json === true) io.out(`${JSON.stringify({ run: folder, written: write, ...found, still: STILL })}\n`);
        else io.out(told(folder, found, write));
      } finally {
        release();
      }
    });
  return command as unknown as Command;
}

/** What no command reaches. */
const STILL = [
  "weights that were trained on them: the policy's, and the reward model's beside its table of users",
  "what was exported: folders of tagpr export, tagpr data export and tagpr data from-serve, answers of tagpr eval or suite elsewhere",
  "the data that the run was made of, and the store of a server: erase them there",
  "backups and snapshots of this disk, and of any of the above",
  "model APIs that were sent their texts, by what those keep",
];

function told(run: string, { files, tables, foreign, links }: Forgetting, written: boolean): string {
  const [goes, lose] = written ? ["gone", "lost"] : ["would go", "would lose"];
  const whole = files.filter(({ removed }) => removed === null);
  const parts = files.filter(({ removed }) => removed !== null);
  const lines = [
    ...parts.map(({ file, removed }) => `${file}: ${removed} ${removed === 1 ? "entry" : "entries"} ${goes}`),
    ...folded(whole.map(({ file }) => file)).map((file) => `${file}: ${goes} whole`),
    ...tables.map(({ folder, rows }) =>
      rows === null
        ? `${folder}: ${lose} all rows of its table of users (no scorer.json says which is whose)`
        : `${folder}: ${lose} ${rows.length === 1 ? "a row" : `${rows.length} rows`} of its table of users`,
    ),
    written
      ? `${run} is no longer reproducible: tagpr run says so and does not go on. Its models can still be asked and exported.`
      : `${run} would no longer be reproducible.`,
    ...foreign.map((file) => `NOT TagPR's, and holds the user: ${file}`),
    ...links.map((file) => `a link, behind which nothing was looked at: ${file}`),
    "What still holds the user:",
    ...STILL.map((what) => `  ${what}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Many files of a folder are told as one. */
function folded(files: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.split("/").slice(0, -1).join("/");
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].flatMap(([folder, own]) => (own.length > 3 ? [`${folder}/ (${own.length} files)`] : own));
}
