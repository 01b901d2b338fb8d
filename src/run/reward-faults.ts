import type { Config } from "../core/config/schema.ts";
import { isOracle } from "../prmu/oracle.ts";
import type { Fault } from "./fault.ts";

/** What only some runs can have as their reward model. */
export function prmuFaults({ prmu, data, engines: { policy, reward } }: Config): Fault[] {
  const together =
    policy.kind === "embedded" ? reward.kind === "embedded" : reward.kind === "remote" && policy.url === reward.url;
  return [
    ...(isOracle(prmu.variant) && data.source !== "synthetic"
      ? [
          {
            message: `prmu.variant: ${prmu.variant} is for the synthetic world, whose truth is known; data.source is ${data.source}`,
            hint: "Set prmu.variant to full, no_user_embeddings, untrained, general or none.",
          },
        ]
      : []),
    ...(prmu.model === "sft" && !together
      ? [
          {
            message: "prmu.model: sft needs the policy and the reward model on one engine, which holds the SFT weights",
            hint: "Make engines.policy and engines.reward both embedded, or leave prmu.model empty.",
          },
        ]
      : []),
  ];
}

/** Where weights of single tasks stand. */
const places = ({ rewards, guided, explore }: Config) =>
  [
    ["rewards", rewards],
    ["guided.rewards", guided.rewards],
    ["explore.rewards", explore.rewards],
  ] as const;

/** A weight for a signal that the run does not have would do nothing, in silence. */
export function signalFaults(config: Config): Fault[] {
  const known = Object.keys(config.rewards.own);
  const hint = known.length === 0 ? "Say what it is under rewards.own." : `rewards.own has ${known.join(", ")}.`;
  const { guided, explore } = config;
  const weights = [
    ["guided.rewards", guided.rewards.own] as const,
    ["explore.rewards", explore.rewards.own] as const,
    ...places(config).flatMap(([where, { of }]) =>
      Object.entries(of).map(([task, { own }]) => [`${where}.of.${task}`, own] as const),
    ),
  ];
  return weights.flatMap(([where, own]) =>
    Object.keys(own)
      .filter((name) => !known.includes(name))
      .map((name) => ({ message: `${where}.own.${name}: rewards.own has no signal ${name}`, hint })),
  );
}

/** The same of a task; `tasks` are the run's. */
export function taskWeightFaults(config: Config, tasks: readonly string[]): Fault[] {
  const hint = `The run has ${tasks.join(", ")}.`;
  return places(config).flatMap(([where, { of }]) =>
    Object.keys(of)
      .filter((task) => !tasks.includes(task))
      .map((task) => ({ message: `${where}.of.${task}: the run has no task ${task}`, hint })),
  );
}
