import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { loadConfig } from "../../core/config/load.ts";
import { packageRoot } from "../../core/installation.ts";
import type { App } from "../app.ts";
import { packagesLacking } from "../check-outside.ts";
import { executeRun } from "../execute.ts";
import { setUp } from "../set-up.ts";
import { at, CONFIG_HELP, NO_DOWNLOAD, settlePaths, wholeNumber, withFlags } from "./options.ts";

/** What `npm start` runs. */
export function quickstartCommand(app: App): Command {
  const { io, outcome } = app;
  const command = new Command("quickstart")
    .description("the whole paper on a synthetic world, in minutes; a finished run shows its result at once")
    .option("--out <run>", "folder of the run (default: runs/quickstart, with a seed runs/quickstart-seed-N)")
    .addOption(new Option("--seed <n>", "another world, other users, another initialisation").argParser(wholeNumber))
    .option("--set <key=value...>", CONFIG_HELP.set)
    .option("--fresh", "do the run again from nothing")
    .addOption(NO_DOWNLOAD)
    .option("--json", "progress as one JSON event a line")
    .action(async ({ out, fresh, json, download, ...flags }) => {
      const preset = join(packageRoot(), "presets", "quickstart.yaml");
      const config = settlePaths(
        withFlags((overrides) => loadConfig(preset, overrides), flags),
        io,
      );
      // Each seed has its own folder: looking at another one never costs a finished run.
      const run = at(
        io,
        out ?? join("runs", flags.seed === undefined ? "quickstart" : `quickstart-seed-${flags.seed}`),
      );
      if (needsSetUp(app, config)) {
        outcome.code = await setUp(io, { models: true, python: undefined, pythonOnly: true });
        if (outcome.code !== 0) return;
      }
      await executeRun(app, { run, config, fresh: fresh === true, json: json === true, download });
    });
  return command as unknown as Command;
}

/** Where a person named a Python, what it lacks is theirs to add. */
function needsSetUp({ io }: App, config: Parameters<typeof packagesLacking>[1]): boolean {
  if (io.env.TAGPR_PYTHON) return false;
  try {
    return packagesLacking(io, config).length > 0;
  } catch {
    return true;
  }
}
