/** The paper's pipeline, in order; before its evaluation what compared methods train of their own. */
export const STAGE_NAMES = [
  "data",
  "chains",
  "sft",
  "prmu",
  "guided",
  "explore",
  "gold",
  "gold-full",
  "gold-ind",
  "sft-ind",
  "rejection",
  "eval",
  "report",
] as const;
export type StageName = (typeof STAGE_NAMES)[number];
