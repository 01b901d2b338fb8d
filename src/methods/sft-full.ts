import { prompted } from "./prompted.ts";

export const sftFull = prompted({
  name: "sft-full",
  label: "SFT on gold, all labels",
  paper: "SFT",
  source: "paper, section 4.1 (its plain SFT sees the whole train set)",
  about: "As `sft`, on every labelled query of the train set: more labels than TagPR has.",
  trains: "gold-full",
  profile: true,
  reasoning: false,
});
