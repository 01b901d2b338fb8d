import type { Command } from "@commander-js/extra-typings";
import type { App } from "../app.ts";
import { rankCommand } from "./data-rank.ts";
import { type StageCommand, stageCommand } from "./stages.ts";

/** `tagpr data RUN` is the stage of a run; `tagpr data rank …` and its like work on files of their own. */
export function dataCommand(stage: StageCommand, app: App): Command {
  const command = stageCommand(stage, app);
  // Both have options of the same name: those after the subcommand's name are the subcommand's.
  command.enablePositionalOptions();
  command.addCommand(rankCommand(app));
  return command;
}
