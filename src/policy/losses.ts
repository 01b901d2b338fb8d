import type { RlConfig } from "../core/config/schema.ts";
import type { Datum, LossName } from "../engine/types.ts";
import { gspoDatum, importanceDatum } from "./datum.ts";
import { grpoTerm } from "./grpo.ts";
import { gspoTerm } from "./gspo.ts";
import type { Term } from "./term.ts";

/** A policy loss on its two roads: by its definition here, and by the engine's own. */
export interface PolicyLoss {
  readonly term: Term;
  /** The engine's loss that is the same one, and what it takes; `advantage` is A/(|y|·N), a token. */
  readonly engine: LossName;
  readonly datum: (
    prompt: readonly number[],
    completion: readonly number[],
    old: ArrayLike<number>,
    advantage: number,
  ) => Datum;
}

/** What `loss` of a stage says. Both means, over tokens and over sequences, are in the advantages: engines sum. */
export const LOSSES: Readonly<Record<RlConfig["loss"], PolicyLoss>> = {
  gspo: { term: gspoTerm, engine: "gspo", datum: gspoDatum },
  grpo: { term: grpoTerm, engine: "ppo", datum: importanceDatum },
};
