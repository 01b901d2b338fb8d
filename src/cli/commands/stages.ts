import { Command, Option } from "@commander-js/extra-typings";
import { loadConfig } from "../../core/config/load.ts";
import { ABLATION_STAGES, type StageName } from "../../core/stages.ts";
import type { Override } from "../../core/yaml-file.ts";
import { configOfRun } from "../../model/record.ts";

import type { App } from "../app.ts";
import { executeRun } from "../execute.ts";
import { at, CONFIG_HELP, configPath, maxCost, NO_DOWNLOAD, settlePaths, wholeNumber, withFlags } from "./options.ts";

export interface StageCommand {
  readonly name: StageName;
  readonly about: string;
  /** In no list of commands. */
  readonly hidden?: true;
}

/** Each stage alone: it reads only what earlier stages wrote. */
export const STAGE_COMMANDS: readonly StageCommand[] = [
  { name: "data", about: "read or make the data, split it, choose the items that are shown" },
  { name: "chains", about: "build tagged chains: roll out, filter, judge, tag, cluster, tag again" },
  { name: "sft", about: "train the base model on the chains" },
  { name: "prmu", about: "build preference pairs and train the reward model with user embeddings" },
  { name: "guided", about: "reinforcement learning with all five rewards" },
  { name: "explore", about: "reinforcement learning with verifiable, format and repetition reward" },
  { name: "gold", about: "train the base model on the true answers alone, for sft of eval.methods" },
  { name: "gold-full", about: "the same on all labelled queries but dev's, for sft-full of eval.methods" },
  { name: "gold-ind", about: "the same, one model a task, for sft-ind of eval.methods" },
  { name: "sft-ind", about: "train the base model on the chains, one model a task, for sft-ind-r of eval.methods" },
  { name: "rejection", about: "train the SFT model on its own right samples, for sft-rejection of eval.methods" },
  { name: "pplug", about: "train a text encoder and a projector that make soft tokens, for pplug of eval.methods" },
  { name: "pplug-labels", about: "the same with the labels of the items, for pplug-labels of eval.methods" },
  {
    name: "hydra",
    about: "train a scorer with a head a user on the base model's answers, for hydra-adapter of eval.methods",
  },
  { name: "prlm-reward", about: "train PrLM's contrastive reward model, for prlm and prlm-sft of eval.methods" },
  { name: "prlm", about: "reinforcement learning of the base model with PrLM's rewards, for prlm of eval.methods" },
  { name: "prlm-sft", about: "the same from the SFT model, for prlm-sft of eval.methods" },
  ...ABLATION_STAGES.map(({ name, stage, ablation }) => {
    return { name, about: `${stage} as the ablation ${ablation} has it (docs/methods.md)`, hidden: true } as const;
  }),
  {
    name: "eval",
    about: "answer held-out queries with every method of a run, a config or a model, and write result.json",
  },
  { name: "report", about: "write report/index.html" },
];

export function stageCommand({ name, about }: StageCommand, app: App): Command {
  const command = new Command(name)
    .description(about)
    .argument("<run>", "folder of the run")
    .option("--config <file>", "take the config from this file (default: the run's own)")
    .option("--data <dir...>", CONFIG_HELP.data)
    .addOption(new Option("--seed <n>", CONFIG_HELP.seed).argParser(wholeNumber))
    .option("--set <key=value...>", CONFIG_HELP.set)
    .addOption(maxCost())
    .option("--fresh", "do the stage again from nothing")
    .option(
      "--any-hardware",
      "go on although the run was begun on other hardware: its numbers are then not those of one machine",
    )
    .addOption(NO_DOWNLOAD)
    .option("--anyway", "go on where too little is there to learn from")
    .option("--json", "progress as one JSON event a line")
    .action(async (folder, flags) => {
      const run = at(app.io, folder);
      const load = (overrides: readonly Override[]) =>
        flags.config === undefined
          ? configOfRun(run, overrides, ", or give --config CONFIG.yaml")
          : loadConfig(configPath(app.io, flags.config), overrides);
      await executeRun(app, {
        run,
        config: settlePaths(withFlags(load, flags), app.io),
        only: [name],
        maxCost: flags.maxCost,
        fresh: flags.fresh === true,
        anyHardware: flags.anyHardware === true,
        download: flags.download,
        anyway: flags.anyway === true,
        json: flags.json === true,
      });
    });
  return command as unknown as Command;
}
