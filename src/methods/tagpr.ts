import { prompted } from "./prompted.ts";

export const tagpr = prompted({
  name: "tagpr",
  label: "TagPR",
  paper: "TagPR",
  source: "paper, section 3",
  about: "After the second, exploratory stage: the whole method.",
  trains: "explore",
  profile: true,
  reasoning: true,
});
