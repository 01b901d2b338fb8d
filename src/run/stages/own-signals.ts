import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config, OwnSignalConfig } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { fileStore } from "../../llm/store.ts";
import { makeOwnSignal, type OwnScore, type OwnSignal } from "../../rewards/own.ts";
import { httpScore } from "../../rewards/own-http.ts";
import { moduleIdentity, moduleScore } from "../../rewards/own-module.ts";
import { type RlStage, weightsOf } from "../../rewards/weights.ts";
import { identity } from "../key.ts";
import type { StageContext } from "../stage.ts";

/** Whether a stage weighs a signal for one of these tasks. */
export const isWeighed = (config: Config, stage: RlStage, tasks: readonly string[], signal: string): boolean =>
  tasks.some(
    (task) => (weightsOf({ rewards: config.rewards, stage, own: config[stage].rewards }, task)[signal] ?? 0) > 0,
  );

/** Whether a stage may weigh a signal, whatever the tasks are: for what hangs on the config alone. */
export function mayWeigh(config: Config, stage: RlStage, signal: string): boolean {
  const tasks = [...Object.keys(config.rewards.of), ...Object.keys(config[stage].rewards.of)];
  return isWeighed(config, stage, ["", ...tasks], signal);
}

/** What the scores of a stage's own signals hang on outside of the run: the modules' text. */
export async function ownIdentity(config: Config, stage: RlStage): Promise<unknown> {
  const modules = Object.entries(config.rewards.own).filter(
    ([name, { module }]) => module !== "" && mayWeigh(config, stage, name),
  );
  if (modules.length === 0) return undefined;
  return Object.fromEntries(
    await Promise.all(modules.map(async ([name, { module }]) => [name, await identity(module)])),
  );
}

/** The signals of one's own that a stage weighs; their scores are kept in the run's cache, whichever stage asked. */
export async function openOwnSignals(
  context: StageContext,
  stage: RlStage,
  tasks: readonly string[],
): Promise<OwnSignal[]> {
  const { config } = context;
  const weighed = Object.entries(config.rewards.own).filter(([name]) => isWeighed(config, stage, tasks, name));
  return Promise.all(weighed.map(([name, own]) => openOwnSignal(context, name, own)));
}

async function openOwnSignal(context: StageContext, name: string, own: OwnSignalConfig): Promise<OwnSignal> {
  const { module, url, version, batch, concurrency } = own;
  const source = module === "" ? url : moduleIdentity(module);
  const store = fileStore<number>(join(context.run, "cache", "signals", `${name}.jsonl`));
  const ask = await askOf(context, name, own);
  return makeOwnSignal({
    name,
    ask,
    identity: `${source} ${version}`,
    store,
    batch,
    concurrency: module === "" ? concurrency : 1,
  });
}

async function askOf(
  { fetch, secret, flights, progress }: StageContext,
  name: string,
  own: OwnSignalConfig,
): Promise<OwnScore> {
  const timeout = 1000 * own.timeout_seconds;
  if (own.module !== "") return moduleScore(name, own.module, timeout);
  const { url, concurrency, key_env: keyName } = own;
  const key = keyName === "" ? "" : (secret(keyName) ?? "");
  const named = keyName === "" ? {} : { keyName };
  return httpScore({ name, url, key, ...named, timeout, concurrency, fetch, flights, say: progress.say });
}

/**
 * What the signals that a stage weighs lack outside: the file of a module (code `usage`), the key of a scorer
 * (`environment`). No module is run.
 */
export const signalsLack = (config: Config, stage: RlStage, secret: StageContext["secret"]): TagprError[] =>
  Object.entries(config.rewards.own).flatMap(([name, own]) =>
    mayWeigh(config, stage, name) ? (lacks(name, own, secret) ?? []) : [],
  );

function lacks(name: string, own: OwnSignalConfig, secret: StageContext["secret"]): TagprError | null {
  const { module, key_env: keyName } = own;
  if (module !== "" && !existsSync(module))
    return new TagprError("usage", `rewards.own.${name}.module: there is no module ${module}`, {
      hint: "Its path is taken from the folder that the command runs in.",
    });
  if (keyName === "" || (secret(keyName) ?? "") !== "") return null;
  return new TagprError("environment", `rewards.own.${name}: the environment variable ${keyName} is not set`, {
    hint: `Set it to the scorer's key, or leave rewards.own.${name}.key_env out.`,
  });
}
