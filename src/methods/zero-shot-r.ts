import { prompted } from "./prompted.ts";

export const zeroShotR = prompted({
  name: "zero-shot-r",
  label: "Zero-shot-R",
  paper: "Zero-shot-R",
  source: "paper, section 4.1",
  about: "The base model sees the query alone and reasons first.",
  profile: false,
  reasoning: true,
});
