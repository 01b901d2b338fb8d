import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { loadConfig } from "../../core/config/load.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { STAGE_NAMES, type StageName } from "../../core/stages.ts";
import { nearest } from "../../core/yaml-file.ts";
import { configOfRun } from "../../model/record.ts";

import type { App } from "../app.ts";
import { executeRun } from "../execute.ts";
import type { Io } from "../io.ts";
import { printPlan } from "../plan.ts";
import {
  at,
  CONFIG_HELP,
  type ConfigFlags,
  configPath,
  maxCost,
  NO_DOWNLOAD,
  settlePaths,
  wholeNumber,
  withFlags,
} from "./options.ts";

export function runCommand(app: App): Command {
  const command = new Command("run")
    .description("execute a config's stages: data, chains, sft, prmu, guided, explore, eval, report")
    .argument("<config>", "YAML file, or the folder of a run to go on with")
    .option("--out <run>", "folder of the run (default: runs/<name of the config>)")
    .option("--data <dir...>", CONFIG_HELP.data)
    .addOption(new Option("--seed <n>", CONFIG_HELP.seed).argParser(wholeNumber))
    .option("--set <key=value...>", CONFIG_HELP.set)
    .option("--only <stages>", "only these stages, comma-separated")
    .addOption(maxCost())
    .option("--fresh", "do the stages again from nothing")
    .option(
      "--any-hardware",
      "go on although the run was begun on other hardware: its numbers are then not those of one machine",
    )
    .addOption(NO_DOWNLOAD)
    .option("--dry-run", "print the plan: steps, tokens, memory, hours, cost; start and write nothing")
    .option("--assume <name=value...>", "with --dry-run: another assumption, e.g. --assume response_tokens=800")
    .option("--anyway", "go on where too little is there to learn from")
    .option("--json", "progress as one JSON event a line; with --dry-run the plan as JSON")
    .action(async (source, flags) => {
      const { config, run } = resolveRun(app.io, source, flags.out, flags);
      if (flags.dryRun === true) return printPlan(app.io, config, flags.assume ?? [], flags.json === true);
      if (flags.assume !== undefined)
        throw new TagprError("usage", "--assume changes the plan of --dry-run, not a run", {
          hint: "Add --dry-run, or use --set to change the config.",
        });
      const only = flags.only === undefined ? {} : { only: stageList(flags.only) };
      await executeRun(app, {
        run,
        config,
        maxCost: flags.maxCost,
        fresh: flags.fresh === true,
        anyHardware: flags.anyHardware === true,
        download: flags.download,
        anyway: flags.anyway === true,
        json: flags.json === true,
        ...only,
      });
    });
  return command as unknown as Command;
}

function resolveRun(
  io: Io,
  source: string,
  out: string | undefined,
  flags: ConfigFlags,
): { config: Config; run: string } {
  const path = configPath(io, source);
  const isRun = existsSync(path) && statSync(path).isDirectory();
  const load = isRun ? configOfRun : loadConfig;
  const config = settlePaths(
    withFlags((overrides) => load(path, overrides), flags),
    io,
  );
  if (isRun) return { config, run: at(io, out ?? source) };
  return { config, run: at(io, out ?? join("runs", config.name)) };
}

function stageList(text: string): StageName[] {
  return text.split(",").map((name) => {
    const found = STAGE_NAMES.find((stage) => stage === name.trim());
    if (found !== undefined) return found;
    const near = nearest(name, STAGE_NAMES);
    throw new TagprError("usage", `--only: no stage ${name}${near === undefined ? "" : ` (did you mean ${near}?)`}`, {
      hint: `Stages: ${STAGE_NAMES.join(", ")}.`,
    });
  });
}
