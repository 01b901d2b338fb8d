import { prompted } from "./prompted.ts";

export const sftIndR = prompted({
  name: "sft-ind-r",
  label: "SFT-Ind-R",
  paper: "SFT-Ind-R",
  source: "paper, section 4.1",
  about: "As `sft-r`, one model a task, each on its own task's chains.",
  trains: "sft-ind",
  perTask: true,
  profile: true,
  reasoning: true,
});
