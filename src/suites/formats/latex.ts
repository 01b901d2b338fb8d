import type { Entry, Table, TableColumn, TableRow } from "../shown.ts";
import { shownText } from "./marks.ts";

/** A table as a float with booktabs' rules: `\input` it, or compile the document of {@link latexDocument}. */
export function latexOf({ id, caption, head, columns, rows, notes }: Table, redact: boolean): string {
  const spec = `l${columns.map(({ text }) => (text === true ? "l" : "r")).join("")}`;
  const grouped = columns.some(({ group }) => group !== undefined);
  return [
    "\\begin{table}[htbp]",
    "\\centering\\small",
    `\\caption{${escaped(caption)}}\\label{tab:${id}}`,
    "\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{%",
    `\\begin{tabular}{${spec}}`,
    "\\toprule",
    ...(grouped ? groupHeads(columns) : []),
    `${[head, ...columns.map((column) => column.head)].map(escaped).join(" & ")} \\\\`,
    "\\midrule",
    ...rows.flatMap((row, r) => rowLines(row, rows[r - 1], r, columns.length, redact)),
    "\\bottomrule",
    "\\end{tabular}}",
    ...(notes.length === 0
      ? []
      : [`\\par\\smallskip\\parbox{\\linewidth}{\\footnotesize ${notes.map(escaped).join(" ")}}`]),
    "\\end{table}",
    "",
  ].join("\n");
}

/** One document of all tables, for pdfLaTeX; for XeLaTeX or LuaLaTeX where a label needs letters that pdfLaTeX lacks. */
export function latexDocument(title: string, tables: readonly string[]): string {
  return `\\documentclass[11pt,a4paper,landscape]{article}
\\usepackage{iftex}
\\ifPDFTeX
\\usepackage[T1]{fontenc}
\\usepackage[utf8]{inputenc}
\\else
\\usepackage{fontspec}
\\ifXeTeX\\IfFileExists{xeCJK.sty}{\\usepackage{xeCJK}\\IfFontExistsTF{Noto Sans CJK SC}{\\setCJKmainfont{Noto Sans CJK SC}}{}}{}\\fi
\\fi
\\usepackage{booktabs,graphicx,amssymb}
\\usepackage[margin=2cm]{geometry}
\\title{${escaped(title)}}
\\date{}
\\begin{document}
\\maketitle
${tables.map((id) => `\\input{${id}.tex}`).join("\n")}
\\end{document}
`;
}

/** Headings over the columns of a group, with a rule under each. */
function groupHeads(columns: readonly TableColumn[]): string[] {
  const spans: { group: string; from: number; to: number }[] = [];
  for (const [c, { group = "" }] of columns.entries()) {
    const last = spans.at(-1);
    if (last !== undefined && last.group === group && group !== "") last.to = c;
    else spans.push({ group, from: c, to: c });
  }
  const heads = spans.map(({ group, from, to }) =>
    group === "" ? "" : `\\multicolumn{${to - from + 1}}{c}{${escaped(group)}}`,
  );
  const rules = spans
    .filter(({ group }) => group !== "")
    .map(({ from, to }) => `\\cmidrule(lr){${from + 2}-${to + 2}}`);
  return [`& ${heads.join(" & ")} \\\\`, rules.join("")];
}

function rowLines(row: TableRow, before: TableRow | undefined, r: number, width: number, redact: boolean): string[] {
  const { group, label, entries } = row;
  const opens = group !== undefined && group !== before?.group;
  const cells = [escaped(label), ...entries.map((one) => cell(one, redact))];
  return [
    ...(opens
      ? [...(r > 0 ? ["\\midrule"] : []), `\\multicolumn{${width + 1}}{l}{\\textit{${escaped(group)}}} \\\\`]
      : []),
    `${cells.join(" & ")} \\\\`,
  ];
}

const SIGNS: Readonly<Record<NonNullable<Entry["verdict"]>, string>> = {
  better: "$^{\\blacktriangle}$",
  worse: "$^{\\blacktriangledown}$",
  tied: "$^{=}$",
  undecided: "",
};

function cell(entry: Entry, redact: boolean): string {
  const text = escaped(shownText(entry, redact));
  const ranked = entry.rank === 1 ? `\\textbf{${text}}` : entry.rank === 2 ? `\\underline{${text}}` : text;
  return ranked + (entry.verdict === undefined ? "" : SIGNS[entry.verdict]);
}

const SPECIAL: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "−": "$-$",
  "–": "--",
  "…": "\\ldots{}",
  "≥": "$\\geq$",
  "≤": "$\\leq$",
  "±": "$\\pm$",
  "×": "$\\times$",
  "✓": "$\\checkmark$",
  "✗": "$\\times$",
  "▲": "$\\blacktriangle$",
  "▼": "$\\blacktriangledown$",
  "“": "``",
  "”": "''",
  "→": "$\\to$",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
};

/** Text that LaTeX prints as it stands, on one line. */
export const escaped = (text: string): string =>
  text.replaceAll(/[\\~^−–…≥≤±×✓✗▲▼“”→<>|&%$#_{}]/g, (c) => SPECIAL[c] ?? `\\${c}`).replaceAll(/\s+/g, " ");
