import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";

/** What a summariser is told, and the line above its summary in a prompt. */
export interface SummaryWords {
  readonly system: string;
  /** Below the history, where a query would stand. */
  readonly ask: string;
  readonly above: string;
}

type Asks = Readonly<Record<Task["kind"], string>>;

/** What is worth knowing of a user before an answer of a kind. */
const ENGLISH: Asks = {
  classification:
    "Say which of the labels this user gives most often, and what kind of item gets which label. Two or three sentences.",
  ordinal:
    "Say which grade this user usually gives, what they praise and what they find fault with, and the grades that go with each. Two or three sentences.",
  generation:
    "Describe how this user writes, so that somebody else could write as they do: length, words and phrases that come back, capitals and punctuation, tone. Two or three sentences, no example.",
};
const CHINESE: Asks = {
  classification: "说明这位用户最常给出哪个标签，以及什么样的内容会得到哪个标签。两三句话。",
  ordinal: "说明这位用户通常给几分，称赞什么、不满什么，以及各对应几分。两三句话。",
  generation: "描述这位用户的写作方式，让别人也能照样写：长短、常用的词句、标点和语气。两三句话，不要举例。",
};

/** Of LaMP's tasks: what Richardson et al. 2023 ask of each, in our words. */
const OF_LAMP: Readonly<Partial<Record<NonNullable<Task["official"]>, string>>> = {
  LaMP_1: "Name the research interests and topics of this author. Two or three sentences.",
  LaMP_2: "Say which tag this user gives most often, and for which kinds of film they give which tag.",
  LaMP_2_old: "Say which category this author writes for most often, and on which topics for which category.",
  LaMP_3:
    "Say which score this user gives to what they like and which to what they dislike, and what makes them like or dislike a product.",
  LaMP_4:
    "Describe how this author's headlines are built and worded, so closely that a headline could be written from the description alone. Nothing that holds of any headline.",
  LaMP_5:
    "Describe how this author's titles are built and worded, so closely that a title could be written from the description alone. Nothing that holds of any title.",
  LaMP_7:
    "Describe how this person tweets, so that a plain sentence could be put into their style: punctuation, capitals, words, tone.",
};

/**
 * The words for a task: LaMP's own tasks have one of their own, any other one of its kind; in English or Chinese, and for
 * other languages in English with the language of the history asked for.
 */
export function summaryWords({ official, kind, language }: Pick<Task, "official" | "kind" | "language">): SummaryWords {
  const base = baseLanguage(language);
  if (base === "zh")
    return {
      system: "你根据一位用户的历史记录，简短地概括这位用户。只写概括。",
      ask: CHINESE[kind],
      above: "对该用户的概括：",
    };
  return {
    system: `You sum up what a user's history says of them, shortly. Write the summary alone${base === "en" ? "" : ", in the language of the history"}.`,
    ask: (official === null ? undefined : OF_LAMP[official]) ?? ENGLISH[kind],
    above: "Summary of this user:",
  };
}
