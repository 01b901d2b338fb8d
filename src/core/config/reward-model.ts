import type { Config, PrmuConfig } from "./schema.ts";

/** The model whose folder, tokenizer and shape the reward model has: its own, or the run's base (the SFT model has that one's). */
export const backbone = ({ prmu, model }: Pick<Config, "prmu" | "model">): string =>
  prmu.model === "" || prmu.model === "sft" ? model : prmu.model;

const WITHOUT_MODEL: readonly PrmuConfig["variant"][] = ["none", "oracle-prompt", "oracle-user", "placebo"];

/** Whether the run has a reward model at all: an oracle is none. */
export const hasRewardModel = ({ prmu }: Pick<Config, "prmu">): boolean => !WITHOUT_MODEL.includes(prmu.variant);
