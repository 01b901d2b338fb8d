import { FILLERS, HABITS, LEVELS } from "./lexicon.ts";
import { entry, findWord, type Shape } from "./shape.ts";

/** LaMP-3's shape: score a review. Content `[level]`, outcome = score − 1, one private state: the habit of scoring. */
export const RATING: Shape = {
  name: "rating",
  task: "synthetic_rating",
  metric: "mae",
  language: "en",
  keys: 1,
  states: HABITS.length,
  outcomes: LEVELS.length,
  contents: LEVELS.map((_, level) => [level]),
  keyOf: () => 0,
  typeState: (world, type) => entry(world.habits, type),
  outcomeOf: (state, [level]) => {
    const { offset, cap } = entry(HABITS, state);
    return Math.min(Math.max((level ?? 0) + 1 + offset, 1), cap) - 1;
  },
  drawContent: (random) => [random.int(LEVELS.length)],
  write: ([level], random) =>
    `the ${random.pick(FILLERS.adjectives)} ${random.pick(FILLERS.things)} was ${random.pick(entry(LEVELS, level))} ${random.pick(FILLERS.places)}`,
  read: (text) => {
    const level = findWord(text, LEVELS);
    return level === null ? null : [level];
  },
  answer: (_, outcome) => String(outcome + 1),
  readAnswer: (answer) => (/^[1-5]$/.test(answer.trim()) ? Number(answer) - 1 : null),
  input: (text) =>
    `What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 without further explanation. review: ${text}`,
  textField: "text",
  labelField: "score",
  contentWords: ([level]) => entry(LEVELS, level)[0],
  outcomeWord: (outcome) => String(outcome + 1),
};
