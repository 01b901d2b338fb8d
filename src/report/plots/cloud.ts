import stringWidth from "string-width";
import { escapeHtml, type Safe } from "../html.ts";
import { HUES, hueVar } from "../palette.ts";
import { FONT, type Picture } from "./draw.ts";

export interface CloudWord {
  readonly word: string;
  /** Above 0; a word's area goes with it. */
  readonly weight: number;
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const [WIDTH, HEIGHT] = [640, 320];
const [SMALLEST, LARGEST] = [11, 46];
const MARGIN = 3;

/**
 * A word cloud: each word, the heaviest first, stands at the first free place of a spiral out of the middle. Boxes are from
 * the widths of a terminal's cells, so no font is measured; a word that finds no place is left out.
 */
export function cloud(
  words: readonly CloudWord[],
  options: { readonly name: string; readonly alt: string; readonly caption: Safe },
): Picture {
  const placed = place(words);
  const texts = placed.map(
    ({ word, size, box }, i) =>
      `<text x="${(box.x + box.width / 2).toFixed(1)}" y="${(box.y + box.height * 0.78).toFixed(1)}" font-size="${size.toFixed(1)}" fill="${hueVar(i % HUES.length)}" text-anchor="middle">${escapeHtml(word)}</text>`,
  );
  const wide = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="${FONT}" font-weight="600"><style></style>${texts.join("")}</svg>`;
  return { ...options, wide };
}

interface Placed {
  readonly word: string;
  readonly size: number;
  readonly box: Box;
}

/** Exported for its test: no two boxes meet, and all are inside. */
export function place(words: readonly CloudWord[]): Placed[] {
  const sorted = words.toSorted((a, b) => b.weight - a.weight);
  const most = sorted[0]?.weight ?? 1;
  const placed: Placed[] = [];
  for (const { word, weight } of sorted) {
    const size = Math.max(SMALLEST, LARGEST * Math.sqrt(weight / most));
    const [width, height] = [stringWidth(word) * size * 0.7 + MARGIN, size * 1.1 + MARGIN];
    const box = freePlace(width, height, placed);
    if (box !== null) placed.push({ word, size, box });
  }
  return placed;
}

function freePlace(width: number, height: number, placed: readonly Placed[]): Box | null {
  for (let step = 0; step < 3000; step++) {
    const angle = 0.35 * Math.sqrt(step) * Math.PI;
    const radius = 3.2 * Math.sqrt(step);
    const x = WIDTH / 2 + 1.9 * radius * Math.cos(angle) - width / 2;
    const y = HEIGHT / 2 + 0.85 * radius * Math.sin(angle) - height / 2;
    const box = { x, y, width, height };
    const inside = x >= 0 && y >= 0 && x + width <= WIDTH && y + height <= HEIGHT;
    if (inside && !placed.some((other) => meet(box, other.box))) return box;
  }
  return null;
}

const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
