import { chainHtml, tagLegend } from "../../report/chain-html.ts";
import { html, type Safe } from "../../report/html.ts";
import type { Case } from "../shown.ts";
import { itemFacts, shownCase } from "./case-parts.ts";
import type { PageOptions } from "./page-options.ts";

/** Figure 1's form: the query, the items that were shown, both answers side by side with their tags in colour. */
export function casesHtml(cases: readonly Case[], { redact, linkOf }: PageOptions): Safe {
  const [first] = cases;
  if (first === undefined) return html``;
  return html`${first.tags.length > 0 && tagLegend(first.tags)}${cases.map((one) => caseHtml(shownCase(one, redact), linkOf))}`;
}

function caseHtml(
  { id, task, why, query, asked, gold, tags, by, items, sides }: Case,
  linkOf: PageOptions["linkOf"],
): Safe {
  const listed = items.map((item) => {
    const facts = itemFacts(item);
    return html`<li>${item.text}${facts !== "" && html` <span class="muted">(${facts})</span>`}</li>`;
  });
  const answers = sides.map((side) => {
    const link = linkOf(side.lead);
    return html`<div><h4>${side.label} <span>${link === null ? side.verdict : html`<a href="${link}">${side.verdict}</a>`}</span></h4>
${chainHtml(side.response, tags, side.falsehoods)}
${side.rests !== null && html`<p class="note">${side.rests}</p>`}</div>
`;
  });
  return html`<article class="case" id="${id}"><h3>${task}: query <code>${query}</code></h3>
<p class="muted">${why}</p>
<p class="asked"><span class="key">Query</span> ${asked}</p>
<p><span class="key">Gold</span> <strong>${gold}</strong></p>
<details open><summary>Items that were shown (${by})</summary><ol class="items">${listed}</ol></details>
<div class="answers">${answers}</div></article>
`;
}
