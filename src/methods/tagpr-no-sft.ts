import { prompted } from "./prompted.ts";

export const tagprNoSft = prompted({
  name: "tagpr-no-sft",
  label: "TagPR w/o SFT",
  paper: "TagPR w/o SFT",
  source: "paper, section 4.3",
  about: "TagPR whose RL starts from the base model; its reward model is TagPR's.",
  trains: "explore-no-sft",
  profile: true,
  reasoning: true,
});
