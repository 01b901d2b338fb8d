import { html } from "../../report/html.ts";
import { hueVar } from "../../report/palette.ts";
import { type Canvas, type Picture, room } from "../../report/plots/draw.ts";

/** A value with its interval, of one series. */
export interface PointOf {
  readonly series: string;
  /** Place in the palette. */
  readonly hue: number;
  /** The row that it stands in. */
  readonly row: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface PointsOptions {
  readonly name: string;
  readonly caption: string;
  readonly x: string;
  readonly points: readonly PointOf[];
}

const HEIGHT = 18;
const number = (value: number): string => value.toFixed(3);

/** Rows of dots with their intervals, the series of a row under each other, each in its colour and with its name. */
export function pointPlot(canvas: Canvas, { name, caption, x, points }: PointsOptions): Picture {
  const { plot } = canvas;
  const series = [...new Set(points.map((one) => one.series))];
  const rows = [...new Set(points.map((one) => one.row))];
  const drawn = points.map((one) => ({
    ...one,
    low: one.low ?? one.value,
    high: one.high ?? one.value,
    fill: hueVar(one.hue),
    text: `${one.series} ${number(one.value)}`,
  }));
  const left = room(rows);
  const right = room(
    drawn.map(({ text }) => text),
    { bold: true },
  );
  const wide = canvas.svg({
    width: 420 + Math.max(0, left - 150) + Math.max(0, right - 120),
    height: 40 + rows.length * (series.length * HEIGHT + 10),
    marginLeft: 12,
    marginRight: right,
    marginTop: 6,
    marginBottom: 34,
    x: { label: x, labelArrow: false, ticks: 5, nice: true, inset: 6 },
    fy: { label: null, domain: rows, axis: "left", padding: 0.12 },
    y: { axis: null, domain: series },
    marginFacet: 0,
    facet: { marginLeft: left },
    marks: [
      plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: 5 }),
      plot.ruleY(drawn, {
        fy: "row",
        y: "series",
        x1: "low",
        x2: "high",
        stroke: "fill",
        strokeWidth: 4,
        strokeOpacity: 0.4,
      }),
      plot.dot(drawn, { fy: "row", y: "series", x: "value", fill: "fill", r: 4, stroke: "var(--bg)" }),
      plot.text(drawn, {
        fy: "row",
        y: "series",
        frameAnchor: "right",
        textAnchor: "start",
        dx: 6,
        text: "text",
        fill: "fill",
        fontWeight: 600,
      }),
    ],
  } as Parameters<Canvas["svg"]>[0]);
  return {
    name,
    alt: `${caption} ${drawn.map((one) => `${one.row}, ${one.series}: ${number(one.value)} (${number(one.low)} to ${number(one.high)})`).join("; ")}.`,
    caption: html`${caption} Bars: 95% intervals.`,
    wide,
  };
}
