import type { Random } from "../../core/random.ts";
import type { Template } from "./lexicon-more.ts";
import { type Content, entry, findWord, type Shape } from "./shape.ts";
import { stateOf } from "./world-states.ts";

/** A shape where a user writes about two things by a template of their own: headlines, tweets, posts. */
interface Templated {
  readonly name: Shape["name"];
  readonly task: string;
  readonly language: "en" | "zh";
  /** What `{a}` and `{b}` stand for. Content is `[a, b]`. */
  readonly first: readonly string[];
  readonly second: readonly string[];
  /** The kinds that a user has a template each for; a thing of place i is of kind i mod their number. */
  readonly kinds: readonly string[];
  /** Which of the two things decides the kind. */
  readonly kindBy: 0 | 1;
  readonly templates: readonly Template[];
  /** The neutral text that speaks of both. */
  readonly write: (a: string, b: string, random: Random) => string;
  readonly input: (text: string) => string;
  readonly textField: string;
  readonly labelField: string;
}

/** One private state a kind: the template; outcome = template. Scored by ROUGE-1. */
export function templated(of: Templated): Shape {
  const { first, second, kinds, templates, language } = of;
  const keyOf = (content: Content): number => (content[of.kindBy] ?? 0) % kinds.length;
  const find =
    language === "zh"
      ? findPart
      : (text: string, words: readonly string[]) =>
          findWord(
            text,
            words.map((w) => [w]),
          );
  const fill = (pattern: string, [a, b]: Content): string =>
    pattern.replace("{a}", entry(first, a)).replace("{b}", entry(second, b));
  const readers = templates.map(({ pattern }) => reader(pattern, first, second, language));
  return {
    ...of,
    metric: "rouge1",
    keys: kinds.length,
    states: templates.length,
    outcomes: templates.length,
    contents: kinds.map((_, kind) => [kind, kind]),
    keyOf,
    typeState: (world, type, key) => stateOf(world, of.name, type, key),
    outcomeOf: (state) => state,
    drawContent: (random) => [random.int(first.length), random.int(second.length)],
    write: ([a, b], random) => of.write(entry(first, a), entry(second, b), random),
    read: (text) => {
      const [a, b] = [find(text, first), find(text, second)];
      return a === null || b === null ? null : [a, b];
    },
    // A style mark counts as a token in Chinese: the templates hold their own.
    answer: (content, outcome, mark) =>
      fill(entry(templates, outcome).pattern, content) + (language === "zh" ? "" : mark),
    readAnswer: (answer) => {
      const at = readers.findIndex((one) => one.test(answer.trim()));
      return at < 0 ? null : at;
    },
    contentWords: (content) => entry(kinds, keyOf(content)),
    outcomeWord: (outcome) => entry(templates, outcome).name,
    bag: {
      things: ([a, b]) => tokens(`${entry(first, a)} ${entry(second, b)}`, language),
      markers: templates.map(({ pattern }) => tokens(pattern.replace(/\{[ab]\}/g, " "), language)),
    },
  };
}

/** ROUGE's tokens: words of letters and digits in English, characters in Chinese. */
function tokens(text: string, language: "en" | "zh"): string[] {
  return language === "zh" ? [...text].filter((c) => c.trim() !== "") : (text.match(/[a-z0-9]+/g) ?? []);
}

function findPart(text: string, parts: readonly string[]): number | null {
  const at = parts.findIndex((part) => text.includes(part));
  return at < 0 ? null : at;
}

function reader(pattern: string, first: readonly string[], second: readonly string[], language: "en" | "zh"): RegExp {
  const body = pattern
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replace("{a}", `(?:${first.join("|")})`)
    .replace("{b}", `(?:${second.join("|")})`);
  return new RegExp(`^${body}${language === "zh" ? "" : "(?:!|\\.\\.\\.)?"}$`);
}
