import { CONCEPTS, FILLERS, LABELS } from "./lexicon.ts";
import { entry, findWord, type Shape } from "./shape.ts";

/** LaMP-2's shape: tag a description. Content `[concept]`, outcome = label, one private state a concept. */
export const TAG: Shape = {
  name: "tag",
  task: "synthetic_tag",
  metric: "accuracy",
  language: "en",
  keys: CONCEPTS.length,
  states: LABELS.length,
  outcomes: LABELS.length,
  contents: CONCEPTS.map((_, concept) => [concept]),
  keyOf: ([concept]) => concept ?? 0,
  typeState: (world, type, key) => entry(entry(world.tables, type), key),
  outcomeOf: (state) => state,
  drawContent: (random) => [random.int(CONCEPTS.length)],
  write: ([concept], random) =>
    `a ${random.pick(FILLERS.adjectives)} ${random.pick(FILLERS.nouns)} about ${random.pick(entry(CONCEPTS, concept))} ${random.pick(FILLERS.places)}`,
  read: (text) => {
    const concept = findWord(text, CONCEPTS);
    return concept === null ? null : [concept];
  },
  answer: (_, outcome) => entry(LABELS, outcome),
  readAnswer: (answer) => {
    const at = LABELS.indexOf(answer.trim());
    return at < 0 ? null : at;
  },
  input: (text) =>
    `Which tag does this movie relate to among the following tags? Just answer with the tag name without further explanation. tags: [${LABELS.join(", ")}] description: ${text}`,
  textField: "description",
  labelField: "tag",
  contentWords: ([concept]) => entry(CONCEPTS, concept)[0],
  outcomeWord: (outcome) => entry(LABELS, outcome),
};
