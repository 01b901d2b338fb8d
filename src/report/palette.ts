import { DEFAULT_TAGS } from "../core/tags.ts";

/** One colour in the light and in the dark theme: the light one carries white text, the dark one black text. */
export interface Hue {
  readonly light: string;
  readonly dark: string;
}

/** Hues of tags and series; each has a contrast of at least 4.5 with its text and with the page it stands on. */
export const HUES: readonly Hue[] = [
  { light: "#1b66a8", dark: "#7db8ee" },
  { light: "#a8480f", dark: "#f0a878" },
  { light: "#2b7330", dark: "#86cc8d" },
  { light: "#a52f49", dark: "#f29aaa" },
  { light: "#6547ad", dark: "#bda9f2" },
  { light: "#006a72", dark: "#5fcad3" },
  { light: "#7d5200", dark: "#dcb25a" },
  { light: "#96367f", dark: "#e59dd4" },
  { light: "#4a5d66", dark: "#abbfca" },
  { light: "#4b6410", dark: "#b7cd6c" },
  { light: "#7a3b2e", dark: "#dba08f" },
  { light: "#33508f", dark: "#9db4ec" },
];

export const PAGE: Hue = { light: "#ffffff", dark: "#14171a" };
/** A tag outside the allowed set. */
export const OTHER: Hue = { light: "#5c5c5c", dark: "#b8b8b8" };

/** Place of a tag in the palette: the same tag has the same colour in every part of a page. */
export function hueIndex(tag: string, tags: readonly string[]): number | null {
  const order = tags.length > 0 ? tags : DEFAULT_TAGS;
  const i = order.indexOf(tag);
  return i < 0 ? null : i % HUES.length;
}

/** The colour as a CSS variable, which the theme resolves. */
export const hueVar = (i: number | null): string => (i === null ? "var(--other)" : `var(--h${i})`);

/** Replaces CSS variables by the light theme's colours, for pictures that stand alone. */
export function resolveHues(svg: string): string {
  return svg
    .replace(/var\(--h(\d+)\)/g, (_, i: string) => HUES[Number(i)]?.light ?? OTHER.light)
    .replaceAll("var(--other)", OTHER.light)
    .replaceAll("var(--muted)", "#59636b")
    .replaceAll("var(--line)", "#d5dadf")
    .replaceAll("var(--bg)", PAGE.light)
    .replaceAll("currentColor", "#1c2024");
}

/** Contrast ratio of two `#rrggbb` colours (WCAG 2). */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(hex: string): number {
  const channel = (at: number): number => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}
