import type { Command } from "@commander-js/extra-typings";
import type { App } from "../../app.ts";
import { type StageCommand, stageCommand } from "../stages.ts";
import { buildCommand } from "./build.ts";
import { checkCommand } from "./check.ts";
import { dianpingCommand } from "./dianping.ts";
import { downloadCommand } from "./download.ts";
import { exportCommand } from "./export.ts";
import { fromServeCommand } from "./from-serve.ts";
import { initCommand } from "./init.ts";
import { rankCommand } from "./rank.ts";
import { showCommand } from "./show.ts";
import { worldCommand } from "./world.ts";

/** One file each, in this folder. */
const SUBCOMMANDS: readonly ((app: App) => Command)[] = [
  initCommand,
  buildCommand,
  fromServeCommand,
  checkCommand,
  showCommand,
  exportCommand,
  downloadCommand,
  dianpingCommand,
  rankCommand,
  worldCommand,
];

/** `tagpr data RUN` is the stage; its subcommands bring, check and show data before and beside a run. */
export function dataCommand(stage: StageCommand, app: App): Command {
  const command = stageCommand(stage, app).enablePositionalOptions();
  for (const make of SUBCOMMANDS) command.addCommand(make(app));
  return command;
}
