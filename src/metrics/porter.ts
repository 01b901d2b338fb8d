/**
 * The Porter stemmer with NLTK's extensions (`nltk.stem.porter.PorterStemmer()`, its default mode), which rouge_score
 * uses when asked to stem. For lower-case words. Equal to NLTK 3.10.4 on `fixtures/vectors/porter.json`.
 */
export function stem(word: string): string {
  const irregular = POOL.get(word);
  if (irregular !== undefined) return irregular;
  if (word.length <= 2) return word;
  return [step1a, step1b, step1c, step2, step3, step4, step5a, step5b].reduce((w, step) => step(w), word);
}

const POOL = new Map(
  Object.entries({
    sky: ["sky", "skies"],
    die: ["dying"],
    lie: ["lying"],
    tie: ["tying"],
    news: ["news"],
    inning: ["innings", "inning"],
    outing: ["outings", "outing"],
    canning: ["cannings", "canning"],
    howe: ["howe"],
    proceed: ["proceed"],
    exceed: ["exceed"],
    succeed: ["succeed"],
  }).flatMap(([to, from]) => from.map((word) => [word, to] as const)),
);

function isConsonant(word: string, i: number): boolean {
  const c = word[i];
  if (c === undefined || "aeiou".includes(c)) return false;
  return c !== "y" || i === 0 || !isConsonant(word, i - 1);
}

/** Porter's m: how often a vowel run is followed by a consonant run. */
function measure(word: string): number {
  let m = 0;
  for (let i = 1; i < word.length; i++) if (isConsonant(word, i) && !isConsonant(word, i - 1)) m++;
  return m;
}

const hasVowel = (word: string): boolean => [...word].some((_, i) => !isConsonant(word, i));

const endsDouble = (word: string): boolean =>
  word.length >= 2 && word.at(-1) === word.at(-2) && isConsonant(word, word.length - 1);

/** Consonant, vowel, consonant other than w, x, y; NLTK adds vowel, consonant for words of two letters. */
function endsCvc(word: string): boolean {
  const n = word.length;
  if (n >= 3)
    return (
      isConsonant(word, n - 3) &&
      !isConsonant(word, n - 2) &&
      isConsonant(word, n - 1) &&
      !"wxy".includes(word.at(-1) ?? "")
    );
  return n === 2 && !isConsonant(word, 0) && isConsonant(word, 1);
}

type Rule = readonly [suffix: string, replacement: string, when?: (stem: string, word: string) => boolean];

/** The first rule whose suffix fits decides, whether or not its condition holds. */
function apply(word: string, rules: readonly Rule[], always: (stem: string, word: string) => boolean): string {
  for (const [suffix, replacement, when = always] of rules) {
    if (!word.endsWith(suffix)) continue;
    const rest = word.slice(0, word.length - suffix.length);
    return when(rest, word) ? rest + replacement : word;
  }
  return word;
}

const anyway = (): boolean => true;
const positive = (rest: string): boolean => measure(rest) > 0;
const overOne = (rest: string): boolean => measure(rest) > 1;

function step1a(word: string): string {
  if (word.endsWith("ies") && word.length === 4) return `${word.slice(0, -3)}ie`;
  const rules: Rule[] = [
    ["sses", "ss"],
    ["ies", "i"],
    ["ss", "ss"],
    ["s", ""],
  ];
  return apply(word, rules, anyway);
}

function step1b(word: string): string {
  if (word.endsWith("ied")) return word.slice(0, -3) + (word.length === 4 ? "ie" : "i");
  if (word.endsWith("eed")) return positive(word.slice(0, -3)) ? word.slice(0, -1) : word;
  const suffix = ["ed", "ing"].find((s) => word.endsWith(s) && hasVowel(word.slice(0, -s.length)));
  if (suffix === undefined) return word;
  const rest = word.slice(0, -suffix.length);
  if (/(at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (endsDouble(rest)) return "lsz".includes(rest.at(-1) ?? "") ? rest : rest.slice(0, -1);
  return measure(rest) === 1 && endsCvc(rest) ? `${rest}e` : rest;
}

function step1c(word: string): string {
  return apply(word, [["y", "i"]], (rest) => rest.length > 1 && isConsonant(rest, rest.length - 1));
}

const STEP2: readonly Rule[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["bli", "ble"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
  ["fulli", "ful"],
  ["logi", "log", (_, word) => positive(word.slice(0, -3))],
];

function step2(word: string): string {
  if (word.endsWith("alli") && positive(word.slice(0, -4))) return step2(word.slice(0, -2));
  return apply(word, STEP2, positive);
}

const STEP3: readonly Rule[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];
const step3 = (word: string): string => apply(word, STEP3, positive);

const STEP4: readonly Rule[] = [
  ...["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent"].map((s): Rule => [s, ""]),
  ["ion", "", (rest) => measure(rest) > 1 && /[st]$/.test(rest)],
  ...["ou", "ism", "ate", "iti", "ous", "ive", "ize"].map((s): Rule => [s, ""]),
];
const step4 = (word: string): string => apply(word, STEP4, overOne);

function step5a(word: string): string {
  if (!word.endsWith("e")) return word;
  const rest = word.slice(0, -1);
  return measure(rest) > 1 || (measure(rest) === 1 && !endsCvc(rest)) ? rest : word;
}

function step5b(word: string): string {
  return word.endsWith("ll") && measure(word.slice(0, -1)) > 1 ? word.slice(0, -1) : word;
}
