import { prompted } from "./prompted.ts";

/** For `tagpr eval MODEL`: in a table it has the name of its run's config. */
export const model = prompted({
  name: "model",
  label: "The model itself, at once",
  paper: "–",
  source: "ours",
  about: "A model that was trained elsewhere to answer at once, asked as it was trained.",
  profile: true,
  reasoning: false,
});
