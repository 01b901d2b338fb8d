import { join } from "node:path";
import { writeAtomic } from "../core/jsonl.ts";
import { html, type Safe } from "../report/html.ts";
import { renderPage } from "../report/page.ts";
import { openCanvas, standalone } from "../report/plots/draw.ts";
import { toPng } from "../report/plots/png.ts";
import { caseLatex } from "./formats/case-latex.ts";
import { csvOf } from "./formats/csv.ts";
import { htmlOf } from "./formats/html.ts";
import { latexDocument, latexOf } from "./formats/latex.ts";
import { markdownOf } from "./formats/markdown.ts";
import type { PageOptions } from "./formats/page-options.ts";
import { SUITE_STYLE } from "./formats/style.ts";
import { textOf } from "./formats/text.ts";
import type { Given, Kind } from "./kind.ts";
import type { Shown } from "./shown.ts";

export interface Writing {
  readonly kinds: readonly Kind[];
  readonly given: Omit<Given, "canvas">;
  /** The suite's folder. */
  readonly dir: string;
  /** Users' texts stand by their lengths alone. */
  readonly redact: boolean;
  readonly linkOf: PageOptions["linkOf"];
  /** Lines under the title: what was run, of what, when. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

/**
 * Writes `DIR/index.html`, `report.md`, `tables/*.csv`, `tables/*.tex` (and `tables.tex`, which has them all) and
 * `figures/*.svg`, `*.png`. Answers what a terminal shows.
 */
export async function writeSuite(writing: Writing): Promise<string> {
  const { kinds, given, dir, redact, linkOf } = writing;
  const canvas = await openCanvas();
  const made: [Kind, Shown][] = [];
  for (const kind of kinds) made.push([kind, await kind.show({ ...given, canvas })]);
  for (const [, shown] of made) await writeParts(dir, shown, redact);
  const tables = made.flatMap(([, { tables: own, cases = [] }]) => [...cases, ...own].map(({ id }) => id));
  const title = `${given.suite.name}: tables`;
  writeAtomic(join(dir, "tables", "tables.tex"), latexDocument(title, tables));
  writeAtomic(join(dir, "report.md"), markdownPage(writing, made));
  writeAtomic(join(dir, "index.html"), page(writing, made, { redact, linkOf }));
  return made.map(([kind, shown]) => `${kind.title} (${kind.paper})\n${textOf(shown, redact)}`).join("\n");
}

async function writeParts(dir: string, { tables, pictures, cases = [] }: Shown, redact: boolean): Promise<void> {
  for (const one of cases) writeAtomic(join(dir, "tables", `${one.id}.tex`), caseLatex(one, redact));
  for (const table of tables) {
    writeAtomic(join(dir, "tables", `${table.id}.csv`), csvOf(table, redact));
    writeAtomic(join(dir, "tables", `${table.id}.tex`), latexOf(table, redact));
  }
  for (const picture of pictures) {
    const svg = standalone(picture);
    writeAtomic(join(dir, "figures", `${picture.name}.svg`), svg);
    writeAtomic(join(dir, "figures", `${picture.name}.png`), await toPng(svg));
  }
}

function markdownPage({ given: { suite }, redact, facts }: Writing, made: readonly (readonly [Kind, Shown])[]): string {
  return [
    `# ${suite.name}`,
    "",
    ...(suite.about === "" ? [] : [suite.about, ""]),
    ...facts.map(([name, text]) => `- ${name}: ${text}`),
    "",
    ...made.flatMap(([kind, shown]) => [
      `## ${kind.title}`,
      "",
      `${kind.about} (${kind.paper})`,
      "",
      markdownOf(shown, redact),
    ]),
  ].join("\n");
}

function page(
  { given: { suite }, facts }: Writing,
  made: readonly (readonly [Kind, Shown])[],
  options: PageOptions,
): string {
  const header: Safe = html`<div class="top"><h1>${suite.name}</h1><button type="button" id="theme" hidden>Theme</button></div>
${suite.about !== "" && html`<p>${suite.about}</p>`}
<dl class="facts">${facts.map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}</dl>`;
  return renderPage({
    title: `TagPR · ${suite.name}`,
    style: SUITE_STYLE,
    header,
    sections: made.map(([kind, shown]) => ({
      ...{ id: kind.name, title: kind.title },
      body: html`<p>${kind.about} <span class="muted">${kind.paper}</span></p>${htmlOf(shown, options)}`,
    })),
    footer: html`<p>Made by <code>tagpr suite</code>. A number with a link leads to the answers that it is made of.</p>`,
  });
}
