import { TagprError } from "../core/errors.ts";
import type { AdamParams, Datum, LossName, Tensor } from "./types.ts";

/** What differs between engines that speak the protocol; the one place where it stands (PROTOCOL: section 6). */
export interface EngineProfile {
  readonly name: "tagpr" | "skyrl" | "skyrl-jax" | "tinker";
  /** `mean`: each datum's loss is divided by the sum of its `weights`, and the datums are averaged. */
  readonly reduction: "sum" | "mean";
  /** Trains on from weights saved for sampling. Else a state is saved beside them under the same name, to train on from. */
  readonly trainsFromSampler: boolean;
  /** Samples saved weights whenever asked. Else it samples what a living model holds: saved weights are put into one first. */
  readonly samplesSaved: boolean;
  /** Trains all parameters (rank 0). */
  readonly fullParameter: boolean;
  /** Has the loss `gspo`. */
  readonly gspo: boolean;
  /** What it calls the mask of `gspo`. */
  readonly gspoMask: "sequence_ratio_mask" | "weights";
  /** Whether `importance_sampling`, `ppo` and `cispo` take a mask `weights` beside the advantages. */
  readonly policyMask: boolean;
  /** Fields of `adam_params` that it drops without a word, by our names. */
  readonly ignoredAdam: readonly (keyof AdamParams)[];
  /** Largest request: datums, bytes. Larger ones are split; a pair loss never is. */
  readonly maxDatums: number;
  readonly maxBytes: number;
}

export type ProfileName = EngineProfile["name"];

/** The SDK splits here, so every server takes it. */
const SDK_LIMITS = { maxDatums: 1024, maxBytes: 5_000_000 };

export const PROFILES: Readonly<Record<ProfileName, EngineProfile>> = {
  tagpr: {
    name: "tagpr",
    reduction: "sum",
    trainsFromSampler: true,
    samplesSaved: true,
    fullParameter: true,
    gspo: true,
    gspoMask: "sequence_ratio_mask",
    policyMask: true,
    ignoredAdam: [],
    ...SDK_LIMITS,
  },
  skyrl: {
    name: "skyrl",
    reduction: "sum",
    trainsFromSampler: false,
    samplesSaved: false,
    fullParameter: true,
    gspo: true,
    gspoMask: "weights",
    policyMask: true,
    ignoredAdam: ["beta1", "beta2", "eps", "weightDecay", "gradClipNorm"],
    ...SDK_LIMITS,
  },
  "skyrl-jax": {
    name: "skyrl-jax",
    reduction: "mean",
    trainsFromSampler: false,
    samplesSaved: false,
    fullParameter: false,
    gspo: false,
    gspoMask: "weights",
    policyMask: true,
    ignoredAdam: ["gradClipNorm"],
    ...SDK_LIMITS,
  },
  tinker: {
    name: "tinker",
    reduction: "sum",
    trainsFromSampler: false,
    samplesSaved: true,
    fullParameter: false,
    gspo: true,
    gspoMask: "sequence_ratio_mask",
    policyMask: false,
    ignoredAdam: [],
    ...SDK_LIMITS,
  },
};

/** Which profile a server is, as far as its address and what it announces tell. */
export function guessProfile(url: string, extensions: Readonly<Record<string, string>>): EngineProfile {
  if (Object.keys(extensions).length > 0) return PROFILES.tagpr;
  if (new URL(url).hostname.endsWith("thinkingmachines.dev")) return PROFILES.tinker;
  return PROFILES.skyrl;
}

/** Losses whose datums belong together: parting them over requests would part a pair. */
export const isPairLoss = (loss: LossName): boolean => loss === "bradley_terry";

const POLICY_LOSSES: readonly LossName[] = ["importance_sampling", "ppo", "cispo"];

/** Losses of old log-probs and advantages. */
export const isPolicyLoss = (loss: LossName): boolean => loss === "gspo" || POLICY_LOSSES.includes(loss);

/**
 * Datums in the words of this engine, for callers that speak the embedded engine's: a loss summed over tokens and
 * datums, masks named `sequence_ratio_mask` (gspo) and `weights` (the other policy losses, optional).
 */
export function adaptData(profile: EngineProfile, loss: LossName, data: readonly Datum[]): readonly Datum[] {
  if (loss === "gspo" && profile.gspoMask !== "sequence_ratio_mask")
    return data.map((datum) => ({ ...datum, inputs: rename(datum.inputs, "sequence_ratio_mask", profile.gspoMask) }));
  if (!POLICY_LOSSES.includes(loss)) return data;
  if (!profile.policyMask) return data.map(foldMask);
  return profile.reduction === "mean" ? data.map(undoMean) : data;
}

function rename(inputs: Readonly<Record<string, Tensor>>, from: string, to: string): Readonly<Record<string, Tensor>> {
  const { [from]: moved, ...rest } = inputs;
  return moved === undefined ? inputs : { ...rest, [to]: moved };
}

/** The mask goes into the advantages: a token with advantage 0 has no gradient. */
function foldMask(datum: Datum): Datum {
  const { weights, ...inputs } = datum.inputs;
  const advantages = inputs.advantages;
  if (weights === undefined || advantages === undefined) return datum;
  return { ...datum, inputs: { ...inputs, advantages: scaled(advantages, (i) => weights.data[i] ?? 0) } };
}

/**
 * Against the mean over a datum's tokens: advantages times their number. What stays is one factor for all datums
 * (their number since the last optimizer step), which Adam doesn't see.
 */
function undoMean(datum: Datum): Datum {
  const { weights, advantages } = datum.inputs;
  if (advantages === undefined) return datum;
  const count = weights === undefined ? advantages.data.length : Array.from(weights.data).reduce((a, b) => a + b, 0);
  return { ...datum, inputs: { ...datum.inputs, advantages: scaled(advantages, () => count) } };
}

const scaled = (tensor: Tensor, factor: (i: number) => number): Tensor => ({
  dtype: "float32",
  data: Float32Array.from(tensor.data, (value, i) => value * factor(i)),
});

/** Refuses what the engine would refuse later in other words, or not at all. */
export function checkTrainable(
  profile: EngineProfile,
  options: { readonly rank: number; readonly reward?: unknown },
): void {
  if (options.reward !== undefined && profile.name !== "tagpr")
    throw new TagprError("engine", "this engine has no reward models (scalar head, user embeddings)", {
      hint: "Set engines.reward.kind to embedded: each role has its own engine.",
    });
  if (options.rank === 0 && !profile.fullParameter)
    throw new TagprError("engine", "this engine trains LoRA only, and rank 0 means all parameters", {
      hint: "Set rank to 8 or more in the stages' sections of the config.",
    });
}
