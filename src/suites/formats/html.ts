import { guardCell } from "../../core/printable.ts";
import { html, type Safe } from "../../report/html.ts";
import { figure } from "../../report/plots/draw.ts";
import type { Entry, Shown, Table, TableColumn } from "../shown.ts";
import { casesHtml } from "./case-html.ts";
import { shownText, signOf } from "./marks.ts";
import type { PageOptions } from "./page-options.ts";

/** Sentences, tables and figures of a kind, for a page of `renderPage`. */
export function htmlOf({ tables, pictures, says, cases = [] }: Shown, options: PageOptions): Safe {
  return html`${says.length > 0 && html`<ul class="says">${says.map((sentence) => html`<li>${sentence}</li>`)}</ul>`}
${casesHtml(cases, options)}
${tables.map((table) => tableHtml(table, options))}
${pictures.length > 0 && html`<div class="figures">${pictures.map(figure)}</div>`}`;
}

function tableHtml(table: Table, options: PageOptions): Safe {
  const { caption, head, columns, rows, notes } = table;
  const body = rows.map(
    ({ label, group, entries, base }, r) => html`${
      group !== undefined &&
      group !== rows[r - 1]?.group &&
      html`<tr class="group"><th scope="colgroup" colspan="${columns.length + 1}">${group}</th></tr>
`
    }<tr${base === true && html` class="base"`}><th scope="row">${guardCell(label)}</th>${entries.map((one, c) => cell(one, columns[c], options))}</tr>
`,
  );
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="suite">
<caption><span>${caption}</span></caption>
<thead>${heads(columns, head)}</thead>
<tbody>${body}</tbody></table></div>
${notes.length > 0 && html`<details class="note"><summary>How to read it</summary><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></details>`}`;
}

function heads(columns: readonly TableColumn[], head: string): Safe {
  const grouped = columns.some(({ group }) => group !== undefined);
  const own = html`<tr><th scope="col">${head}</th>${columns.map((column) => html`<th scope="col" class="${side(column)}">${column.head}</th>`)}</tr>`;
  if (!grouped) return own;
  const spans: { group: string; n: number }[] = [];
  for (const { group = "" } of columns) {
    const last = spans.at(-1);
    if (last !== undefined && last.group === group && group !== "") last.n++;
    else spans.push({ group, n: 1 });
  }
  return html`<tr class="groups"><td></td>${spans.map(({ group, n }) =>
    group === "" ? html`<td></td>` : html`<th scope="colgroup" colspan="${n}"><span>${group}</span></th>`,
  )}</tr>${own}`;
}

/** Longer texts break into lines. */
const LONG = 24;

const side = (column: TableColumn | undefined): string => (column?.text === true ? "text" : "number");

function cell(entry: Entry, column: TableColumn | undefined, { redact, linkOf }: PageOptions): Safe {
  const sign = signOf(entry);
  const text = guardCell(shownText(entry, redact));
  const link = entry.lead === undefined ? null : linkOf(entry.lead);
  const shown = link === null ? html`${text}` : html`<a href="${link}">${text}</a>`;
  const ranked = entry.rank === 1 ? html`<strong>${shown}</strong>` : entry.rank === 2 ? html`<u>${shown}</u>` : shown;
  const more = explained(entry);
  const long = column?.text === true && text.length > LONG;
  return html`<td class="${side(column)}${long && " long"}"${more !== "" && html` title="${more}"`}>${ranked}${
    sign !== "" && html`<span class="sign ${entry.verdict}">${sign}</span>`
  }</td>`;
}

function explained({ low, high, p, verdict }: Entry): string {
  const digits = (value: number): string => value.toFixed(4);
  return [
    ...(low !== null && low !== undefined && high !== null && high !== undefined
      ? [`95% interval ${digits(low)} to ${digits(high)}`]
      : []),
    ...(p === undefined ? [] : [`p ${p < 0.0001 ? "< .0001" : p.toFixed(4)} (Holm)`]),
    ...(verdict === undefined ? [] : [verdict]),
  ].join("; ");
}
