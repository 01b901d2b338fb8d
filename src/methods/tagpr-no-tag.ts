import { prompted } from "./prompted.ts";

export const tagprNoTag = prompted({
  name: "tagpr-no-tag",
  label: "TagPR w/o Tag",
  paper: "TagPR w/o Tag",
  source: "paper, section 4.3",
  about: "TagPR without the tag reward; SFT's chains keep their tags.",
  trains: "explore-no-tag",
  profile: true,
  reasoning: true,
});
