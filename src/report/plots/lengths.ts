import { quantile } from "../../stats/resample.ts";
import { whole } from "../format.ts";
import { html } from "../html.ts";
import { hueVar } from "../palette.ts";
import { type Canvas, type Picture, room } from "./draw.ts";

export interface Lengths {
  readonly label: string;
  readonly hue: number;
  readonly mean: number;
  readonly p10: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
}

export function summarise(label: string, hue: number, values: readonly number[]): Lengths {
  const sorted = values.toSorted((a, b) => a - b);
  const [p10, p25, p50, p75, p90] = [0.1, 0.25, 0.5, 0.75, 0.9].map((share) => quantile(sorted, share));
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const at = (value: number | undefined): number => value ?? Number.NaN;
  return { label, hue, mean, p10: at(p10), p25: at(p25), p50: at(p50), p75: at(p75), p90: at(p90) };
}

/** Lengths a method: thin line from the 10th to the 90th percentile, thick from the 25th to the 75th, a dot at the mean. */
export function lengthPlot(canvas: Canvas, rows: readonly Lengths[], name: string): Picture {
  const { plot } = canvas;
  const drawn = rows.map((row) => ({ ...row, stroke: hueVar(row.hue), text: whole(row.mean) }));
  const draw = (width: number): string =>
    canvas.svg({
      width,
      height: 64 + rows.length * 36,
      marginLeft: Math.min(width < 500 ? 150 : 320, room(rows.map(({ label }) => label))),
      marginRight: 24,
      marginTop: 24,
      marginBottom: 36,
      x: { label: "tokens of a response", labelArrow: false, ticks: width < 500 ? 4 : 8, inset: 8, zero: true },
      y: { label: null, domain: rows.map((row) => row.label), tickSize: 0, padding: 0.3 },
      marks: [
        plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: width < 500 ? 4 : 8 }),
        plot.ruleY(drawn, { y: "label", x1: "p10", x2: "p90", stroke: "stroke", strokeWidth: 1.5 }),
        plot.ruleY(drawn, { y: "label", x1: "p25", x2: "p75", stroke: "stroke", strokeWidth: 8, strokeOpacity: 0.45 }),
        plot.dot(drawn, { x: "mean", y: "label", r: 5, fill: "stroke", stroke: "var(--bg)" }),
        plot.text(drawn, { x: "mean", y: "label", text: "text", dy: -14, fontWeight: 600 }),
      ],
    });
  return {
    name,
    alt: `Length of responses in tokens: ${rows.map((r) => `${r.label} mean ${whole(r.mean)}, median ${whole(r.p50)}, 10th to 90th percentile ${whole(r.p10)} to ${whole(r.p90)}`).join("; ")}.`,
    caption: html`Tokens of a whole response, reasoning and answer. Dot and number: the mean; thick line: the middle half;
thin line: the 10th to the 90th percentile.`,
    wide: draw(700),
    narrow: draw(350),
  };
}
