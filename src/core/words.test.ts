import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordsOf } from "./words.ts";

describe("wordsOf", () => {
  it.each([
    ["Don't stop, GPT4!", ["don", "t", "stop", "gpt4"]],
    ["很好吃，GPT4 推荐", ["很", "好", "吃", "gpt4", "推", "荐"]],
    ["제목 이야기", ["제목", "이야기"]],
    ["عنوانُ المقال، اليوم", ["عنوانُ", "المقال", "اليوم"]],
    ["हिन्दी की किताब", ["हिन्दी", "की", "किताब"]],
    ["Ещё раз ёлка", ["ещё", "раз", "ёлка"]],
    ["שלום, עולם", ["שלום", "עולם"]],
    ["Καλημέρα Κόσμε", ["καλημέρα", "κόσμε"]],
    ["می‌روم", ["می‌روم"]],
    ["ＡＢＣ　①", ["abc", "1"]],
    ["🎉 !!", []],
  ])("%s", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it("parts scripts without white space by ICU's dictionaries", () => {
    for (const text of ["これはほんぶんです", "วันนี้อากาศดีมาก", "ភាសាខ្មែរល្អ", "ကောင်းပါတယ်", "ເມືອງລາວ"]) {
      const words = wordsOf(text);
      expect(words.length).toBeGreaterThan(1);
      expect(words.join("")).toBe(text);
    }
  });

  it("is the same however a text is encoded, and loses no letter", () => {
    const text = fc.string({ unit: fc.constantFrom("é", "e\u0301", "한", "한", "タ", "東", "ก", "ا", " ", ".", "x") });
    fc.assert(
      fc.property(text, (given) => {
        const words = wordsOf(given);
        expect(wordsOf(given.normalize("NFD"))).toEqual(words);
        expect(words.join("")).toBe(given.normalize("NFKC").replace(/[ .]/g, ""));
      }),
    );
  });
});
