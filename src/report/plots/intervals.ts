import type { PairedRow, Result } from "../../eval/result-types.ts";
import { COMPARISONS, methodLabel, pairLabel } from "../../methods/tables.ts";
import { between, num, signed } from "../format.ts";
import { html } from "../html.ts";
import { hueVar } from "../palette.ts";
import { type Canvas, type Picture, room } from "./draw.ts";

const WIDE = 700;
const NARROW = 350;
/** Keeps numbers readable where a line runs behind them. */
const HALO = { fill: "currentColor", stroke: "var(--bg)", strokeWidth: 4 };

/** Scores of the methods with their intervals; the ceilings as lines. */
export function scorePlot(canvas: Canvas, result: Result, name: string): Picture {
  const best = result.higher_is_better ? "further right is better" : "further left is better";
  return {
    name,
    alt: `${result.metric} with 95% intervals: ${result.rows
      .map((r) => `${methodLabel(r.method, result.labels)} ${num(r.score)} (${between(r)})`)
      .join(
        "; ",
      )}.${result.ceilings === undefined ? "" : ` Ceilings: query alone ${num(result.ceilings.query_only)}, shown items ${num(result.ceilings.shown_items)}, oracle ${num(result.ceilings.oracle)}.`}`,
    caption: html`The ${result.metric} of each method with its 95% interval; ${best}.${
      result.ceilings !== undefined && " The broken lines are the best scores that anyone could expect."
    }`,
    wide: drawScores(canvas, result, WIDE),
    narrow: drawScores(canvas, result, NARROW),
  };
}

function drawScores(canvas: Canvas, result: Result, width: number): string {
  const { plot } = canvas;
  const rows = result.rows.map((r) => ({ ...r, label: methodLabel(r.method, result.labels), value: num(r.score) }));
  const narrow = width < 500;
  const levels =
    result.ceilings === undefined
      ? []
      : [
          { x: result.ceilings.query_only, label: narrow ? "query" : "query alone", dx: 0, anchor: "middle" as const },
          { x: result.ceilings.shown_items, label: narrow ? "shown" : "shown items", dx: 6, anchor: "end" as const },
          { x: result.ceilings.oracle, label: "oracle", dx: -6, anchor: "start" as const },
        ];
  return canvas.svg({
    width,
    height: 88 + rows.length * 34,
    marginLeft: Math.min(narrow ? 150 : 320, room(rows.map(({ label }) => label))),
    marginRight: 44,
    marginTop: 50,
    marginBottom: 36,
    x: { label: result.metric, labelArrow: false, ticks: narrow ? 4 : 8, nice: true, inset: 12 },
    y: { label: null, domain: rows.map((r) => r.label), tickSize: 0, padding: 0.3 },
    marks: [
      plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: narrow ? 4 : 8 }),
      plot.ruleX(levels, { x: "x", stroke: "var(--muted)", strokeDasharray: "5 4", strokeWidth: 1.5 }),
      // Neighbouring labels lean away from each other.
      ...levels.map(({ x, label, dx, anchor: textAnchor }) =>
        plot.text([label], { x, text: (d) => d, frameAnchor: "top", dx, dy: -26, textAnchor, fill: "var(--muted)" }),
      ),
      plot.ruleY(rows, { y: "label", x1: "low", x2: "high", stroke: hueVar(0), strokeWidth: 4, strokeOpacity: 0.45 }),
      plot.dot(rows, { x: "score", y: "label", r: 5, fill: hueVar(0), stroke: "var(--bg)" }),
      plot.text(rows, { x: "score", y: "label", text: "value", dy: -13, fontWeight: 600, ...HALO }),
    ],
  });
}

/** Paired differences with their intervals around 0. */
export function forestPlot(canvas: Canvas, result: Result, name: string): Picture {
  const order = new Map(COMPARISONS.map(([a, b], i) => [`${a} ${b}`, i]));
  const rows = result.paired.toSorted(
    (p, q) => (order.get(`${p.a} ${p.b}`) ?? 99) - (order.get(`${q.a} ${q.b}`) ?? 99),
  );
  return {
    name,
    alt: `Paired differences of ${result.metric} with 95% intervals: ${rows
      .map(
        (r) =>
          `${pairLabel(r.a, result.labels)} minus ${pairLabel(r.b, result.labels)} ${signed(r.difference)} (${between(r, signed)}), ${r.verdict}`,
      )
      .join("; ")}.`,
    caption: html`Differences on the same queries, with 95% intervals. A filled dot: better or worse. A hollow dot:
undecided or tied.${!result.higher_is_better && ` Lower ${result.metric} is better: left of 0 is a gain.`}`,
    wide: drawForest(canvas, result, rows, WIDE),
    narrow: drawForest(canvas, result, rows, NARROW),
  };
}

const VERDICT_HUES: Readonly<Record<PairedRow["verdict"], number | null>> = {
  better: 2,
  worse: 3,
  tied: null,
  undecided: null,
};

function drawForest(canvas: Canvas, result: Result, paired: readonly PairedRow[], width: number): string {
  const { plot } = canvas;
  const narrow = width < 500;
  const rows = paired.map((r) => ({
    ...r,
    label: `${pairLabel(r.a, result.labels)} −${narrow ? "\n" : " "}${pairLabel(r.b, result.labels)}`,
    value: signed(r.difference),
    stroke: hueVar(VERDICT_HUES[r.verdict]),
    fill: VERDICT_HUES[r.verdict] === null ? "var(--bg)" : hueVar(VERDICT_HUES[r.verdict]),
  }));
  return canvas.svg({
    width,
    height: 64 + rows.length * (narrow ? 42 : 34),
    marginLeft: Math.min(narrow ? 150 : 320, room(rows.map(({ label }) => label))),
    marginRight: 24,
    marginTop: 22,
    marginBottom: 36,
    x: { label: `difference of ${result.metric}`, labelArrow: false, ticks: narrow ? 4 : 8, inset: 12, zero: true },
    y: { label: null, domain: rows.map((r) => r.label), tickSize: 0, padding: 0.3 },
    marks: [
      plot.gridX({ stroke: "var(--line)", strokeOpacity: 1, ticks: narrow ? 4 : 8 }),
      plot.ruleX([0], { stroke: "currentColor", strokeWidth: 1.5 }),
      plot.ruleY(rows, { y: "label", x1: "low", x2: "high", stroke: "stroke", strokeWidth: 3 }),
      plot.dot(rows, { x: "difference", y: "label", r: 5, fill: "fill", stroke: "stroke", strokeWidth: 2 }),
      plot.text(rows, { x: "difference", y: "label", text: "value", dy: -13, fontWeight: 600, ...HALO }),
    ],
  });
}
