import type { Stage } from "../stage.ts";
import { chainsStage } from "./chains.ts";
import { dataStage } from "./data.ts";
import { evalStage } from "./evaluate.ts";
import { goldFullStage, goldIndStage, goldStage } from "./gold.ts";
import { prmuStage } from "./prmu.ts";
import { rejectionStage } from "./rejection.ts";
import { reportStage } from "./report.ts";
import { exploreStage, guidedStage } from "./rl.ts";
import { sftIndStage, sftStage } from "./sft.ts";

/** Every stage of the paper's pipeline, and those that train its rivals. */
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
  evalStage,
  reportStage,
];
