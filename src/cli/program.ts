import { Command } from "@commander-js/extra-typings";
import { version } from "../core/installation.ts";
import type { App } from "./app.ts";
import { answerCommand } from "./commands/answer.ts";
import { compareCommand } from "./commands/compare.ts";
import { configCommand } from "./commands/config.ts";
import { dataCommand } from "./commands/data/data.ts";
import { docsCommand } from "./commands/docs.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { engineCommand } from "./commands/engine.ts";
import { evalCommand } from "./commands/eval.ts";
import { exportCommand } from "./commands/export.ts";
import { forgetCommand } from "./commands/forget.ts";
import { keysCommand } from "./commands/keys.ts";
import { officialCommand } from "./commands/official.ts";
import { quickstartCommand } from "./commands/quickstart.ts";
import { rewardsCommand } from "./commands/rewards.ts";
import { runCommand } from "./commands/run.ts";
import { scoreCommand } from "./commands/score.ts";
import { serveCommand } from "./commands/serve.ts";
import { setupCommand } from "./commands/setup.ts";
import { STAGE_COMMANDS, type StageCommand, stageCommand } from "./commands/stages.ts";
import { suiteCommand } from "./commands/suite.ts";
import { tensorboardCommand } from "./commands/tensorboard.ts";
import { whyCommand } from "./commands/why.ts";
import type { Io } from "./io.ts";

/** The whole command line. */
export function buildProgram(app: App): Command {
  const program = new Command("tagpr")
    .description("Tagging the Thought: personalized reasoning, learnt from a user's history in short tagged steps.")
    .version(version())
    .option("--debug", "print the traceback of a failure (anywhere on the line)")
    // What stands after a command's name is that command's, however its parent's options are named.
    .enablePositionalOptions()
    .showHelpAfterError("(tagpr --help lists the commands)")
    .addHelpText(
      "after",
      `
Start here:
  tagpr quickstart                              the whole paper on a synthetic world, in minutes
  tagpr run presets/own-data.yaml --data DIR --out RUN
                                                the same on your own files, in LaMP's layout
Stages of ablations are commands too: tagpr guided-no-sft RUN (docs/methods.md has them all).
Exit codes: 0 done, 2 usage, 3 data, 4 engine, 5 model API, 6 environment, 7 run directory,
8 too little to learn from (--anyway goes on), 70 a fault in TagPR, 130 stopped by Ctrl-C (the same command goes on from there).
Environment:
  OPENAI_API_KEY         key of teacher, judge and tagger; TINKER_API_KEY: of a remote engine (key_env names others)
  TAGPR_ENGINE_TOKEN     what clients of \`tagpr engine serve\` send (default: TINKER_API_KEY, else one made up)
  TAGPR_SERVE_TOKEN      what clients of \`tagpr serve\` send (default: one made up, in the address that it prints)
  TAGPR_OBSERVER_TOKEN   a second token of the engine, of a run's own too (its address is in RUN/engine.log), for
                         those who may look (health, capabilities, models, checkpoints) and change nothing
  TAGPR_HOME             folder of what set-up makes (default: the checkout; of an installed package, a cache folder)
  TAGPR_PYTHON           the engine's Python (default: the one that set-up made, else python3)
  TAGPR_BASE_PYTHON      the Python that set-up makes it with, as --python
  HF_HOME, HF_HUB_CACHE  where models are found by their hub names, and kept when they are downloaded
  HF_TOKEN, HF_ENDPOINT  an account of the hub, a mirror; HF_HUB_OFFLINE=1: nothing is downloaded
  NO_COLOR, FORCE_COLOR  colour off, colour on`,
    );
  program.addCommand(setupCommand(app));
  program.addCommand(quickstartCommand(app));
  program.addCommand(runCommand(app));
  for (const stage of STAGE_COMMANDS) program.addCommand(commandOf(stage, app), { hidden: stage.hidden === true });
  program.addCommand(suiteCommand(app));
  program.addCommand(whyCommand(app));
  program.addCommand(compareCommand(app));
  program.addCommand(officialCommand(app));
  program.addCommand(answerCommand(app));
  program.addCommand(serveCommand(app));
  program.addCommand(keysCommand(app));
  program.addCommand(exportCommand(app));
  program.addCommand(forgetCommand(app));
  program.addCommand(tensorboardCommand(app));
  program.addCommand(rewardsCommand(app));
  program.addCommand(scoreCommand(app));
  program.addCommand(doctorCommand(app));
  program.addCommand(engineCommand(app));
  program.addCommand(configCommand(app));
  program.addCommand(docsCommand(app, program), { hidden: true });
  settle(program, app.io);
  return program;
}

/** Data and evaluation take more than a run. */
function commandOf(stage: StageCommand, app: App): Command {
  if (stage.name === "data") return dataCommand(stage, app);
  return stage.name === "eval" ? evalCommand(stage, app) : stageCommand(stage, app);
}

/** Every command prints through `io` and throws instead of exiting. */
function settle(command: { commands: readonly unknown[] }, io: Io): void {
  if (!(command instanceof Command)) return;
  command.exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  for (const child of command.commands) settle(child, io);
}
