import type { Config, EngineConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { Choice, Work } from "../engine/choose.ts";
import { isOpen, type Machine, onMachine } from "../model/machine.ts";

/** What measuring asks of the outside. */
export interface Measure {
  readonly choose: (request: { model: string; engine: EngineConfig; work: Work }) => Promise<Choice>;
  readonly hardware: (device: Choice["device"]) => Promise<string>;
}

export interface SettleOptions {
  /** What run.json says; undefined at a first start. */
  readonly known: Machine | undefined;
  /** A person said that other hardware is welcome. */
  readonly anyHardware: boolean;
  readonly measure: Measure;
}

export interface Settled {
  /** The config with every `auto` of an embedded engine decided. */
  readonly config: Config;
  /** Undefined where nothing was `auto`. */
  readonly machine: Machine | undefined;
}

const ROLES = ["policy", "reward", "embeddings"] as const;

/** Decides what is `auto`, once a run. @throws TagprError `run` on other hardware than the run was begun on. */
export async function settleMachine(config: Config, options: SettleOptions): Promise<Settled> {
  if (!ROLES.some((role) => isOpen(config.engines[role]))) return { config, machine: undefined };
  const machine = options.known === undefined ? await first(config, options) : await again(options.known, options);
  return { config: onMachine(config, machine), machine };
}

/** One decision for all roles, by the one that trains most: roles that compute alike share a process. */
async function first(config: Config, { measure }: SettleOptions): Promise<Machine> {
  const { policy, reward, embeddings } = config.engines;
  const rewardModel = config.prmu.model === "" ? config.model : config.prmu.model;
  const asked = isOpen(policy)
    ? { engine: policy, model: config.model, work: workOf(config) }
    : isOpen(reward)
      ? { engine: reward, model: rewardModel, work: { ...workOf(config), rollouts: 2, rank: 0 } }
      : {
          engine: { ...embeddings, dtype: "float32" as const },
          model: config.engines.embeddings_model,
          work: workOf(config),
        };
  return { ...(await measure.choose(asked)), also: [] };
}

async function again(known: Machine, { anyHardware, measure }: SettleOptions): Promise<Machine> {
  const here = await measure.hardware(known.device);
  if (here === known.hardware || known.also.includes(here)) return known;
  if (!anyHardware)
    throw new TagprError(
      "run",
      `the run was begun on other hardware (${known.hardware}) than this (${here}): its numbers would not be those of one machine`,
      { hint: "Go on there, or add --any-hardware; a new --out begins a run for this machine." },
    );
  return { ...known, also: [...known.also, here] };
}

/** Mean lengths, as `--dry-run` assumes them: prompts rarely fill their budget. */
const workOf = ({ prompt, guided }: Config): Work => ({
  prompt: Math.min(1024, Math.ceil(prompt.max_tokens / 2)),
  completion: Math.min(128, Math.ceil(guided.max_tokens / 2)),
  rollouts: guided.rollouts,
  rank: guided.rank,
});

/** One line for a person: what was chosen, and on what ground. */
export function chosenText({ device, dtype, hardware, measured, seconds }: Choice): string {
  const { float32, bfloat16 } = seconds;
  const what = measured === "product" ? "a product of the model's width" : "a group of this run";
  const why =
    float32 === undefined || bfloat16 === undefined
      ? ""
      : `; ${what} takes ${(bfloat16 / float32).toFixed(2)} times as long in bfloat16 as in float32`;
  return `computes on ${device} in ${dtype} (${hardware}${why})`;
}
