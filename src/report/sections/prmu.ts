import type { Art } from "../art.ts";
import { num, percent, whole } from "../format.ts";
import { html, notRun, type Safe, type Section, table } from "../html.ts";
import { curves } from "../plots/curves.ts";
import { asRow, type Row, type RunFiles } from "../read-run.ts";
import { at, inWords, ofKind, points } from "../series.ts";
import { prmuChecks } from "./prmu-checks.ts";

/** The reward model: what it was trained on, and whether it knows better than chance and than length alone. */
export function prmuSection(run: RunFiles, art: Art): Section {
  const id = "prmu";
  const title = "The reward model (PRMU)";
  if (asRow(run.config.prmu).variant === "none")
    return { id, title, body: html`<p class="none">This run trains without a reward model (prmu.variant: none).</p>` };
  const { variant } = asRow(run.config.prmu);
  if (variant === "oracle-prompt" || variant === "oracle-user" || variant === "placebo")
    return {
      id,
      title,
      body: html`<p class="none">In place of a reward model this run has ${String(variant)}, a bound or control of the synthetic world (prmu.variant).</p>`,
    };
  if (run.stage("prmu").state === "not run") return { id, title, body: notRun("PRMU") };
  return { id, title, body: html`${heldOut(run, art)}${training(run, art)}` };
}

const KINDS = [
  ["PRP", "profile-reasoning preference: written with the user's profile, against written without it"],
  ["PQP", "personalized-quality preference: higher score, against lower"],
] as const;

/** Held-out accuracies before and after training, beside what guessing and what length alone would get. */
function heldOut(run: RunFiles, art: Art): Safe {
  const looks = ofKind(run.jsonl("prmu/metrics.jsonl"), "held_out");
  const after = looks.at(-1);
  if (after === undefined) return html`<p class="none">No held-out accuracies yet.</p>`;
  const before = looks.length > 1 ? looks[0] : undefined;
  const rows = KINDS.flatMap(([kind]) =>
    [
      ["users seen in training", `accuracy.${kind}.seen`],
      ["users never seen", `accuracy.${kind}.unseen`],
      ["users seen, scored as if unknown", `seenMasked.${kind}`],
      ...((at(after, `unseenBorrowed.${kind}.pairs`) ?? 0) > 0
        ? [["users never seen, with the row of the user most like them", `unseenBorrowed.${kind}`]]
        : []),
    ].map(([who, path = ""]) => [
      html`${kind} <span class="sub">${who}</span>`,
      whole(at(after, `${path}.pairs`) ?? 0),
      before === undefined ? "–" : percent(at(before, `${path}.accuracy`)),
      html`<strong>${percent(at(after, `${path}.accuracy`))}</strong>`,
      range(after, path),
    ]),
  );
  return html`<dl class="facts">${KINDS.map(([kind, what]) => html`<dt>${kind}</dt><dd>${what}</dd>`)}</dl>${table(
    html`Held-out pairs whose preferred side gets the higher score. Guessing gives 50%. The interval resamples users.`,
    ["Pairs of", "pairs", "before", "after training", "95% interval"],
    rows,
  )}${prmuChecks(run, after, art)}`;
}

function range(row: Row, path: string): string {
  const [low, high] = [at(row, `${path}.low`), at(row, `${path}.high`)];
  return low === null || high === null ? "–" : `[${percent(low)}, ${percent(high)}]`;
}

function training(run: RunFiles, art: Art): Safe {
  const rows = run.jsonl("prmu/metrics.jsonl");
  const train = ofKind(rows, "train");
  const looks = ofKind(rows, "held_out");
  const panels = [
    ["loss", "Loss, nats a pair"],
    ["accuracy", "Share of pairs ranked right (PRP, PQP: held out, users unseen)"],
  ] as const;
  const drawn = panels.flatMap(([path, caption]) => {
    const heldOut =
      path === "loss"
        ? [["held out", path] as const]
        : (["PRP", "PQP"] as const).map((kind) => [kind, `${path}.${kind}.unseen.accuracy`] as const);
    const series = [
      { name: "train", hue: 8, points: points(train, path) },
      ...heldOut.map(([name, at], hue) => ({ name, hue, points: points(looks, at), looks: true })),
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
