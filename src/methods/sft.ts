import { prompted } from "./prompted.ts";

export const sft = prompted({
  name: "sft",
  label: "SFT on gold, at once",
  paper: "SFT",
  source: "paper, section 4.1",
  about:
    "Trained on the true answers of the same labelled queries, without any chain; sees the user's items and answers at once.",
  trains: "gold",
  profile: true,
  reasoning: false,
});
