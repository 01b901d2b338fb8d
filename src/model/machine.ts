import type { Config, EngineConfig } from "../core/config/schema.ts";
import type { Choice } from "../engine/choose.ts";

/**
 * What `auto` came to in a run: decided at its first start, read from run.json ever after, so that a run that goes on
 * computes as it began.
 */
export interface Machine extends Choice {
  /** Other hardware that parts of the run were computed on, by a person's leave. */
  readonly also: readonly string[];
}

/** Whether an engine leaves to the machine what it computes on. */
export const isOpen = ({ kind, device, dtype }: EngineConfig): boolean =>
  kind === "embedded" && (device === "auto" || dtype === "auto");

/** The config with every `auto` of an embedded engine decided. */
export function onMachine(config: Config, choice: Pick<Choice, "device" | "dtype">): Config {
  const decide = (engine: EngineConfig): EngineConfig => (isOpen(engine) ? settled(engine, choice) : engine);
  const { engines } = config;
  const { policy, reward, embeddings } = engines;
  return {
    ...config,
    engines: { ...engines, policy: decide(policy), reward: decide(reward), embeddings: decide(embeddings) },
  };
}

const settled = (engine: EngineConfig, { device, dtype }: Pick<Choice, "device" | "dtype">): EngineConfig => ({
  ...engine,
  device: engine.device === "auto" ? device : engine.device,
  dtype: engine.dtype === "auto" ? dtype : engine.dtype,
});
