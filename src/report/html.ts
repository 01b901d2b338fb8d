import { guardCell } from "../core/printable.ts";

/** A piece of HTML that is safe to insert: everything variable in it has been escaped. */
export class Safe {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Value = Safe | string | number | null | undefined | false | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for an element or a quoted attribute. Control characters, which HTML forbids, become U+FFFD. */
export function escapeHtml(text: string): string {
  const safe = text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
  return safe.replace(/[^\t\n\r\u0020-\u007e\u00a0-\uffff]/g, "\ufffd");
}

/**
 * Template tag: every value is escaped unless it is {@link Safe} itself, so a page can't be broken by what it shows.
 * Null, undefined and false print nothing; lists print their parts.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Safe {
  return new Safe(parts.reduce((text, part, i) => text + part + (i < values.length ? show(values[i]) : ""), ""));
}

function show(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Safe) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(String(value));
  return value.map(show).join("");
}

/** A section of the page. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Safe;
}

/** A table whose caption says what it holds; the first cell of a row is its header; it scrolls inside its own box. */
export function table(caption: Value, head: readonly Value[], rows: readonly (readonly Value[])[]): Safe {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${row.map(guarded).map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>
`,
  )}</tbody></table></div>`;
}

/** A page's tables are copied into spreadsheets. */
const guarded = (cell: Value): Value => (typeof cell === "string" ? guardCell(cell) : cell);

/** The sentence of a part that has nothing to show. */
export function notRun(what: string): Safe {
  return html`<p class="none">${what}: not run.</p>`;
}

/** A link to a file of the run, which stands one folder above the report. */
export function fileLink(path: string): Safe {
  return html`<a href="../${encodeURI(path)}"><code>${path}</code></a>`;
}
