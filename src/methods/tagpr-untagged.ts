import { prompted } from "./prompted.ts";

export const tagprUntagged = prompted({
  name: "tagpr-untagged",
  label: "TagPR, untagged",
  paper: "–",
  source: "ours",
  about:
    "TagPR on the same chains with their tags stripped, without the tag reward; SFT and reward model are its own, prompts the same.",
  trains: "explore-untagged",
  profile: true,
  reasoning: true,
});
