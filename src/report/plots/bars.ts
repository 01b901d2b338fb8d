import type { Safe } from "../html.ts";
import { hueVar } from "../palette.ts";
import { type Canvas, type Picture, room } from "./draw.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What stands at the bar's end. */
  readonly text: string;
  readonly hue: number | null;
}

export interface BarOptions {
  readonly name: string;
  readonly alt: string;
  readonly caption: Safe;
  readonly bars: readonly Bar[];
  /** Right end of the axis, so that several plots compare; default: the longest bar. */
  readonly max?: number;
}

/** Horizontal bars in the given order, named on the left, with their numbers at the end. */
export function bars(canvas: Canvas, options: BarOptions): Picture {
  const { plot } = canvas;
  const rows = options.bars.map((bar) => ({ ...bar, fill: hueVar(bar.hue) }));
  const longest = rows.reduce((n, row) => Math.max(n, row.value), 0);
  const left = room(rows.map((row) => row.label));
  const wide = canvas.svg({
    width: 360 + Math.max(0, left - 170),
    height: 16 + rows.length * 26,
    marginLeft: left,
    marginRight: room(
      rows.map((row) => row.text),
      { bold: true },
    ),
    marginTop: 6,
    marginBottom: 6,
    x: { axis: null, domain: [0, Math.max(options.max ?? longest, 1e-9)] },
    y: { label: null, domain: rows.map((row) => row.label), tickSize: 0, padding: 0.28 },
    marks: [
      plot.barX(rows, { x: "value", y: "label", fill: "fill" }),
      plot.text(rows, { x: "value", y: "label", text: "text", textAnchor: "start", dx: 5, fontWeight: 600 }),
    ],
  });
  return { name: options.name, alt: options.alt, caption: options.caption, wide };
}
