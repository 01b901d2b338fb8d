import type { Stage } from "../stage.ts";
import { dataStage } from "./data.ts";

/** Every stage of the paper's pipeline. */
export const STAGES: readonly Stage[] = [dataStage];
