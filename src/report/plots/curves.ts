import type { Safe } from "../html.ts";
import { hueVar } from "../palette.ts";
import { type Canvas, type Picture, room } from "./draw.ts";

export interface Series {
  readonly name: string;
  /** Place in the palette. */
  readonly hue: number;
  /** `[step, value]`, steps ascending. */
  readonly points: readonly (readonly [number, number])[];
  /** Points looked at now and then (dev scores): drawn as dots joined by a line, never smoothed. */
  readonly looks?: boolean;
}

export interface CurveOptions {
  readonly name: string;
  readonly alt: string;
  readonly caption: Safe;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Level lines, e.g. chance. */
  readonly levels?: readonly { readonly value: number; readonly label: string }[];
}

const SIZE = { width: 360, height: 230, marginLeft: 46, marginTop: 26, marginBottom: 36 };

/** Lines over steps. A noisy series is drawn thin, with its moving mean over it. */
export function curves(canvas: Canvas, options: CurveOptions): Picture {
  const { plot } = canvas;
  const series = options.series.filter((s) => s.points.length > 0);
  const levels = options.levels ?? [];
  const values = [...series.flatMap((s) => s.points.map(([, y]) => y)), ...levels.map((level) => level.value)];
  const domain = padded(values);
  const ends = spread(series, domain);
  const marginRight =
    series.length > 1
      ? 2 +
        room(
          series.map((s) => s.name),
          { bold: true },
        )
      : 18;
  const svg = canvas.svg({
    ...SIZE,
    width: SIZE.width + Math.max(0, marginRight - 130),
    marginRight,
    x: { label: options.x, labelAnchor: "right", labelArrow: false, ticks: 5, tickFormat: tick, nice: false },
    y: { label: options.y, domain, labelArrow: false, ticks: 5 },
    marks: [
      plot.gridY({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      ...levels.flatMap(({ value, label }) => [
        plot.ruleY([value], { stroke: "var(--muted)", strokeDasharray: "4 3" }),
        plot.text([label], { frameAnchor: "right", y: value, dy: -7, dx: -4, text: (d) => d, fill: "var(--muted)" }),
      ]),
      ...series.flatMap((s) => lineMarks(plot, s)),
      ...(series.length > 1
        ? [plot.text(ends, { x: "x", y: "y", text: "name", fill: "fill", textAnchor: "start", dx: 7, fontWeight: 600 })]
        : []),
    ],
  });
  return { name: options.name, alt: options.alt, caption: options.caption, wide: svg };
}

function lineMarks(plot: Canvas["plot"], s: Series) {
  const stroke = hueVar(s.hue);
  const points = s.points.map(([x, y]) => ({ x, y }));
  if (s.looks === true || points.length < 12)
    return [
      plot.line(points, { x: "x", y: "y", stroke, strokeWidth: 2 }),
      plot.dot(points, { x: "x", y: "y", fill: stroke, r: points.length > 30 ? 1.8 : 3 }),
    ];
  return [
    plot.line(points, { x: "x", y: "y", stroke, strokeWidth: 1, strokeOpacity: 0.35 }),
    plot.line(movingMean(s.points, windowOf(s.points.length)), { stroke, strokeWidth: 2.2 }),
  ];
}

/** Width of the moving mean, in points: about a twelfth of the curve. */
export const windowOf = (n: number): number => Math.max(3, Math.round(n / 12));

/** Centred moving mean; at the ends over what is there. */
export function movingMean(points: readonly (readonly [number, number])[], width: number): [number, number][] {
  const half = Math.floor(width / 2);
  return points.map(([x], i) => {
    const near = points.slice(Math.max(0, i - half), i + half + 1);
    return [x, near.reduce((sum, [, y]) => sum + y, 0) / near.length];
  });
}

/** The range of the values with a little air; a flat series gets a range of its own. What is never negative shows no negative range. */
export function padded(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const air = high > low ? (high - low) * 0.08 : Math.max(Math.abs(high) * 0.1, 0.05);
  return [low < 0 ? low - air : Math.max(0, low - air), high + air];
}

/** Labels at the ends of the lines, pushed apart until none covers another. */
function spread(series: readonly Series[], [low, high]: readonly [number, number]) {
  const pixels = SIZE.height - SIZE.marginTop - SIZE.marginBottom;
  const gap = ((high - low) * 14) / pixels;
  const ends = series.flatMap((s) => {
    const smooth =
      s.looks === true || s.points.length < 12 ? s.points : movingMean(s.points, windowOf(s.points.length));
    const last = smooth.at(-1);
    return last === undefined ? [] : [{ name: s.name, x: last[0], y: last[1], fill: hueVar(s.hue) }];
  });
  const xEnd = ends.reduce((x, end) => Math.max(x, end.x), 0);
  ends.sort((a, b) => a.y - b.y);
  let floor = low;
  for (const end of ends) {
    end.x = xEnd;
    end.y = Math.max(end.y, floor);
    floor = end.y + gap;
  }
  let roof = high;
  for (const end of ends.toReversed()) {
    end.y = Math.min(end.y, roof);
    roof = end.y - gap;
  }
  return ends;
}

const tick = (value: number): string =>
  Number.isInteger(value) ? (value >= 10_000 ? `${value / 1000}k` : String(value)) : "";
