import { describe, expect, it } from "vitest";
import type { Task } from "../data/task.ts";
import { loadTask } from "../data/task-file.ts";
import type { QueryId, Question } from "../data/types.ts";
import { checkGolds, goldReward } from "./golds.ts";

const headline = loadTask("LaMP_4");
const stars = loadTask("LaMP_3");
const questions = (...golds: (string | null)[]): Question[] =>
  golds.map((gold, i) => ({ task: "t", id: `q${i}` as QueryId, user: null, input: "?", gold }));
const many = (n: number, gold: string): string[] => new Array<string>(n).fill(gold);
const check = (task: Task, ...golds: (string | null)[]) => checkGolds(task, questions(...golds));

describe("golds against themselves", () => {
  it("earn 1 in every language that the task says", () => {
    const texts = {
      ko: "새 소식 3",
      ar: "عنوان جديد",
      th: "ข่าวใหม่",
      ru: "Новости",
      ja: "タイトル",
      hi: "शीर्षक",
      el: "Νέα",
      he: "כותרת",
    };
    for (const [language, gold] of Object.entries({ ...texts, zh: "新闻", en: "News" })) {
      expect(goldReward({ ...headline, language }, gold)).toBe(1);
      expect(check({ ...headline, language }, ...many(5, gold), language === "en" ? gold : "🎉", null)).toEqual({
        golds: 6,
        short: [],
      });
    }
  });

  it("in a script that English ROUGE drops are refused with the language to write, digits or not", () => {
    expect(() => check(headline, ...many(9, "제목 12 번째"))).toThrow(/counts 33% of the gold answers' letters/);
    expect(() => check(headline, ...many(9, "Заголовок"))).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/language: ru by its script/) }),
    );
    expect(check(headline, ...many(9, "Née à Zürich"), "Привет 7").short).toEqual([]);
  });

  it("of labels and grades are refused at the first, of free text beyond one in a hundred", () => {
    expect(() => check(loadTask("LaMP_2"), ...many(99, "comedy"), "Comedy")).toThrow(
      /1 of 100 gold .* \(q99 "Comedy": 0\.000\)/,
    );
    expect(() => check(stars, "4", "9")).toThrow(/1 of 2 gold answers would earn less than 1 against themselves/);
    expect(check(stars, "4", "5.0", "1").short).toEqual([]);
    expect(check(headline, ...many(199, "News"), "!!", "<b>x</b>").short).toHaveLength(2);
    expect(() => check(headline, ...many(99, "News"), "!!", "??")).toThrow(/2 of 101/);
  });
});
