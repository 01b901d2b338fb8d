import { escapeHtml } from "../html.ts";

/** One letter of each script that a font for Latin letters lacks. */
const SCRIPTS = [/\p{Script=Han}/u, /[\p{Script=Hiragana}\p{Script=Katakana}]/u, /\p{Script=Hangul}/u] as const;
/** In no font: the last private letter of Unicode. */
const NOWHERE = "\u{10fffd}";
const NOTE_HEIGHT = 20;

/**
 * PNG bytes of a standalone SVG at twice its size, its letters from the fonts of this machine. Where none of these has letters that
 * it shows (Chinese ones, mostly), a line under the picture says so.
 */
export async function toPng(svg: string): Promise<Uint8Array> {
  const scripts = SCRIPTS.flatMap((script) => script.exec(svg.replaceAll(/<title>[^<]*<\/title>/g, ""))?.[0] ?? []);
  const drawn = await Promise.all(scripts.map(isDrawn));
  return (await rendered(drawn.every((is) => is) ? svg : withNote(svg), 2)).asPng();
}

async function rendered(svg: string, zoom: number) {
  const { Resvg } = await import("@resvg/resvg-js");
  const font = { loadSystemFonts: true, defaultFontFamily: "DejaVu Sans", sansSerifFamily: "DejaVu Sans" };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: zoom }, font }).render();
}

const known = new Map<string, Promise<boolean>>();

/** Whether a letter looks otherwise than one that no font can have. */
function isDrawn(letter: string): Promise<boolean> {
  const pixels = async (text: string): Promise<string> =>
    (
      await rendered(
        `<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><text x="4" y="18" font-size="16">${text}</text></svg>`,
        1,
      )
    ).pixels.toString("base64");
  const found = known.get(letter) ?? Promise.all([pixels(letter), pixels(NOWHERE)]).then(([a, b]) => a !== b);
  known.set(letter, found);
  return found;
}

export const NO_FONT = "Boxes: letters that no font here has; the SVG has them.";

/** The picture with a line of text under it. Exported for its test. */
export function withNote(svg: string): string {
  const [size, width = "0", height = "0"] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? [];
  if (size === undefined) return svg;
  const below = Number(height) + NOTE_HEIGHT;
  const note = `<rect y="${height}" width="${width}" height="${NOTE_HEIGHT}" fill="#ffffff"/><text x="4" y="${below - 6}" text-anchor="start" font-family="sans-serif" font-size="9" font-weight="400" fill="#000000">${escapeHtml(NO_FONT)}</text>`;
  return svg
    .replace(size, `viewBox="0 0 ${width} ${below}"`)
    .replace(` height="${height}"`, ` height="${below}"`)
    .replace(/<\/svg>\s*$/, `${note}</svg>\n`);
}
