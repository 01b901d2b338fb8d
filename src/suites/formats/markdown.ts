import type { Shown, Table } from "../shown.ts";
import { caseMarkdown } from "./case-markdown.ts";
import { shownText, signOf } from "./marks.ts";

/** Sentences, tables and pictures (by their files) in Markdown. */
export function markdownOf({ tables, pictures, says, cases = [] }: Shown, redact: boolean): string {
  return [
    ...says.map((sentence) => `- ${escaped(sentence)}`),
    "",
    ...cases.flatMap((one) => caseMarkdown(one, redact, escaped)),
    ...tables.flatMap((table) => [...tableMarkdown(table, redact), ""]),
    ...pictures.flatMap(({ name, alt }) => [`![${escaped(alt)}](figures/${name}.svg)`, ""]),
  ].join("\n");
}

function tableMarkdown({ caption, head, columns, rows, notes }: Table, redact: boolean): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const heads = columns.map((column) => (column.group === undefined ? column.head : `${column.group} ${column.head}`));
  return [
    `**${escaped(caption)}**`,
    "",
    line([head, ...heads].map(escaped)),
    line(["---", ...columns.map(({ text }) => (text === true ? "---" : "---:"))]),
    ...rows.flatMap(({ label, group, entries }, r) => [
      ...(group !== undefined && group !== rows[r - 1]?.group
        ? [line([`*${escaped(group)}*`, ...entries.map(() => "")])]
        : []),
      line([
        escaped(label),
        ...entries.map((one) => {
          const text = `${escaped(shownText(one, redact))}${signOf(one)}`;
          return one.rank === 1 ? `**${text}**` : one.rank === 2 ? `<u>${text}</u>` : text;
        }),
      ]),
    ]),
    "",
    ...notes.map((note) => `- ${escaped(note)}`),
  ];
}

const escaped = (text: string): string => text.replaceAll(/[\\|*_<>`[\]]/g, (c) => `\\${c}`).replaceAll(/\s+/g, " ");
