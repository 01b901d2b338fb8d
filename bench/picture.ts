// The README's picture, from the kept answers of the learning bench:
//   npx tsx bench/picture.ts            writes docs/images/seeds.svg and prints the means
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../src/core/jsonl.ts";
import { html } from "../src/report/html.ts";
import { hueVar } from "../src/report/palette.ts";
import { openCanvas, standalone } from "../src/report/plots/draw.ts";
import { type Answers, named } from "./learning/answers.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const KEPT = join(ROOT, "bench", "results", "learning-full");
/** Its name in the picture, and where its answers are: run, then method. */
const METHODS = [
  ["base", "tagpr", "rag-r"],
  ["SFT", "tagpr", "sft-r"],
  ["RL without SFT", "no-sft", "tagpr"],
  ["TagPR", "tagpr", "tagpr"],
  ["gold at once", "gold-at-once", "sft"],
] as const;

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const num = (value: number): string => value.toFixed(3).replace(/^0/, "");

const seeds = readdirSync(KEPT).sort();
const dots = METHODS.flatMap(([label, run, method]) =>
  seeds.flatMap((seed) => {
    const path = join(KEPT, seed, `${run}.json`);
    const scores = existsSync(path) ? named(readJson<Answers>(path)).scores[method]?.unseen : undefined;
    return scores === undefined ? [] : [{ label, x: mean(scores) }];
  }),
);
const rows = METHODS.map(([name]) => {
  const own = dots.filter(({ label }) => label === name).map(({ x }) => x);
  return {
    label: own.length === seeds.length ? name : `${name} (${own.length} of ${seeds.length} seeds)`,
    name,
    x: mean(own),
  };
});
const text = rows.map(({ label, x }) => `${label} ${num(x)}`).join("; ");
console.log(text);

const canvas = await openCanvas();
const { plot } = canvas;
const labelOf = new Map(rows.map(({ name, label }) => [name, label]));
const wide = canvas.svg({
  width: 700,
  height: 60 + rows.length * 38,
  marginLeft: 200,
  marginRight: 30,
  marginTop: 12,
  marginBottom: 40,
  x: {
    label: "accuracy on users never trained on (small dots: seeds; large: their mean)",
    labelAnchor: "center",
    labelArrow: "none",
    domain: [0.1, 0.7],
  },
  y: { label: null, domain: rows.map(({ label }) => label), tickSize: 0, padding: 0.3 },
  marks: [
    plot.gridX({ stroke: "var(--line)", strokeOpacity: 1 }),
    plot.dot(dots, {
      x: "x",
      y: (d: { label: string }) => labelOf.get(d.label as "SFT"),
      r: 3,
      fill: "var(--muted)",
      fillOpacity: 0.6,
    }),
    plot.dot(rows, { x: "x", y: "label", r: 6, fill: hueVar(0), stroke: "var(--bg)" }),
    plot.text(rows, {
      x: "x",
      y: "label",
      text: (d: { x: number }) => num(d.x),
      dy: -14,
      fontWeight: 600,
      fill: "currentColor",
      stroke: "var(--bg)",
      strokeWidth: 4,
    }),
  ],
});
mkdirSync(join(ROOT, "docs", "images"), { recursive: true });
const alt = `Accuracy on users never trained on, mean of the seeds: ${text}.`;
writeFileSync(join(ROOT, "docs", "images", "seeds.svg"), standalone({ name: "seeds", alt, caption: html``, wide }));
