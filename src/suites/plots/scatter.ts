import { html } from "../../report/html.ts";
import { hueVar } from "../../report/palette.ts";
import { padded } from "../../report/plots/curves.ts";
import { type Canvas, type Picture, room } from "../../report/plots/draw.ts";

export interface ScatterOptions {
  readonly name: string;
  readonly caption: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly label: string; readonly hue: number; readonly x: number; readonly y: number }[];
}

/** Named dots; the horizontal axis is logarithmic. Labels that would cover each other are moved apart. */
export function scatter(canvas: Canvas, { name, caption, x, y, points }: ScatterOptions): Picture {
  const { plot } = canvas;
  const [low, high] = padded(points.map((one) => one.y));
  const size = { width: 420, height: Math.max(240, 60 + points.length * 16), marginTop: 26, marginBottom: 38 };
  const gap = ((high - low) * 14) / (size.height - size.marginTop - size.marginBottom);
  let floor = low - gap;
  const drawn = points
    .toSorted((a, b) => a.y - b.y)
    .map((one) => {
      const at = Math.max(one.y, floor + gap);
      floor = at;
      return { ...one, at, fill: hueVar(one.hue % 12) };
    });
  const top = Math.max(high, floor);
  const end = Math.max(...points.map((one) => one.x));
  const right =
    2 +
    room(
      points.map(({ label }) => label),
      { bold: true },
    );
  const wide = canvas.svg({
    ...size,
    width: size.width + Math.max(0, right - 150),
    marginLeft: 46,
    marginRight: right,
    x: { label: x, type: "log", labelArrow: false, ticks: 4, tickFormat: "~s" },
    y: { label: y, domain: [low, top], labelArrow: false, ticks: 5 },
    marks: [
      plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      plot.link(drawn, { x1: "x", y1: "y", x2: () => end, y2: "at", stroke: "fill", strokeOpacity: 0.35 }),
      plot.dot(drawn, { x: "x", y: "y", fill: "fill", r: 4.5, stroke: "var(--bg)" }),
      plot.text(drawn, {
        x: () => end,
        y: "at",
        text: "label",
        fill: "fill",
        textAnchor: "start",
        dx: 8,
        fontWeight: 600,
      }),
    ],
  });
  return {
    name,
    alt: `${caption} ${points.map((one) => `${one.label}: ${one.y.toFixed(3)} at ${one.x.toFixed(0)}`).join("; ")}.`,
    caption: html`${caption}`,
    wide,
  };
}
