import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { monotonic } from "../../core/awake.ts";
import type { EngineConfig } from "../../core/config/schema.ts";
import { enginePython } from "../../core/installation.ts";
import { nearest } from "../../core/yaml-file.ts";
import { makeVerifier } from "../../engine/verify.ts";
import { MODEL_NAMES, type ModelName } from "../../model/export-file.ts";
import { isPerTask } from "../../model/files.ts";
import { configOfRun } from "../../model/record.ts";
import { exportModel } from "../../run/export/export.ts";
import type { App } from "../app.ts";
import { modelDir } from "../engines.ts";
import { lineProgress } from "../progress/lines.ts";
import { at } from "./options.ts";

/** `tagpr export RUN --out DIR`. */
export function exportCommand({ io, openEngines }: App): Command {
  const command = new Command("export")
    .description("write a model of a run as a Hugging Face folder, checked against the run's own log-probs")
    .argument("<run>", "folder of the run")
    .requiredOption("--out <dir>", "folder to make")
    .addOption(
      new Option("--model <name>", "which one: tagpr, guided, sft, prmu, …, of an ablation (explore-no-sft)")
        .argParser(modelNamed)
        .default("tagpr" as const),
    )
    .addOption(
      new Option("--tolerance <nats>", "largest difference of log-probs or logits").argParser(positive).default(1e-4),
    )
    .option("--also-python <python>", "check by this Python's transformers too, an older one say")
    .option("--json", "the outcome of the check as JSON")
    .action(async (folder, { out, model, tolerance, alsoPython, json }) => {
      const run = at(io, folder);
      const config = configOfRun(run);
      const engines = openEngines({ config: inFloat32(config), run, io });
      const python = enginePython(io.env);
      try {
        const check = await exportModel({
          ...{ run, out: at(io, out), model, tolerance, engines },
          modelDir: (name) => modelDir(io, name),
          verifiers: [python, ...(alsoPython === undefined ? [] : [alsoPython])].map((one) =>
            makeVerifier(one, io.env),
          ),
          progress: lineProgress(io.err, monotonic),
        });
        const what = `${check.compared} ${model === "prmu" ? "logits" : "log-probs"}`;
        const said = `${out}: ${model}; ${what} differ from the run's by ${check.largest.toExponential(1)} at most`;
        io.out(`${json === true ? JSON.stringify({ out, model, ...check }) : said}\n`);
      } finally {
        await engines.close();
      }
    });
  return command as unknown as Command;
}

/** A model by its name. @throws InvalidArgumentError with those that there are */
function modelNamed(text: string): ModelName {
  const found = MODEL_NAMES.find((one) => one === text);
  if (found !== undefined) return found;
  if (text === "explore") return "tagpr";
  if (isPerTask(text))
    throw new InvalidArgumentError(`${text} holds one model a task, and an exported folder one model for all.`);
  const near = nearest(text, MODEL_NAMES);
  throw new InvalidArgumentError(
    `A run has no model of that name that can be exported${near === undefined ? "" : ` (did you mean ${near}?)`}. They are ${MODEL_NAMES.join(", ")}.`,
  );
}

/** Master weights are fp32: an embedded engine is asked to compute so, whatever the run computed in. */
function inFloat32(config: ReturnType<typeof configOfRun>): ReturnType<typeof configOfRun> {
  const exact = (engine: EngineConfig): EngineConfig =>
    engine.kind === "embedded" ? { ...engine, dtype: "float32" } : engine;
  const { policy, reward } = config.engines;
  return { ...config, engines: { ...config.engines, policy: exact(policy), reward: exact(reward) } };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("not a number above 0");
  return value;
}
