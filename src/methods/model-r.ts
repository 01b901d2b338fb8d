import { prompted } from "./prompted.ts";

/** For `tagpr eval MODEL`: in a table it has the name of its run's config. */
export const modelR = prompted({
  name: "model-r",
  label: "The model itself",
  paper: "–",
  source: "ours",
  about: "A model that was trained elsewhere to reason first, asked as it was trained.",
  profile: true,
  reasoning: true,
});
