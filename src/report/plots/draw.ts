import type { Markish, PlotOptions } from "@observablehq/plot";
import stringWidth from "string-width";
import { escapeHtml, html, Safe } from "../html.ts";
import { resolveHues } from "../palette.ts";

export type PlotLib = typeof import("@observablehq/plot");

/** One picture: drawn for a page of full width and, where its labels need it, again for a phone. */
export interface Picture {
  /** File name without ending. */
  readonly name: string;
  /** What a reader who can't see it should know, numbers included. */
  readonly alt: string;
  readonly caption: Safe;
  /** SVG text whose colours are CSS variables of the page. */
  readonly wide: string;
  readonly narrow?: string;
}

/** Latin letters first, as the page has them; then what Chinese ones look like on the systems that there are. */
export const FONT =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'WenQuanYi Micro Hei', 'WenQuanYi Zen Hei', 'Droid Sans Fallback', sans-serif";

export interface Canvas {
  readonly plot: PlotLib;
  /** A finished plot as SVG text; `options` are Plot's own. */
  svg(options: PlotOptions & { readonly marks: Markish[] }): string;
}

/** Pixels that the longest line of these labels takes, with the gap beside it. A Chinese letter is as wide as two Latin ones. */
export const room = (labels: readonly string[], { bold = false } = {}): number =>
  14 +
  (bold ? 8 : 6.6) *
    labels.flatMap((label) => label.split("\n")).reduce((n, line) => Math.max(n, stringWidth(line)), 0);

/** Plot and a small DOM, loaded only when something is drawn. */
export async function openCanvas(): Promise<Canvas> {
  const [plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return {
    plot,
    svg: (options) =>
      plot.plot({
        ...options,
        document: document as unknown as Document,
        style: { fontFamily: FONT, fontSize: "12px", background: "none" },
      }).outerHTML,
  };
}

/** The picture inside a page. */
export function figure(picture: Picture): Safe {
  const labelled = (svg: string): Safe =>
    new Safe(svg.replace("<svg ", `<svg role="img" aria-label="${escapeHtml(picture.alt)}" `));
  const drawn =
    picture.narrow === undefined
      ? labelled(picture.wide)
      : html`<div class="wide">${labelled(picture.wide)}</div><div class="narrow">${labelled(picture.narrow)}</div>`;
  return html`<figure>${drawn}<figcaption>${picture.caption}</figcaption></figure>`;
}

/** The picture as a file of its own: fixed colours on white. */
export function standalone(picture: Picture): string {
  const svg = resolveHues(picture.wide).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ');
  const size = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  const back = `<rect width="${size?.[1] ?? "100%"}" height="${size?.[2] ?? "100%"}" fill="#ffffff"/>`;
  const body = svg.indexOf("</style>") + "</style>".length;
  return `${svg.slice(0, body)}<title>${escapeHtml(picture.alt)}</title>${back}${svg.slice(body)}\n`;
}
