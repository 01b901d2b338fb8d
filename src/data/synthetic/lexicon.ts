/**
 * The words of the synthetic world. They are the same in every world: what a world seed decides is who says what
 * (types' tables), never the language itself. So a base model can be pre-trained on the language with other seeds.
 */

/** A concept and the words it shows itself by; the first is its canonical name. */
export const CONCEPTS: readonly (readonly [string, ...string[]])[] = [
  ["ruin", "ashes", "wasteland"],
  ["love", "kisses", "devotion"],
  ["crime", "heist", "robbery"],
  ["magic", "spells", "wizards"],
  ["war", "battle", "soldiers"],
  ["robots", "androids", "machines"],
  ["ghosts", "spirits", "haunting"],
  ["sport", "football", "racing"],
  ["family", "parents", "siblings"],
  ["space", "planets", "rockets"],
  ["law", "trial", "lawyers"],
  ["music", "songs", "dancing"],
];

/** Eight of LaMP-2's labels, the one-word ones, in LaMP's order. */
export const LABELS: readonly string[] = [
  "comedy",
  "action",
  "dystopia",
  "classic",
  "psychology",
  "fantasy",
  "romance",
  "violence",
];

/** Public one-word names of the six types of users; what they stand for differs from world to world. */
export const TYPES: readonly string[] = ["realist", "dreamer", "cynic", "scholar", "rebel", "purist"];

/** Levels of quality a review speaks of, worst first; the first word is the level's name, its neutral score is rank + 1. */
export const LEVELS: readonly (readonly [string, ...string[]])[] = [
  ["awful", "dreadful", "terrible"],
  ["poor", "weak", "dull"],
  ["fine", "average", "decent"],
  ["good", "strong", "lovely"],
  ["superb", "brilliant", "perfect"],
];

/** How someone scores: the neutral score plus `offset`, kept within 1 and `cap` (the harsh never give a 5). */
export const HABITS: readonly { readonly name: string; readonly offset: number; readonly cap: number }[] = [
  { name: "strict", offset: -1, cap: 5 },
  { name: "bitter", offset: -1, cap: 3 },
  { name: "fair", offset: 0, cap: 5 },
  { name: "reserved", offset: 0, cap: 4 },
  { name: "kind", offset: 1, cap: 5 },
  { name: "modest", offset: 1, cap: 4 },
];

/** Title templates; apart from the topics, no two of them share a word (ROUGE's ceiling counts on that). */
export const TITLES: readonly { readonly name: string; readonly pattern: string }[] = [
  { name: "study", pattern: "{a}: a study of {b}" },
  { name: "towards", pattern: "towards {a} with {b}" },
  { name: "why", pattern: "why {a} needs {b}" },
  { name: "meets", pattern: "{a} meets {b}" },
  { name: "on", pattern: "on {a} and {b}" },
  { name: "enough", pattern: "is {b} enough for {a}?" },
];

/** Style marks at the end of whatever a user writes; ROUGE does not see them. */
export const MARKS: readonly string[] = ["", "!", "..."];

export const TOPICS: readonly string[] = [
  "graphs",
  "noise",
  "memory",
  "language",
  "vision",
  "proteins",
  "markets",
  "traffic",
  "weather",
  "sensors",
  "speech",
  "rumours",
  "maps",
  "queues",
  "galaxies",
  "rivers",
];

/** Words that mean nothing here, so that a text has to be read. */
export const FILLERS = {
  adjectives: ["quiet", "slow", "bright", "long", "brief", "late", "small", "strange", "warm", "cold", "new", "grand"],
  nouns: ["film", "story", "tale", "picture"],
  places: [
    "in winter",
    "by the sea",
    "at night",
    "in the city",
    "on the road",
    "at home",
    "in spring",
    "after school",
    "near town",
    "before dawn",
  ],
  things: ["soup", "room", "phone", "lamp", "chair", "novel", "tour", "ticket", "coffee", "bike"],
} as const;
