import { prompted } from "./prompted.ts";

export const zeroShot = prompted({
  name: "zero-shot",
  label: "Zero-shot",
  paper: "Zero-shot",
  source: "paper, section 4.1",
  about: "The base model sees the query alone and answers at once.",
  profile: false,
  reasoning: false,
});
