import { FILLERS, TOPICS } from "./lexicon.ts";
import { METHODS } from "./lexicon-more.ts";
import { type Content, entry, findWord, type Shape } from "./shape.ts";
import { stateOf } from "./world-states.ts";

/** Fields that an author has a favourite method for. */
const FIELDS = TOPICS.slice(0, 10);

const REFERENCES = ", which reference is related? Just answer with [1] or [2] without explanation. ";
const title = (method: number | undefined, field: number | undefined): string =>
  `${entry(METHODS, method)} for ${entry(FIELDS, field)}`;

/**
 * LaMP-1's shape: which of two papers does this author cite? Content `[field]` of an item, `[field, method 1, method 2]` of a
 * query; outcome = method, one private state a field. An item shows its method in its title; of a query's two
 * references one is by the method that the author cites, the other by any other method, in either order.
 */
export const CITATION: Shape = {
  name: "citation",
  task: "synthetic_citation",
  metric: "accuracy",
  language: "en",
  keys: FIELDS.length,
  states: METHODS.length,
  outcomes: METHODS.length,
  contents: FIELDS.map((_, field) => [field]),
  keyOf: ([field]) => field ?? 0,
  typeState: (world, type, key) => stateOf(world, "citation", type, key),
  outcomeOf: (state) => state,
  drawContent: (random) => [random.int(FIELDS.length)],
  offer: ([field], outcome, random) => {
    const other = (outcome + 1 + random.int(METHODS.length - 1)) % METHODS.length;
    return random.next() < 0.5 ? [field ?? 0, outcome, other] : [field ?? 0, other, outcome];
  },
  offered: ([, one, two]) => (one === undefined || two === undefined ? null : [one, two]),
  write: ([field, one, two], random) =>
    two === undefined
      ? `we look at ${random.pick(FILLERS.adjectives)} ${entry(FIELDS, field)} ${random.pick(FILLERS.places)}`
      : `"${random.pick(FILLERS.adjectives)} notes on ${entry(FIELDS, field)}"${REFERENCES}[1]: "${title(one, field)}" [2]: "${title(two, field)}"`,
  read: (text) => {
    const field = findWord(
      text,
      FIELDS.map((word) => [word]),
    );
    if (field === null) return null;
    const methods = (text.match(/[a-z]+/g) ?? []).flatMap((word) =>
      METHODS.includes(word) ? [METHODS.indexOf(word)] : [],
    );
    return methods.length === 2 ? [field, ...methods] : [field];
  },
  answer: ([field, one, two], outcome) =>
    two === undefined ? title(outcome, field) : outcome === two && outcome !== one ? "[2]" : "[1]",
  readAnswer: (answer, content) => {
    const choice = /^\[([12])\]$/.exec(answer.trim());
    if (choice) return content?.[Number(choice[1])] ?? null;
    return findWord(
      / for /.test(answer) ? answer : "",
      METHODS.map((word) => [word]),
    );
  },
  input: (text) => `For an author who has written the paper with the title ${text}`,
  textField: "abstract",
  labelField: "title",
  contentWords: ([field]: Content) => entry(FIELDS, field),
  outcomeWord: (outcome) => entry(METHODS, outcome),
};
