import { prompted } from "./prompted.ts";

export const prlmSft = prompted({
  name: "prlm-sft",
  label: "PrLM, from SFT",
  paper: "–",
  source: "arXiv 2508.07342; the start is ours",
  about: "As `prlm`, from the SFT model that TagPR's RL begins with: the two differ in their RL alone.",
  trains: "prlm-sft",
  profile: true,
  reasoning: true,
});
