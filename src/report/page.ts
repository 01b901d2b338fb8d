import { html, Safe, type Section } from "./html.ts";
import { SCRIPT, STYLE } from "./style.ts";

export interface Page {
  readonly title: string;
  /** Rules beyond those of every page. */
  readonly style?: string;
  readonly header: Safe;
  readonly sections: readonly Section[];
  readonly footer: Safe;
}

/** The whole page as one self-contained file; its policy forbids the network. */
export function renderPage(page: Page): string {
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${page.title}</title>
<style>${new Safe(STYLE + (page.style ?? ""))}</style>
</head>
<body>
<a class="skip" href="#${page.sections[0]?.id ?? "top"}">Skip to the result</a>
<header id="top">
${page.header}
<nav aria-label="Sections"><ul>${page.sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main>
${page.sections.map(
  ({ id, title, body }) => html`<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${body}
</section>
`,
)}</main>
<footer>${page.footer}</footer>
<script>${new Safe(SCRIPT)}</script>
</body>
</html>
`;
  return body.text;
}
