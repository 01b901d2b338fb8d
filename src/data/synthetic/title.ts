import { FILLERS, TITLES, TOPICS } from "./lexicon.ts";
import { entry, type Shape } from "./shape.ts";

const READERS = TITLES.map(({ pattern }) => {
  const body = pattern.replace("?", "\\?").replace(/\{[ab]\}/g, "[a-z]+");
  return new RegExp(`^${body}(?:!|\\.\\.\\.)?$`);
});

/** LaMP-5's shape: title an abstract. Content `[topic a, topic b]`, outcome = template, one private state: the template. */
export const TITLE: Shape = {
  name: "title",
  task: "synthetic_title",
  metric: "rouge1",
  language: "en",
  keys: 1,
  states: TITLES.length,
  outcomes: TITLES.length,
  // Topics say nothing about the template.
  contents: [[0, 1]],
  keyOf: () => 0,
  typeState: (world, type) => entry(world.titles, type),
  outcomeOf: (state) => state,
  drawContent: (random) => {
    const a = random.int(TOPICS.length);
    return [a, (a + 1 + random.int(TOPICS.length - 1)) % TOPICS.length];
  },
  write: ([a, b], random) =>
    `we measure ${entry(TOPICS, a)} using ${random.pick(FILLERS.adjectives)} ${entry(TOPICS, b)} ${random.pick(FILLERS.places)}`,
  read: (text) => {
    const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
    const [a, b] = words.map((word) => TOPICS.indexOf(word)).filter((at) => at >= 0);
    return a === undefined || b === undefined ? null : [a, b];
  },
  answer: ([a, b], outcome, mark) =>
    entry(TITLES, outcome).pattern.replace("{a}", entry(TOPICS, a)).replace("{b}", entry(TOPICS, b)) + mark,
  readAnswer: (answer) => {
    const at = READERS.findIndex((reader) => reader.test(answer.trim()));
    return at < 0 ? null : at;
  },
  input: (text) => `Generate a title for the following abstract of a paper: ${text}`,
  textField: "abstract",
  labelField: "title",
  contentWords: ([a, b]) => `${entry(TOPICS, a)} ${entry(TOPICS, b)}`,
  outcomeWord: (outcome) => entry(TITLES, outcome).name,
  bag: {
    things: ([a, b]) => [entry(TOPICS, a), entry(TOPICS, b)],
    markers: TITLES.map(({ pattern }) => pattern.replace(/\{[ab]\}/g, " ").match(/[a-z]+/g) ?? []),
  },
};
