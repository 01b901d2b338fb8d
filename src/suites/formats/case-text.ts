import wrapAnsi from "wrap-ansi";
import { printable } from "../../core/printable.ts";
import type { Case, CaseSide } from "../shown.ts";
import { itemFacts, partsOf, shortened, shownCase } from "./case-parts.ts";

/** Columns of a line; letters of a step or an item. */
const [WIDTH, MOST] = [110, 400];

/** Cases for a terminal: query, items, then one answer under the other. */
export function caseText(given: Case, redact: boolean): string[] {
  const { task, why, query, asked, gold, by, items, sides } = shownCase(given, redact);
  return [
    `${task}: query ${query}`,
    ...wrapped(why, 2),
    ...wrapped(`Query: ${shortened(asked, MOST)}`, 2),
    ...wrapped(`Gold: ${shortened(gold, MOST)}`, 2),
    `  Items (${by})`,
    ...items.flatMap((item, i) => {
      const facts = itemFacts(item);
      return wrapped(`[${i + 1}] ${shortened(item.text, MOST)}${facts === "" ? "" : ` (${facts})`}`, 4);
    }),
    ...sides.flatMap(sideText),
    "",
  ];
}

function sideText(side: CaseSide): string[] {
  const { parts, answer } = partsOf(side);
  return [
    `  ${side.label}: ${side.verdict}`,
    ...parts.flatMap(({ tag, text, wrong }) => [
      ...wrapped(`${tag === null ? "" : `<${tag}> `}${shortened(text, MOST)}`, 4),
      ...wrong.flatMap((one) => wrapped(`✗ false: “${shortened(one.text, MOST)}”, ${one.fault}`, 6)),
    ]),
    ...wrapped(`Answer: ${answer === "" ? "none" : shortened(answer, MOST)}`, 4),
    ...(side.rests === null ? [] : wrapped(side.rests, 4)),
  ];
}

const wrapped = (text: string, indent: number): string[] =>
  wrapAnsi(printable(text), WIDTH - indent, { hard: true })
    .split("\n")
    .map((line) => `${" ".repeat(indent)}${line}`);
