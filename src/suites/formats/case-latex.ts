import type { Case, CaseSide } from "../shown.ts";
import { itemFacts, partsOf, shortened, shownCase } from "./case-parts.ts";
import { escaped } from "./latex.ts";

/** Letters of an item, a step and an answer: a figure has one page. */
const MOST = 260;

/** A figure like the paper's first: query and items above, the two answers beside each other. */
export function caseLatex(given: Case, redact: boolean): string {
  const { id, task, why, query, asked, gold, by, items, sides } = shownCase(given, redact);
  return [
    "\\begin{figure}[htbp]",
    "\\centering\\footnotesize",
    "\\begin{minipage}{\\linewidth}",
    `\\textbf{Query} ${text(asked)}\\par`,
    `\\textbf{Gold} ${text(gold)}\\par`,
    `\\textbf{Items} (${escaped(by)})`,
    ...(items.length === 0
      ? []
      : [
          "\\begin{enumerate}\\setlength{\\itemsep}{0pt}",
          ...items.map((item) => {
            const facts = itemFacts(item);
            return `\\item ${text(item.text)}${facts === "" ? "" : ` \\textit{(${escaped(facts)})}`}`;
          }),
          "\\end{enumerate}",
        ]),
    "\\end{minipage}\\par\\medskip",
    sides.map(sideLatex).join("\\hfill\n"),
    `\\caption{${escaped(`${task}, query ${query}: ${why}`)}}\\label{fig:${id}}`,
    "\\end{figure}",
    "",
  ].join("\n");
}

function sideLatex(side: CaseSide): string {
  const { parts, answer } = partsOf(side);
  return [
    "\\begin{minipage}[t]{.48\\linewidth}\\raggedright",
    `\\textbf{${escaped(side.label)}} (${escaped(side.verdict)})\\par\\smallskip`,
    ...parts.map(({ tag, text: own, wrong }) => {
      const faults = wrong.map((one) => ` \\textbf{[false: ${escaped(one.fault)}]}`);
      return `${tag === null ? "" : `\\texttt{${escaped(tag)}} `}${text(own)}${faults.join("")}\\par`;
    }),
    `\\textbf{Answer} ${answer === "" ? "none" : text(answer)}\\par`,
    ...(side.rests === null ? [] : [`\\textit{${escaped(side.rests)}}`]),
    "\\end{minipage}",
  ].join("\n");
}

const text = (own: string): string => escaped(shortened(own, MOST));
