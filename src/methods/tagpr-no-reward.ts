import { prompted } from "./prompted.ts";

export const tagprNoReward = prompted({
  name: "tagpr-no-reward",
  label: "TagPR w/o Reward",
  paper: "TagPR w/o Reward",
  source: "paper, section 4.3",
  about: "TagPR without the reward model: the first stage has four rewards.",
  trains: "explore-no-reward",
  profile: true,
  reasoning: true,
});
