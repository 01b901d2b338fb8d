import { expect, it } from "vitest";
import type { Case, Shown } from "../shown.ts";
import { caseLatex } from "./case-latex.ts";
import { htmlOf } from "./html.ts";
import { markdownOf } from "./markdown.ts";
import { textOf } from "./text.ts";

const lead = { cell: "c", method: "m", task: "LaMP_2" };
const one: Case = {
  ...{ id: "case-LaMP_2", task: "LaMP_2", why: "It gains most.", query: "q1" },
  ...{ asked: "secret query & <b>more</b>", gold: "secret gold", tags: ["examine_examples"], by: "bm25, 1 of 9" },
  items: [{ text: "secret item 100%", date: "2018-05-26", score: 3.25, cutFrom: ["TagPR"] }],
  sides: [
    {
      ...{
        label: "RAG-R (Base)",
        verdict: "✗ wrong, 9 tokens",
        response: "secret answer",
        falsehoods: [],
        rests: null,
      },
      lead: { ...lead, query: "q1" },
    },
    {
      ...{ label: "TagPR", verdict: "✓ right, 12 tokens", rests: "It rests on a true one." },
      response: "<think>\n<examine_examples>secret step, item 9.</examine_examples>\n</think>\nsecret end",
      falsehoods: [{ text: "item 9", fault: "there is no item 9" }],
      lead: { ...lead, query: "q1" },
    },
  ],
};
const shown: Shown = { tables: [], pictures: [], says: [], cases: [one] };
const page = (redact: boolean): string =>
  htmlOf(shown, { redact, linkOf: ({ query }) => `answers/${query}.html` }).text;
const forms = (redact: boolean): string[] => [
  textOf(shown, redact),
  markdownOf(shown, redact),
  caseLatex(one, redact),
  page(redact),
];

it("every form has the rule, both answers, the step's tag, the item with its score, and what is false", () => {
  for (const text of forms(false)) {
    const flat = text.replaceAll(/\\_/g, "_").replaceAll(/\s+/g, " ");
    for (const part of [
      "It gains most.",
      "RAG-R (Base)",
      "TagPR",
      "examine_examples",
      "score 3.250",
      "there is no item 9",
    ])
      expect(flat).toContain(part);
    for (const part of ["secret query", "secret gold", "secret item 100", "secret answer", "secret step", "secret end"])
      expect(flat).toContain(part);
    expect(flat).toContain("not shown to TagPR");
  }
});

it("redacted, nothing of a user or a model stands there but its length", () => {
  for (const text of forms(true)) {
    expect(text).not.toMatch(/secret|item 9|2018/);
    expect(text.replaceAll(/\\_/g, "_")).toContain("examine_examples");
    expect(text).toContain("13 characters");
  }
});

it("HTML escapes texts, colours the tag and marks the false words; LaTeX escapes its own characters", () => {
  expect(page(false)).toContain("secret query &amp; &lt;b&gt;more&lt;/b&gt;");
  expect(page(false)).toContain('<li class="step t0"><span class="tag">examine_examples</span>');
  expect(page(false)).toContain('<mark class="false">item 9');
  expect(page(false)).toContain('<a href="answers/q1.html">✓ right, 12 tokens</a>');
  expect(caseLatex(one, false)).toContain("secret item 100\\% \\textit{(2018-05-26, score 3.250, not shown to TagPR)}");
});
