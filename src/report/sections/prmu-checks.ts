import type { Art } from "../art.ts";
import { num, percent, signed, whole } from "../format.ts";
import { html, type Safe, table } from "../html.ts";
import { curves } from "../plots/curves.ts";
import { asRow, type Row, type RunFiles } from "../read-run.ts";
import { at } from "../series.ts";

const KINDS = ["PRP", "PQP"] as const;
const RULES = [
  ["length", "by length alone"],
  ["history", "by how much is said of the history alone"],
] as const;
const FAULTS = [
  ["invented", "what the chain says of the shown items made false"],
  ["other_profile", "written from another user's items"],
] as const;

/** Whether the reward model is accepted: beside rules that know nothing, on planted faults, and how sure it may be. */
export function prmuChecks(run: RunFiles, after: Row, art: Art): Safe {
  return html`${verdict(run)}${rules(after)}${faults(after)}${calibration(after, art)}`;
}

/** The sentences that the stage wrote; nothing where an older version wrote none. */
function verdict(run: RunFiles): Safe | null {
  const { accepted, sentences } = run.json("prmu/held_out.json") ?? {};
  if (typeof accepted !== "boolean" || !Array.isArray(sentences)) return null;
  return html`<p><strong>${accepted ? "Accepted" : "Not accepted"}</strong> on held-out pairs:</p>
<ul>${sentences.map((sentence) => html`<li>${String(sentence)}</li>`)}</ul>`;
}

const interval = (row: Row, path: string, show: (value: number) => string): string => {
  const [low, high] = [at(row, `${path}.low`), at(row, `${path}.high`)];
  return low === null || high === null ? "–" : `[${show(low)}, ${show(high)}]`;
};

function rules(after: Row): Safe | null {
  if (asRow(after.over).PRP === undefined) return null;
  const rows = KINDS.flatMap((kind) =>
    RULES.map(([rule, name]) => {
      const lead = at(after, `over.${kind}.${rule}.difference`);
      return [
        html`${kind} <span class="sub">${name}</span>`,
        percent(at(after, `${rule}.${kind}.ruleAccuracy`)),
        html`<strong>${lead === null ? "–" : signed(lead)}</strong>`,
        interval(after, `over.${kind}.${rule}`, signed),
        percent(at(after, `controlled.${kind}.${rule}.accuracy`)),
        interval(after, `controlled.${kind}.${rule}`, percent),
        whole(at(after, `controlled.${kind}.${rule}.pairs`) ?? 0),
      ];
    }),
  );
  return table(
    html`The reward model beside rules that look at one thing, on the same held-out pairs, each rule in its better direction.
The model's lead is a difference of shares; its 95% interval comes from resampling users. On the right the model where the rule is worth nothing:
pairs are weighed so that the rule is right in half of those of like difference, and pairs whose difference goes one way alone are left out.`,
    [
      "Rule",
      "rule right",
      "model − rule",
      "95% interval",
      "model right, rule worth nothing",
      "95% interval",
      "of pairs",
    ],
    rows,
  );
}

function faults(after: Row): Safe | null {
  const rows = FAULTS.flatMap(([kind, what]) => {
    const pairs = at(after, `faults.${kind}.pairs`);
    if (pairs === null) return [];
    return [
      [
        what,
        whole(pairs),
        html`<strong>${percent(at(after, `faults.${kind}.accuracy`))}</strong>`,
        interval(after, `faults.${kind}`, percent),
      ],
    ];
  });
  if (rows.length === 0) return null;
  return table(
    html`Planted faults: held-out responses against the same kind of response with one fault, never trained on. Guessing gives 50%.`,
    ["Fault", "pairs", "sound one preferred", "95% interval"],
    rows,
  );
}

/** Predicted against true share, both in percent. */
function calibration(after: Row, art: Art): Safe | null {
  const bins = Array.isArray(after.calibration) ? after.calibration.map(asRow) : [];
  const points = bins.flatMap((bin) => {
    const [predicted, right] = [at(bin, "predicted"), at(bin, "right")];
    return predicted === null || right === null ? [] : [[100 * predicted, 100 * right] as const];
  });
  if (points.length === 0) return null;
  const words = bins.map(
    (bin) =>
      `sure to ${percent(at(bin, "predicted"))}, right in ${percent(at(bin, "right"))} of ${num(at(bin, "pairs"), 0)}`,
  );
  const drawing = {
    name: "prmu-calibration",
    alt: `Calibration of the reward model on held-out pairs: ${words.join("; ")}.`,
    caption: html`<strong>Calibration</strong> on held-out pairs: how sure the model is of the side that it prefers, and how often that side is right, in percent.`,
    x: "predicted",
    y: "right",
    series: [
      { name: "model", hue: 0, points, looks: true },
      { name: "ideal", hue: 8, points: [[50, 50] as const, [100, 100] as const], looks: true },
    ],
  };
  return html`<div class="grid">${art.show(curves(art.canvas, drawing))}</div>`;
}
