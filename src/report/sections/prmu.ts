import type { Art } from "../art.ts";
import { num, percent, whole } from "../format.ts";
import { html, notRun, type Safe, type Section, table } from "../html.ts";
import { curves } from "../plots/curves.ts";
import { asRow, numberGroups, type RunFiles } from "../read-run.ts";
import { inWords, ofKind, points } from "../series.ts";

/** The reward model: what it was trained on, and whether it knows better than chance and than length alone. */
export function prmuSection(run: RunFiles, art: Art): Section {
  const id = "prmu";
  const title = "The reward model (PRMU)";
  if (asRow(run.config.prmu).variant === "none")
    return { id, title, body: html`<p class="none">This run trains without a reward model (prmu.variant: none).</p>` };
  if (run.stage("prmu").state === "not run") return { id, title, body: notRun("PRMU") };
  return { id, title, body: html`${heldOut(run)}${training(run, art)}` };
}

/** Held-out accuracies as the stage wrote them, group by group. */
function heldOut(run: RunFiles): Safe | null {
  const found = run.json("prmu/held_out.json");
  if (found === null) return html`<p class="none">No held-out accuracies yet.</p>`;
  return html`<h3>Held-out pairs</h3><p>Share of pairs whose preferred side gets the higher score; guessing gives 50%.</p>
<div class="grid">${numberGroups(found).map(([name, values]) =>
    table(
      name,
      ["", "value"],
      values.map(([key, value]) => [key, shown(key, value)]),
    ),
  )}</div>`;
}

/** Counts print whole, shares as percent. */
function shown(key: string, value: number): string {
  if (/accuracy|share|length/.test(key)) return percent(value);
  return Number.isInteger(value) ? whole(value) : num(value);
}

function training(run: RunFiles, art: Art): Safe {
  const rows = run.jsonl("prmu/metrics.jsonl");
  const train = ofKind(rows, "train");
  const looks = ofKind(rows, "look", "validate");
  const panels = [
    ["loss", "Loss, nats a pair"],
    ["accuracy", "Share of pairs ranked right"],
  ] as const;
  const drawn = panels.flatMap(([path, caption]) => {
    const series = [
      { name: "train", hue: 8, points: points(train, path) },
      { name: "held out", hue: 0, points: points(looks, path), looks: true },
    ].filter((s) => s.points.length > 0);
    if (series.length === 0) return [];
    const alt = `PRMU, ${caption}: ${inWords(series, (v) => num(v))}.`;
    const levels = path === "accuracy" ? [{ value: 0.5, label: "guessing" }] : [];
    const drawing = {
      name: `prmu-${path}`,
      alt,
      caption: html`<strong>${caption}</strong>`,
      x: "step",
      y: path,
      series,
      levels,
    };
    return [art.show(curves(art.canvas, drawing))];
  });
  return html`<div class="grid">${drawn}</div>`;
}
