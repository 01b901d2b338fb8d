import { prompted } from "./prompted.ts";

export const sftInd = prompted({
  name: "sft-ind",
  label: "SFT-Ind",
  paper: "SFT-Ind",
  source: "paper, section 4.1",
  about: "As `sft`, one model a task, each on its own task's queries.",
  trains: "gold-ind",
  perTask: true,
  profile: true,
  reasoning: false,
});
