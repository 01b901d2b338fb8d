import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { vectors } from "../core/testing/fixtures.ts";
import { stem } from "./porter.ts";
import { type Overlap, rouge, rouge1L, rougeBest, rougeLsum, rougeOfTokens, type Tokens } from "./rouge.ts";
import { rougeChinese, rougePltrdy } from "./rouge-sets.ts";
import { characters, englishWords } from "./tokens.ts";

type Scores = Record<"rouge1" | "rouge2" | "rougeL" | "rougeLsum", Overlap>;
const STEMS = { plain: "english", stem: "english-stem" } as const;
const near = (ours: number, theirs: number, within = 1e-12) =>
  expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(within);
const all = (reference: string, prediction: string, convention: Tokens): Scores => ({
  ...rouge(reference, prediction, convention),
  rougeLsum: rougeLsum(reference, prediction, convention),
});
const KEYS = ["rouge1", "rouge2", "rougeL", "rougeLsum"] as const;

describe("equal to rouge_score 0.1.2", () => {
  const { cases } = vectors<{
    cases: ({ reference: string; prediction: string } & Record<"plain" | "stem", Scores>)[];
  }>("rouge.json");

  it("has the words of rouge_score and the stems of NLTK", () => {
    const { words } = vectors<{ words: Record<string, string> }>("porter.json");
    for (const [word, stemmed] of Object.entries(words)) expect(`${word} ${stem(word)}`).toBe(`${word} ${stemmed}`);
    const tokens = vectors<{ cases: { text: string; plain: string[]; stem: string[] }[] }>("rouge_tokens.json");
    for (const one of tokens.cases) {
      expect(englishWords(one.text)).toEqual(one.plain);
      expect(englishWords(one.text, { stem: true })).toEqual(one.stem);
    }
  });

  it.each(["plain", "stem"] as const)("precision, recall and F of all 422 pairs, %s", (mode) => {
    expect(cases).toHaveLength(422);
    for (const one of cases) {
      const ours = all(one.reference, one.prediction, STEMS[mode]);
      for (const key of KEYS) for (const part of ["p", "r", "f"] as const) near(ours[key][part], one[mode][key][part]);
    }
  });

  it("the best of several references", () => {
    const multi = vectors<{ cases: { references: string[]; prediction: string; plain: Record<string, number> }[] }>(
      "rouge_multi.json",
    );
    for (const { references, prediction, plain } of multi.cases) {
      const ours = rougeBest(references, prediction);
      for (const key of ["rouge1", "rouge2", "rougeL"] as const) near(ours[key].f, plain[key] ?? Number.NaN);
    }
  });

  it("the mean F of slices", () => {
    type Group = { slice: [number, number]; n: number } & Record<"plain" | "stem", Record<string, { mean_f: number }>>;
    for (const { slice, n, ...group } of vectors<{ groups: Group[] }>("rouge_mean.json").groups)
      for (const mode of ["plain", "stem"] as const) {
        const scores = cases.slice(...slice).map((one) => all(one.reference, one.prediction, STEMS[mode]));
        expect(scores).toHaveLength(n);
        for (const key of KEYS)
          near(scores.reduce((sum, s) => sum + s[key].f, 0) / n, group[mode][key]?.mean_f ?? Number.NaN);
      }
  });
});

describe("Chinese", () => {
  type Set3 = { "rouge-1": number; "rouge-2": number; "rouge-l": number } | { error: string };
  type Plain3 = { rouge1: number; rouge2: number; rougeL: number };
  const { cases } = vectors<{
    cases: {
      reference: string;
      prediction: string;
      jieba_reference: string[];
      jieba_prediction: string[];
      rouge_score_default: Plain3;
      rouge_score_char: Plain3;
      rouge_score_jieba: Plain3;
      rouge_chinese_jieba: Set3;
      rouge_chinese_char: Set3;
      rouge_pltrdy_char: Set3;
    }[];
  }>("zh_rouge.json");
  const sets = (theirs: Set3): Plain3 =>
    "error" in theirs
      ? { rouge1: 0, rouge2: 0, rougeL: 0 }
      : { rouge1: theirs["rouge-1"], rouge2: theirs["rouge-2"], rougeL: theirs["rouge-l"] };
  const compare = (ours: Plain3, theirs: Plain3) => {
    for (const key of ["rouge1", "rouge2", "rougeL"] as const) near(ours[key], theirs[key], 1e-9);
  };
  const fOf = (scores: ReturnType<typeof rouge>): Plain3 => ({
    rouge1: scores.rouge1.f,
    rouge2: scores.rouge2.f,
    rougeL: scores.rougeL.f,
  });

  it("equals the original libraries on 133 pairs under six conventions", () => {
    expect(cases).toHaveLength(133);
    for (const one of cases) {
      const [ref, pred] = [characters(one.reference), characters(one.prediction)];
      compare(fOf(rouge(one.reference, one.prediction)), one.rouge_score_default);
      compare(fOf(rouge(one.reference, one.prediction, "char")), one.rouge_score_char);
      compare(fOf(rougeOfTokens(one.jieba_reference, one.jieba_prediction)), one.rouge_score_jieba);
      const [given, answered] = [one.jieba_reference, one.jieba_prediction].map((words) => words.join(" "));
      compare(fOf(rouge(given ?? "", answered ?? "", "tokens")), one.rouge_score_jieba);
      compare(rougeChinese(one.jieba_reference, one.jieba_prediction), sets(one.rouge_chinese_jieba));
      compare(rougeChinese(ref, pred), sets(one.rouge_chinese_char));
      compare(rougePltrdy(ref, pred), sets(one.rouge_pltrdy_char));
      const theirs = sets(one.rouge_chinese_jieba);
      for (const [i, score] of rouge1L(given ?? "", answered ?? "", "rouge_chinese").entries())
        near(score, [theirs.rouge1, theirs.rougeL][i] ?? Number.NaN, 1e-9);
      const byCharacter = sets(one.rouge_pltrdy_char);
      for (const [i, score] of rouge1L(ref.join(" "), pred.join(" "), "pltrdy").entries())
        near(score, [byCharacter.rouge1, byCharacter.rougeL][i] ?? Number.NaN, 1e-9);
    }
  });
});

describe("laws of ROUGE", () => {
  const token = fc.constantFrom("a", "b", "c", "dd", "e");
  const tokens = fc.array(token, { maxLength: 12 });

  it("is 1 with itself, 0 with nothing in common, symmetric in F, mirrored in precision and recall", () => {
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        const self = rougeOfTokens(a, a);
        expect(self.rouge1.f).toBe(a.length > 0 ? 1 : 0);
        expect(self.rougeL.f).toBe(a.length > 0 ? 1 : 0);
        expect(self.rouge2.f).toBe(a.length > 1 ? 1 : 0);
        expect(
          rougeOfTokens(
            a,
            b.map((t) => `x${t}`),
          ).rouge1.f,
        ).toBe(0);
        const [ab, ba] = [rougeOfTokens(a, b), rougeOfTokens(b, a)];
        for (const key of ["rouge1", "rouge2", "rougeL"] as const) {
          expect(ab[key].f).toBeCloseTo(ba[key].f, 12);
          expect(ab[key].p).toBe(ba[key].r);
        }
      }),
    );
  });

  it("ROUGE-L never exceeds ROUGE-1, and order does not matter to ROUGE-1", () => {
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        const s = rougeOfTokens(a, b);
        expect(s.rougeL.f).toBeLessThanOrEqual(s.rouge1.f + 1e-12);
        expect(rougeOfTokens(a, [...b].reverse()).rouge1).toEqual(s.rouge1);
        const [r1, rL] = rouge1L(a.join(" "), b.join(" "));
        expect([r1, rL]).toEqual([s.rouge1.f, s.rougeL.f]);
      }),
    );
  });
});

describe("by words of any script", () => {
  const words = (a: string, b: string) => rouge1L(a, b, "words");

  it("counts what the English tokenizer drops", () => {
    expect(rouge1L("새 소식", "새 소식", "english")).toEqual([0, 0]);
    expect(words("새 소식 하나", "새 소식 둘")).toEqual([2 / 3, 2 / 3]);
    expect(words("Новость дня", "дня новость")).toEqual([1, 0.5]);
    expect(words("ニュースです", "ニュースです")).toEqual([1, 1]);
    expect(words("🎉🎉", "🎉")[0]).toBeCloseTo(2 / 3);
  });

  it("is 1 for any text against itself, however it is encoded, and 0 for another", () => {
    const piece = fc.constantFrom(
      "한국",
      "اليوم",
      "новый",
      "ข่าว",
      "タイトル",
      "हिन्दी",
      "東京",
      "🎉",
      "word",
      "7",
      " ",
      "—",
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), (pieces) => {
        const text = pieces.join("");
        fc.pre(text.trim() !== "");
        expect(words(text, text)).toEqual([1, 1]);
        expect(words(text, text.normalize("NFD"))).toEqual([1, 1]);
        expect(words(text, "qqq")).toEqual([0, 0]);
      }),
    );
  });
});
