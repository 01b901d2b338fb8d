import { parseOverride } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { ABLATION_NAMES, type AblationName, type StageName, stageOf } from "./stages.ts";
import { withOverrides } from "./yaml-file.ts";

/** A sum of shares like 0.4 + 0.1 is not exact, and RL takes a whole number of prompts of it. */
const sum = (a: number, b: number): number => Math.round((a + b) * 1e9) / 1e9;

/** What may say a weight of the tag reward; a config for hashing leaves out what nobody has set. */
type Weights = {
  readonly tag?: number | undefined;
  readonly of?: Readonly<Record<string, { readonly tag?: number | undefined }>>;
};

/** Every weight that the tag reward has: the run's, a stage's, a task's. */
function noTagReward({ rewards, guided, explore }: Config): string[] {
  const places: readonly (readonly [string, Weights | undefined])[] = [
    ["rewards", rewards],
    ["guided.rewards", guided.rewards],
    ["explore.rewards", explore.rewards],
  ];
  return places.flatMap(([where, { tag, of = {} } = {}]) => [
    ...(tag === undefined ? [] : [`${where}.tag=0`]),
    ...Object.entries(of).flatMap(([task, own]) => (own.tag === undefined ? [] : [`${where}.of.${task}.tag=0`])),
  ]);
}

/**
 * TagPR without one of its parts (paper, section 4.3; the reward models of Table 3, section 4.6.1; `untagged` is ours), each
 * by config alone: what is put over a run's, as `--set` would. `eval.methods` and `npm run bench -- learning` train the same.
 */
export const ABLATIONS: Readonly<Record<AblationName, (config: Config) => readonly string[]>> = {
  // The reward model's pairs still come from the SFT model: what is taken away is the policy's start alone.
  "no-sft": () => ["guided.from=base"],
  "no-tag": noTagReward,
  "no-reward": () => ["prmu.variant=none"],
  "single-stage": ({ guided, explore }) => [`guided.epochs=${sum(guided.epochs, explore.epochs)}`, "explore.epochs=0"],
  untagged: (config) => ["sft.form=untagged", ...noTagReward(config)],
  "untrained-rm": () => ["prmu.variant=untrained"],
  "no-user-embeddings": () => ["prmu.variant=no_user_embeddings"],
};

/** The config as an ablation has it; of TagPR itself as it is. */
export const ablated = (config: Config, name: AblationName | null): Config =>
  name === null
    ? config
    : withOverrides(
        config,
        ABLATIONS[name](config).map((text) => parseOverride(text)),
      );

/** Whether the config does without it anyway. */
export const isEmpty = (config: Config, name: AblationName): boolean =>
  JSON.stringify(ablated(config, name)) === JSON.stringify(config);

/** Stages by the config that they have: the run's own first, then those of ablations, under the names that TagPR's have. */
export function byConfig(
  config: Config,
  stages: readonly StageName[],
): { readonly config: Config; readonly stages: readonly StageName[] }[] {
  const all = stages.map(stageOf);
  const of = (name: AblationName | null): StageName[] =>
    all.filter(({ ablation }) => ablation === name).map(({ stage }) => stage);
  return [
    { config, stages: of(null) },
    ...ABLATION_NAMES.filter((name) => of(name).length > 0).map((name) => {
      return { config: ablated(config, name), stages: of(name) };
    }),
  ];
}
