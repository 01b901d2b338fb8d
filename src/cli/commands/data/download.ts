import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, Option } from "@commander-js/extra-typings";
import { LAMP_PAGE, LAMP_SITE, lampFiles, PAPER_TASKS, type RemoteFile } from "../../../data/lamp/catalogue.ts";
import { downloadLamp, readSums } from "../../../data/lamp/download.ts";
import type { App } from "../../app.ts";
import { chooseProgress } from "../../progress/choose.ts";
import { at } from "../options.ts";

const MEGA = 1e6;
const listOf = (text: string): string[] => text.split(",").map((one) => one.trim());

/** `tagpr data download lamp`. */
export function downloadCommand(app: App): Command {
  const command = new Command("download").description("fetch a benchmark from its own site");
  command.addCommand(lampCommand(app));
  return command as unknown as Command;
}

function lampCommand({ io }: App): Command {
  const command = new Command("lamp")
    .description("fetch LaMP's files, going on where an earlier try stopped; or say how to place them by hand")
    .option("--out <folder>", "where the tasks' folders go", "data")
    .addOption(new Option("--tasks <names>", "comma-separated").argParser(listOf).default([...PAPER_TASKS]))
    .addOption(new Option("--splits <names>", "of train, dev, test").argParser(listOf).default(["train", "dev"]))
    .addOption(
      new Option(
        "--separation <by>",
        "time: each user's later queries are held out (the paper's); user: other users, in folders of their own (LaMP_4_user)",
      )
        .choices(["time", "user"] as const)
        .default("time" as const),
    )
    .option("--site <url>", "another place with the same folders", LAMP_SITE)
    .option("--sums <file>", "checksums that the files must have, as sha256sum writes them (the site publishes none)")
    .option("--list", "fetch nothing: print where each file comes from and where it goes")
    .addHelpText(
      "after",
      `\nBy hand: fetch the links of --list, or those of ${LAMP_PAGE}, and put each file where\n--list says; then run the same command, which checks what it finds and fetches what is missing.`,
    )
    .action(async ({ out, tasks, splits, separation, site, sums, list }) => {
      const files = tasks.flatMap((task) => lampFiles(task, splits, { separation, site }));
      if (list === true) {
        io.out(listed(files, out));
        return;
      }
      const progress = chooseProgress(io);
      let started = false;
      let title = "";
      await downloadLamp({
        ...{ dir: at(io, out), files, fetch: globalThis.fetch, sleep },
        ...(sums === undefined ? {} : { sums: readSums(at(io, sums)) }),
        onStart: ({ folder, name }) => {
          title = `${folder}/${name}`;
          started = false;
        },
        onProgress: (done, total) => {
          if (!started) progress.start(`${title} (MB)`, Math.ceil(total / MEGA));
          started = true;
          progress.update(Math.floor(done / MEGA));
        },
        onEnd: ({ bytes, how, sha256 }) => {
          if (!started) progress.start(title, 0);
          progress.end(`${how}, ${(bytes / MEGA).toFixed(1)} MB, sha256 ${sha256.slice(0, 16)}…`);
        },
      });
      for (const folder of new Set(files.map((file) => file.folder))) io.out(`${join(out, folder)}\n`);
      io.err(`Next: tagpr data check ${join(out, files[0]?.folder ?? "")}\n`);
    });
  return command as unknown as Command;
}

const listed = (files: readonly RemoteFile[], out: string): string =>
  files.map(({ url, folder, name }) => `${url}\n  -> ${join(out, folder, name)}\n`).join("");
