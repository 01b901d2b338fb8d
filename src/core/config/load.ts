import { isAbsolute, resolve } from "node:path";
import { parse } from "yaml";
import { messageOf, TagprError } from "../errors.ts";
import { looksLikeKey, secretInUrl } from "../secrets.ts";
import { type Form, type Override, parseYaml, readYaml } from "../yaml-file.ts";
import { type Config, configSchema } from "./schema.ts";

const KEYS = "`tagpr config schema` prints every key";
const CONFIG: Form<Config> = { schema: configSchema, keys: KEYS };

/**
 * The whole config of a YAML file, every default filled in, with overrides put over it.
 * Errors name `file:line:column` (or the override) and the nearest known key.
 */
export function loadConfig(path: string, overrides: readonly Override[] = []): Config {
  return readYaml(path, CONFIG, overrides);
}

/** A config as `run.json` keeps it, checked again: a newer program may know other keys than the one that wrote it. */
export function reloadConfig(value: unknown, path: string, overrides: readonly Override[] = []): Config {
  return parseYaml(JSON.stringify(value, null, 2), path, CONFIG, overrides);
}

const SET = { flag: "--set", hint: `For example --set guided.epochs=2; ${KEYS}.` };

/** `guided.epochs=2` as an override; the value is read as YAML, so numbers, lists and booleans are what they look like. */
export function parseOverride(text: string, { flag, hint } = SET): Override {
  const split = text.indexOf("=");
  const path = text.slice(0, split).trim();
  if (split < 1 || path === "") throw new TagprError("usage", `${flag} ${text}: not of the form key=value`, { hint });
  const value = text.slice(split + 1);
  const shown = looksLikeKey(value) || secretInUrl(value) !== null ? `${path}=…` : text;
  return { path: path.split("."), value: readValue(value, `${flag} ${shown}`), from: `${flag} ${shown}` };
}

function readValue(text: string, from: string): unknown {
  try {
    return parse(text, { logLevel: "error" });
  } catch (error) {
    throw new TagprError(
      "usage",
      `${from}: the value is no YAML (${messageOf(error).split("\n")[0]?.replace(/:$/, "")})`,
      {
        hint: "Put a text with brackets, colons or the like into quotes: --set 'name=\"a: b\"'.",
        cause: error,
      },
    );
  }
}

/** The same config with the folders and files it names made absolute, so that a run can be continued from anywhere. */
export function absolutePaths(config: Config, cwd: string, exists: (path: string) => boolean): Config {
  const here = (path: string): string => (path !== "" && !isAbsolute(path) ? resolve(cwd, path) : path);
  const ifThere = (path: string): string => (path !== "" && exists(here(path)) ? here(path) : path);
  const allHere = (paths: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, here(path)]));
  return {
    ...config,
    model: ifThere(config.model),
    data: {
      ...config.data,
      paths: config.data.paths.map(here),
      task: /\.ya?ml$/.test(config.data.task) ? here(config.data.task) : config.data.task,
    },
    rewards: {
      ...config.rewards,
      own: Object.fromEntries(
        Object.entries(config.rewards.own).map(([name, own]) => [name, { ...own, module: here(own.module) }]),
      ),
    },
    eval: {
      ...config.eval,
      paths: config.eval.paths.map(here),
      own: allHere(config.eval.own),
      predictions: allHere(config.eval.predictions),
    },
    prmu: { ...config.prmu, model: config.prmu.model === "sft" ? "sft" : ifThere(config.prmu.model) },
    engines: { ...config.engines, embeddings_model: ifThere(config.engines.embeddings_model) },
  };
}
