import { prompted } from "./prompted.ts";

export const guided = prompted({
  name: "guided",
  label: "+ guided RL",
  paper: "stage 1 of TagPR",
  source: "paper, section 3.4",
  about: "After the first stage of reinforcement learning, with all five rewards.",
  trains: "guided",
  profile: true,
  reasoning: true,
});
