import type { Case } from "../shown.ts";
import { itemFacts, partsOf, shownCase } from "./case-parts.ts";

/** Cases in Markdown: what is false in a step stands behind it. `escaped` makes a text harmless there. */
export function caseMarkdown(given: Case, redact: boolean, escaped: (text: string) => string): string[] {
  const { task, why, query, asked, gold, by, items, sides } = shownCase(given, redact);
  return [
    `### ${escaped(task)}: query ${escaped(query)}`,
    "",
    escaped(why),
    "",
    `- Query: ${escaped(asked)}`,
    `- Gold: **${escaped(gold)}**`,
    `- Items (${escaped(by)}):`,
    ...items.map((item, i) => {
      const facts = itemFacts(item);
      return `  ${i + 1}. ${escaped(item.text)}${facts === "" ? "" : ` *(${escaped(facts)})*`}`;
    }),
    "",
    ...sides.flatMap((side) => {
      const { parts, answer } = partsOf(side);
      return [
        `**${escaped(side.label)}** (${escaped(side.verdict)})`,
        "",
        ...parts.map(({ tag, text, wrong }) => {
          const faults = wrong.map((one) => ` **✗ false: “${escaped(one.text)}”, ${escaped(one.fault)}**`);
          return `- ${tag === null ? "" : `\`${tag}\` `}${escaped(text)}${faults.join("")}`;
        }),
        `- Answer: **${answer === "" ? "none" : escaped(answer)}**`,
        ...(side.rests === null ? [] : [`- ${escaped(side.rests)}`]),
        "",
      ];
    }),
  ];
}
