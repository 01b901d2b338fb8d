import { CONCEPTS, FILLERS, HABITS, LABELS, LEVELS, TITLES, TOPICS, TYPES } from "../src/data/synthetic/lexicon.ts";
import { NANO_SHAPES } from "../src/data/synthetic/shapes.ts";
import { systemPrompt } from "../src/prompts/chat.ts";
import { KNOWN_TAGS } from "./tags.ts";

/** The other LaMP inputs, so that their wording is whole tokens too. */
const OTHER_INPUTS = [
  'For an author who has written the paper with the title "', // LaMP-1
  '", which reference is related? Just answer with [1] or [2] without explanation. [1]: "',
  "Which category does this article relate to among the following categories? Just answer with the category name without further explanation. categories: [",
  "Generate a headline for the following article: ",
  "Paraphrase the following tweet without any explanation before or after it: ",
  'the tag for the movie: "film" is "comedy", and is the score for, and is a title for. Following the given patterns are written by a person.',
];

/** Plain words that chains, questions and remarks are likely to use. */
const PROSE =
  "query user history item items match matches matched no none not yes so then but and or the this that these those is are was were be been it its a an of to in on at for from with without by as like likes seems looks agrees agree fits fit fits differs most often usually mostly always never only also once twice more less than same other another both all any each every one two three four five six seven eight nine ten first last latest recent older newest label labels tag tags score scores title titles template type types kind habit style concept level topic topics text texts movie film review paper abstract description answer answers guess likely unlikely probably certain sure unsure because since therefore hence here there now again still about against between given shows show shown said says say calls call called gives give given uses use used prefers prefer preference pattern patterns example examples evidence check checked verify verified ok correct wrong final think thinking step steps read reading copy copied follow follows following vote votes count counts total high low good bad would could should will can may might must do does did has have had want wants need needs know known unknown new old general generic common rare neutral offset cap strict harsh generous";

/** Lines whose words the tokenizer learns whole, each with and without a leading space. */
export function vocabularyLines(): string[] {
  const lexicon = [
    ...CONCEPTS.flat(),
    ...LABELS,
    ...TYPES,
    ...LEVELS.flat(),
    ...HABITS.map((habit) => habit.name),
    ...TITLES.flatMap(({ name, pattern }) => [name, ...(pattern.match(/[a-z]+/g) ?? [])]),
    ...TOPICS,
    ...Object.values(FILLERS).flat(),
    ...KNOWN_TAGS,
    ...PROSE.split(" "),
    ...Array.from({ length: 100 }, (_, i) => String(i)),
  ].flatMap((phrase) => phrase.split(" "));
  const texts = [
    ...OTHER_INPUTS,
    ...NANO_SHAPES.map((shape) => shape.input("")),
    systemPrompt({ reasoning: false, tags: [] }),
    systemPrompt({ reasoning: true, tags: [] }),
    systemPrompt({ reasoning: true, tags: KNOWN_TAGS }),
    "system user assistant History of this user, oldest first:\n[1] | | tag: | score: | title:\n\n\n",
  ];
  return [...lexicon.flatMap((word) => [word, ` ${word}`]), ...texts];
}
