import { FILLERS } from "./lexicon.ts";
import { ACTORS, DESKS, EVENTS, HEADLINES } from "./lexicon-more.ts";
import { templated } from "./templated.ts";

/** LaMP-4's shape: a headline for an article; an author has a habit for each of three desks. */
export const HEADLINE = templated({
  name: "headline",
  task: "synthetic_headline",
  language: "en",
  first: ACTORS,
  second: EVENTS,
  kinds: DESKS,
  kindBy: 0,
  templates: HEADLINES,
  write: (a, b, random) =>
    `${random.pick(FILLERS.adjectives)} news of ${a} ${random.pick(FILLERS.places)}, where ${b} went on`,
  input: (text) => `Generate a headline for the following article: ${text}`,
  textField: "text",
  labelField: "title",
});
