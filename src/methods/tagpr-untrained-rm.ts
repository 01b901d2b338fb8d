import { prompted } from "./prompted.ts";

export const tagprUntrainedRm = prompted({
  name: "tagpr-untrained-rm",
  label: "TagPR, untrained reward model",
  paper: "Untrained RM",
  source: "paper, section 4.6.1",
  about: "TagPR whose reward model scores with the head that it begins with.",
  trains: "explore-untrained-rm",
  profile: true,
  reasoning: true,
});
