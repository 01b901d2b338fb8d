import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { initTask } from "./init-task.ts";
import { guessLanguage, languageTag } from "./language.ts";
import { taskSchema } from "./task-file.ts";

describe("languageTag", () => {
  it.each([
    ["EN", "en"],
    ["zh-hant-tw", "zh-Hant-TW"],
    ["ko", "ko"],
    ["sr-Latn", "sr-Latn"],
    ["yue", "yue"],
    ["cn", null],
    ["jp", null],
    ["english", null],
    ["pt_BR", null],
    ["", null],
  ])("%s is %s", (text, tag) => {
    expect(languageTag(text)).toBe(tag);
  });
});

describe("a task's language", () => {
  const task = {
    ...{ name: "t", title: "t", kind: "generation", itemFields: ["text"], corpus: "{text}", item: "{text}" },
    ...{ query: { after: ":" }, metric: "rougeL", answer: "a title" },
  };

  it("is any tag, written canonically, and a wrong one is named with the nearest", () => {
    expect(taskSchema.parse({ ...task, language: "UK-ua" }).language).toBe("uk-UA");
    expect(taskSchema.parse(task).language).toBe("en");
    expect(() => taskSchema.parse({ ...task, language: "pt_BR" })).toThrow(/did you mean pt-BR/);
    expect(() => taskSchema.parse({ ...task, language: "cn" })).toThrow(/no language tag of BCP 47/);
  });

  it("prompts of its own must name <think>, and the place of the tags", () => {
    const prompts = { plain: "A", reasoned: "<think></think>", tagged: "<think></think> {tags}", history: "H" };
    expect(taskSchema.parse({ ...task, prompts }).prompts).toEqual(prompts);
    for (const bad of [{ reasoned: "think" }, { tagged: "<think></think>" }, { tagged: "{tags}" }, { history: "" }])
      expect(() => taskSchema.parse({ ...task, prompts: { ...prompts, ...bad } })).toThrow();
  });
});

describe("guessLanguage", () => {
  it.each([
    ["en", ["A quiet film", "Née à Paris"]],
    ["zh", ["这家店的拉面很好吃", "上海 2018 年"]],
    ["ja", ["東京都で食べたラーメン", "タイトル"]],
    ["ko", ["제목 이야기", "K-pop 순위"]],
    ["th", ["ข่าววันนี้"]],
    ["ar", ["عنوان المقال"]],
    ["ru", ["Заголовок статьи"]],
    ["el", ["Τίτλος"]],
    ["he", ["כותרת"]],
    ["hi", ["शीर्षक"]],
    ["en", ["1234", "!!"]],
    ["en", []],
  ])("%s", (language, texts) => {
    expect(guessLanguage(texts)).toBe(language);
  });

  it("no minority of rows changes it, wherever they stand", () => {
    const texts: Record<string, string> = { en: "a plain line", zh: "好吃的面", ko: "좋은 글", ru: "хорошо" };
    const language = fc.constantFrom(...Object.keys(texts));
    fc.assert(
      fc.property(language, language, fc.integer({ min: 0, max: 40 }), fc.nat(), (own, other, few, at) => {
        const rows = Array.from({ length: 2 * few + 1 }, () => texts[own] ?? "");
        const place = at % rows.length;
        const mixed = [...rows.slice(0, place), ...Array(few).fill(texts[other]), ...rows.slice(place)];
        expect(guessLanguage(mixed)).toBe(own);
        expect(guessLanguage(rows.map((row, i) => (i === 0 ? `${row} — 王` : row)).slice(0, 41))).toBe(own);
      }),
    );
  });

  it("is what data init writes", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "init-")), "notes.jsonl");
    const rows = Array.from({ length: 30 }, (_, i) => ({
      ...{ user: `u${i % 5}`, body: `Текст номер ${i}, довольно длинный 好`, title: `Заголовок ${i}` },
    }));
    writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
    expect((parse((await initTask(path)).text) as { language: string }).language).toBe("ru");
  });
});
