/** The paper's pipeline, in order; before its evaluation what compared methods train of their own. */
const TRAINING = ["data", "chains", "sft", "prmu", "guided", "explore"] as const;
/** They train a text encoder, and no model that answers. */
const ENCODERS = ["pplug", "pplug-labels", "hydra", "prlm-reward"] as const;
const RIVALS = ["gold", "gold-full", "gold-ind", "sft-ind", "rejection", ...ENCODERS, "prlm", "prlm-sft"] as const;
const TELLING = ["eval", "report"] as const;

/** The stages of TagPR that an ablation has of its own, in order, since its settings change them; the last one's model answers. */
const OF_ABLATIONS = {
  "no-sft": ["guided", "explore"],
  "no-tag": ["guided", "explore"],
  "no-reward": ["prmu", "guided", "explore"],
  "single-stage": ["guided"],
  untagged: ["sft", "prmu", "guided", "explore"],
  "untrained-rm": ["prmu", "guided", "explore"],
  "no-user-embeddings": ["prmu", "guided", "explore"],
} as const;

export type AblationName = keyof typeof OF_ABLATIONS;
/** Of an ablation: `guided-no-sft` is `guided` without SFT. */
export type AblationStage = { [A in AblationName]: `${(typeof OF_ABLATIONS)[A][number]}-${A}` }[AblationName];
export type StageName = (typeof TRAINING)[number] | (typeof RIVALS)[number] | AblationStage | (typeof TELLING)[number];

export const ABLATION_NAMES = Object.keys(OF_ABLATIONS) as readonly AblationName[];

/** A stage as one of TagPR's, done for an ablation; for TagPR itself where that is null. */
export interface StageOf<S extends string = StageName> {
  readonly stage: S;
  readonly ablation: AblationName | null;
}

/** Every stage of the ablations, each ablation's in order. */
export const ABLATION_STAGES = ABLATION_NAMES.flatMap((ablation) =>
  OF_ABLATIONS[ablation].map((stage) => ({ name: `${stage}-${ablation}` as AblationStage, stage, ablation })),
);

export const STAGE_NAMES: readonly StageName[] = [
  ...TRAINING,
  ...RIVALS,
  ...ABLATION_STAGES.map(({ name }) => name),
  ...TELLING,
];

/** What a stage is the like of: `guided-no-sft` of `guided`; any of TagPR itself of nothing but itself. */
export const stageOf = (name: StageName): StageOf =>
  ABLATION_STAGES.find((one) => one.name === name) ?? { stage: name, ablation: null };

/** What an ablation reads in place of a stage of TagPR: its own where it has one. */
export function standIn<S extends StageName>({ stage, ablation }: StageOf<S>): StandIn<S> {
  const own = ABLATION_STAGES.find((one) => one.stage === stage && one.ablation === ablation);
  return own === undefined ? stage : (own.name as StandIn<S>);
}
type StandIn<S extends StageName> = S | Extract<AblationStage, `${S}-${string}`>;
