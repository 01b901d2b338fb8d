import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { loadConfig, reloadConfig } from "../../core/config/load.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { packageRoot } from "../../core/installation.ts";
import type { StageName } from "../../core/stages.ts";
import type { Override } from "../../core/yaml-file.ts";
import { allNames, learnsFromChains, methodsOf } from "../../methods/index.ts";
import { type OpenedModel, openModel } from "../../model/open.ts";
import { configOfRun } from "../../model/record.ts";
import { stagesFor } from "../../run/needed.ts";
import type { App } from "../app.ts";
import { ensureModels } from "../download-models.ts";
import { modelDir } from "../engines.ts";
import { executeRun } from "../execute.ts";
import {
  at,
  CONFIG_HELP,
  type ConfigFlags,
  configPath,
  maxCost,
  NO_DOWNLOAD,
  settlePaths,
  taskName,
  wholeNumber,
  withFlags,
} from "./options.ts";
import type { StageCommand } from "./stages.ts";

interface EvalFlags extends ConfigFlags {
  readonly methods?: string | undefined;
  readonly out?: string | undefined;
  readonly config?: string | undefined;
  readonly task?: string | undefined;
  readonly download: boolean;
}

/** What is to be executed, and what a person is told first. */
interface Plan {
  readonly run: string;
  readonly config: Config;
  readonly only: readonly StageName[];
  readonly say?: string;
}

/** `tagpr eval SOURCE`: a run, a config, an exported folder or a base model; what it is, it tells by itself. */
export function evalCommand({ name, about }: StageCommand, app: App): Command {
  const command = new Command(name)
    .description(about)
    .argument("<source>", "folder of a run, YAML file, exported folder, or a base model's folder or hub name")
    .option(
      "--methods <names>",
      "what is compared, comma-separated, or all (default: eval.methods of the run or the YAML file): what they train is trained first",
    )
    .option("--out <run>", "folder of what comes out (default: runs/<name>; of a run its own)")
    .option("--config <file>", "of a run: take the config from this file (default: the run's own)")
    .option("--task <task>", "of a model: the task of --data, or one of the synthetic world: a name or a YAML file")
    .option("--data <dir...>", `of a model: evaluation data in LaMP's layout; else ${CONFIG_HELP.data}`)
    .addOption(new Option("--seed <n>", CONFIG_HELP.seed).argParser(wholeNumber))
    .option("--set <key=value...>", CONFIG_HELP.set)
    .addOption(maxCost())
    .option("--fresh", "do the stage again from nothing; what was asked before is not asked again")
    .option(
      "--any-hardware",
      "go on although the run was begun on other hardware: its numbers are then not those of one machine",
    )
    .addOption(NO_DOWNLOAD)
    .option("--json", "progress as one JSON event a line")
    .action(async (source, flags) => {
      const planned = await planOf(app, source, flags);
      if (planned === null) return;
      const { say, ...plan } = planned;
      if (say !== undefined && flags.json !== true) app.io.err(`${say}\n`);
      await executeRun(app, {
        ...plan,
        maxCost: flags.maxCost,
        fresh: flags.fresh === true,
        anyHardware: flags.anyHardware === true,
        download: flags.download,
        json: flags.json === true,
      });
    });
  return command as unknown as Command;
}

/** Null where a signal ended the download of a model. */
async function planOf(app: App, source: string, flags: EvalFlags): Promise<Plan | null> {
  const path = configPath(app.io, source);
  if (existsSync(join(path, "run.json"))) return planOfRun(app, path, flags);
  if (existsSync(path) && !statSync(path).isDirectory()) return planOfYaml(app, path, flags);
  if (/\.ya?ml$/.test(source)) throw new TagprError("usage", `no file ${path}`, { hint: "Check the path." });
  return planOfModel(app, [path, resolve(packageRoot(), source)].find((one) => existsSync(one)) ?? source, flags);
}

/** The evaluation alone, of what the run has trained; methods that are named have what they train trained too. */
function planOfRun(app: App, run: string, flags: EvalFlags): Plan {
  const { io, stages } = app;
  if (flags.out !== undefined)
    throw new TagprError("usage", `--out: the evaluation of a run stands in the run, ${run}`, {
      hint: "Leave --out out, or give the YAML file to begin another run.",
    });
  refuseTask(flags);
  const load = (overrides: readonly Override[]) =>
    flags.config === undefined
      ? configOfRun(run, overrides, ", or give --config CONFIG.yaml")
      : loadConfig(configPath(io, flags.config), overrides);
  const config = settlePaths(withMethods(withFlags(load, flags), flags), io);
  return { run, config, only: flags.methods === undefined ? ["eval"] : stagesFor(stages, config) };
}

/** What the methods train, and their evaluation. */
function planOfYaml(app: App, path: string, flags: EvalFlags): Plan {
  const { io, stages } = app;
  refuseTask(flags);
  const asked = withMethods(
    withFlags((overrides) => loadConfig(path, overrides), flags),
    flags,
  );
  const chained = methodsOf(asked).some(learnsFromChains);
  // Chains cost a teacher's work: not for the names of their tags alone.
  const bare = !chained && asked.eval.base === "as_prompt";
  const config = settlePaths(bare ? { ...asked, eval: { ...asked.eval, base: "unnamed" } } : asked, io);
  return {
    run: at(io, flags.out ?? join("runs", config.name)),
    config,
    only: [...stagesFor(stages, config), "report"],
    ...(bare
      ? { say: "No method here learns from chains: none are built, and base models are told no tags (eval.base)." }
      : {}),
  };
}

/** A model that was trained elsewhere, or not at all, on evaluation data or the synthetic world. */
async function planOfModel(app: App, source: string, flags: EvalFlags): Promise<Plan | null> {
  const { io, stages } = app;
  const task = flags.task === undefined ? undefined : taskName(io, flags.task);
  const named = task === undefined ? {} : { task };
  if (!existsSync(source) && !(await ensureModels(app, [{ name: source, weights: true }], flags))) return null;
  const opened = await openModel(source, { modelDir: (name) => modelDir(io, name), ...named });
  const settings = modelSettings(opened, {
    ...named,
    name: basename(source),
    folders: flags.data?.map((dir) => at(io, dir)),
  });
  const asked = withFlags((overrides) => reloadConfig(settings, source, overrides), {
    seed: flags.seed,
    set: flags.set,
  });
  const usual = opened.kind !== "export" ? TRAINING_FREE : [opened.style.reasoning ? "model-r" : "model"];
  const chosen = withMethods({ ...asked, eval: { ...asked.eval, methods: usual } }, flags);
  const config = settlePaths(chosen, io);
  return {
    run: at(io, flags.out ?? join("runs", config.name)),
    config,
    only: [...stagesFor(stages, config), "report"],
    say: `${source} is ${KINDS[opened.kind]}; asked by ${config.eval.methods.join(", ")}.`,
  };
}

const KINDS = { run: "a run", export: "an exported model", base: "a base model" } as const;
const TRAINING_FREE = ["zero-shot", "zero-shot-r", "rag", "rag-r"];

/** A config that asks a model as it was taught, and would train nothing. */
function modelSettings(
  { config, style, weights, tasks }: OpenedModel,
  more: { readonly name: string; readonly task?: string; readonly folders: readonly string[] | undefined },
): object {
  const { engines, profile, prompt, eval: evaluation } = config;
  const { name, task, folders } = more;
  return {
    ...{ name, model: weights, engines, profile, prompt: { ...prompt, tags: style.tags } },
    eval: { max_tokens: evaluation.max_tokens, ...(folders === undefined ? {} : { paths: folders }) },
    ...(folders === undefined
      ? { data: { task: task ?? tasks[0]?.name ?? "" } }
      : {
          data: { source: "files", paths: folders, task: task ?? "" },
          ...{ teacher: { kind: "self" }, judge: { kind: "rules" }, tagger: { kind: "rules" } },
        }),
  };
}

/** The config with the methods of `--methods`; `all` are all that can be made of it. */
function withMethods(config: Config, { methods }: EvalFlags): Config {
  if (methods === undefined) return config;
  const names = methods.trim() === "all" ? allNames(config) : methods.split(",").map((name) => name.trim());
  return { ...config, eval: { ...config.eval, methods: [...new Set(names)] } };
}

function refuseTask({ task }: EvalFlags): void {
  if (task !== undefined)
    throw new TagprError("usage", "--task is for a model; a run and a YAML file say it themselves", {
      hint: "Leave it out, or change the config with --set data.task=….",
    });
}
