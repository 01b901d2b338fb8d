import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { absolutePaths, parseOverride } from "../../core/config/load.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { packageRoot } from "../../core/installation.ts";
import type { Override } from "../../core/yaml-file.ts";
import type { Io } from "../io.ts";

/** Flags that change the config, shared by `run` and the stage commands. */
export interface ConfigFlags {
  readonly data?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
}

/** Help of these flags: an existing run is changed by them. */
const KEPT = "kept in the run's run.json, for later commands too";
export const CONFIG_HELP = {
  data: `folders with your own data in LaMP's layout, one a task; ${KEPT}`,
  seed: `seed of world, initialisation and sampling; ${KEPT}`,
  set: `put a value over the config's, e.g. --set guided.epochs=2; ${KEPT}`,
};

/**
 * The config that `load` reads, the flags put over it. A task that it names for its own folders holds for those of
 * `--data` too; one of the synthetic world says nothing of folders.
 */
export function withFlags(load: (overrides: readonly Override[]) => Config, flags: ConfigFlags): Config {
  const overrides = overridesOf(flags);
  if (flags.data === undefined) return load(overrides);
  const { source } = load(overrides.filter(({ path }) => path[0] !== "data")).data;
  return load(source === "files" ? overrides : [override("--data", "data.task", ""), ...overrides]);
}

const override = (from: string, path: string, value: unknown): Override => ({ path: path.split("."), value, from });

/** The flags as overrides, in the order in which a later one wins. */
function overridesOf(flags: ConfigFlags): Override[] {
  return [
    ...(flags.data === undefined
      ? []
      : [override("--data", "data.source", "files"), override("--data", "data.paths", flags.data)]),
    ...(flags.seed === undefined ? [] : [override("--seed", "seed", flags.seed)]),
    ...(flags.set ?? []).map((text) => parseOverride(text)),
  ];
}

export const NO_DOWNLOAD = new Option(
  "--no-download",
  "end where a model is not on this machine, instead of fetching it from the Hugging Face hub into its cache",
);

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("not a whole number");
  return Number(text);
}

export function positiveNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) === 0) throw new InvalidArgumentError("not a whole number above 0");
  return Number(text);
}

export function dollars(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0)) throw new InvalidArgumentError("not an amount of dollars above 0");
  return value;
}

/** `--max-cost`, of every command that may ask a priced API. */
export const maxCost = () =>
  new Option(
    "--max-cost <dollars>",
    "end once this command has paid so much to priced APIs (price_in, price_out); what is on its way is still paid, what came is kept",
  ).argParser(dollars);

export function portNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("not a port (0 to 65535)");
  return Number(text);
}

/** Paths in the config are meant from where the command stands; models that come with TagPR are found from anywhere. */
export function settlePaths(config: Config, io: Io): Config {
  const settled = absolutePaths(config, io.cwd, existsSync);
  const shipped = (model: string): string => {
    const path = resolve(packageRoot(), model);
    return model !== "" && model !== "sft" && existsSync(path) ? path : model;
  };
  return {
    ...settled,
    model: shipped(settled.model),
    prmu: { ...settled.prmu, model: shipped(settled.prmu.model) },
    engines: { ...settled.engines, embeddings_model: shipped(settled.engines.embeddings_model) },
  };
}

export const at = (io: Io, path: string): string => resolve(io.cwd, path);

/** Where a config or a run stands. A bare word that is neither is probably meant as the name of a preset. */
export function configPath(io: Io, source: string): string {
  const path = at(io, source);
  if (existsSync(path)) return path;
  // As the documents write it; where TagPR is installed, presets/ is not in the folder where the command stands.
  const shipped = join(packageRoot(), source);
  if (/^presets[/\\][\w-]+\.yaml$/.test(source) && existsSync(shipped)) return shipped;
  if (!/^\w+$/.test(source)) return path;
  const names = readdirSync(join(packageRoot(), "presets")).map((file) => file.replace(/\.yaml$/, ""));
  throw new TagprError("usage", `no file ${path}`, {
    hint: `Give a path, or one of presets/{${names.join(",")}}.yaml.`,
  });
}

/** A task as given on the command line: a name stays, a YAML file is meant from where the command stands. */
export const taskName = (io: Io, task: string): string => (/\.ya?ml$/.test(task) ? at(io, task) : task);

/** @throws TagprError where a file that a command would write is there already and nobody said `--force`, or is a folder. */
export function requireFree(io: Io, out: string, force: boolean | undefined, flag = "--out"): void {
  const path = at(io, out);
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory())
    throw new TagprError("usage", `${out} is a folder, not a file`, { hint: "Choose another place." });
  if (force !== true)
    throw new TagprError("usage", `${out} is there already`, { hint: `Give another ${flag}, or --force.` });
}
