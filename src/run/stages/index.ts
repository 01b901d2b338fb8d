import { ABLATION_STAGES } from "../../core/stages.ts";
import type { Stage } from "../stage.ts";
import { ablatedStage } from "./ablated.ts";
import { chainsStage } from "./chains.ts";
import { dataStage } from "./data.ts";
import { evalStage } from "./evaluate.ts";
import { goldFullStage, goldIndStage, goldStage } from "./gold.ts";
import { hydraStage } from "./hydra.ts";
import { pplugLabelsStage, pplugStage } from "./pplug.ts";
import { prlmSftStage, prlmStage } from "./prlm.ts";
import { prlmRewardStage } from "./prlm-reward.ts";
import { prmuStage } from "./prmu.ts";
import { rejectionStage } from "./rejection.ts";
import { reportStage } from "./report.ts";
import { exploreStage, guidedStage } from "./rl.ts";
import { sftIndStage, sftStage } from "./sft.ts";

const OF_TAGPR = { sft: sftStage, prmu: prmuStage, guided: guidedStage, explore: exploreStage };

/** Every stage of the paper's pipeline, and those that train its rivals and ablations. */
export const STAGES: readonly Stage[] = [
  dataStage,
  chainsStage,
  sftStage,
  prmuStage,
  guidedStage,
  exploreStage,
  goldStage,
  goldFullStage,
  goldIndStage,
  sftIndStage,
  rejectionStage,
  pplugStage,
  pplugLabelsStage,
  hydraStage,
  prlmRewardStage,
  prlmStage,
  prlmSftStage,
  ...ABLATION_STAGES.map((one) => ablatedStage(OF_TAGPR[one.stage], one)),
  evalStage,
  reportStage,
];
