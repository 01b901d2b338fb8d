import { FILLERS } from "./lexicon.ts";
import { FEELINGS, SUBJECTS, TONES, TWEETS } from "./lexicon-more.ts";
import { templated } from "./templated.ts";

/** LaMP-7's shape: say a neutral tweet in the user's own way. An item is a tweet of theirs and nothing else. */
export const TWEET = templated({
  name: "tweet",
  task: "synthetic_tweet",
  language: "en",
  first: SUBJECTS,
  second: FEELINGS,
  kinds: TONES,
  kindBy: 1,
  templates: TWEETS,
  write: (a, b, random) => `${a} ${random.pick(FILLERS.places)} makes me ${b}`,
  input: (text) => `Paraphrase the following tweet without any explanation before or after it: ${text}`,
  textField: "text",
  labelField: "text",
});
