import { prompted } from "./prompted.ts";

export const sftRejection = prompted({
  name: "sft-rejection",
  label: "Rejection-sampling SFT",
  paper: "–",
  source: "Yuan et al. 2023 (RFT), arXiv 2308.01825",
  about:
    "The SFT model, trained on those of its own sampled responses to RL's queries that are right: RL's labels and as many samples, no RL.",
  trains: "rejection",
  profile: true,
  reasoning: true,
});
