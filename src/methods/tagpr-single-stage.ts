import { prompted } from "./prompted.ts";

export const tagprSingleStage = prompted({
  name: "tagpr-single-stage",
  label: "TagPR, single-stage",
  paper: "–",
  source: "paper, section 4.3 (in words alone, no row)",
  about: "TagPR with one stage of RL that has all five rewards, as long as both stages together.",
  trains: "guided-single-stage",
  profile: true,
  reasoning: true,
});
