import { expect, it } from "vitest";
import type { Shown, Table } from "../shown.ts";
import { csvOf } from "./csv.ts";
import { htmlOf } from "./html.ts";
import { latexOf } from "./latex.ts";
import { markdownOf } from "./markdown.ts";
import { textOf } from "./text.ts";

const table: Table = {
  ...{ id: "t", caption: "Scores & <b>names</b>", head: "Method" },
  columns: [
    { head: "ACC", group: "LaMP_1" },
    { head: "F1", group: "LaMP_1" },
    { head: "said", text: true },
  ],
  rows: [
    {
      group: "数据",
      label: "100% 方法_1",
      entries: [
        { text: "0.712", value: 0.7123, low: 0.6, high: 0.8, p: 0.01, rank: 1, verdict: "better" },
        { text: "−0.100", value: -0.1, rank: 2 },
        { text: "=HYPERLINK(1), secret", personal: true },
      ],
    },
  ],
  notes: [],
};
const shown: Shown = { tables: [table], pictures: [], says: ["One | two"] };

it("LaTeX escapes what it must, and marks best, second and better", () => {
  const latex = latexOf(table, false);
  expect(latex).toContain("100\\% 方法\\_1 & \\textbf{0.712}$^{\\blacktriangle}$ & \\underline{$-$0.100}");
  expect(latex).toContain("\\multicolumn{2}{c}{LaMP\\_1}");
  expect(latex).toContain("\\cmidrule(lr){2-3}");
  expect(latex).toContain("Scores \\& \\textless{}b\\textgreater{}");
});

it("CSV has numbers in full with their intervals, and no cell that a spreadsheet runs", () => {
  const [head, row] = csvOf(table, false).split("\r\n");
  expect(head).toBe("group,Method,LaMP_1 ACC,LaMP_1 ACC low,LaMP_1 ACC high,LaMP_1 ACC p,LaMP_1 F1,said");
  expect(row).toBe(`数据,100% 方法_1,0.7123,0.6,0.8,0.01,-0.1,"'=HYPERLINK(1), secret"`);
});

it("HTML escapes, and links a number to where its answers stand", () => {
  const linked = {
    ...shown,
    tables: [
      {
        ...table,
        rows: table.rows.map((row) => ({
          ...row,
          entries: row.entries.map((one) => ({ ...one, lead: { cell: "c", method: "m", task: "t" } })),
        })),
      },
    ],
  };
  const page = htmlOf(linked, { redact: false, linkOf: ({ cell }) => `answers/${cell}.html` }).text;
  expect(page).toContain("Scores &amp; &lt;b&gt;names");
  expect(page).toContain('<strong><a href="answers/c.html">0.712</a></strong>');
  expect(page).toContain('title="95% interval 0.6000 to 0.8000; p 0.0100 (Holm); better"');
});

it("every form shows users' texts by their lengths where it is told to", () => {
  for (const text of [
    textOf(shown, true),
    markdownOf(shown, true),
    csvOf(table, true),
    latexOf(table, true),
    htmlOf(shown, { redact: true, linkOf: () => null }).text,
  ]) {
    expect(text).not.toContain("secret");
    expect(text).toMatch(/21 characters/);
  }
});

it("columns stand under each other in a terminal, wide characters too", () => {
  const lines = textOf(shown, false).split("\n");
  const row = lines.find((line) => line.includes("方法")) ?? "";
  expect(row).toMatch(/^ {2}100% 方法_1 {3}0\.712▲\* {3}−0\.100\+ {3}/);
  expect(markdownOf(shown, false)).toContain("- One \\| two");
});
