import type { Art } from "../art.ts";
import { hueClass } from "../chain-html.ts";
import { num, percent, whole } from "../format.ts";
import { html, notRun, type Safe, type Section, table } from "../html.ts";
import { bars } from "../plots/bars.ts";
import { asRow, numberGroups, numberOf, type RunFiles, rows, textOf } from "../read-run.ts";

/** Where the training chains came from: the filters' counts, the tags' clusters, the teacher's cost. */
export function chainsSection(run: RunFiles, art: Art): Section {
  const body =
    run.stage("chains").state === "not run"
      ? notRun("Chains")
      : html`${who(run)}${funnel(run, art)}${clusters(run)}${statistics(run)}`;
  return { id: "chains", title: "Where the training chains came from", body };
}

const KINDS: Readonly<Record<string, string>> = {
  scripted: "the synthetic world's scripted server, which sees the text of a request and nothing else",
  openai: "a model at an OpenAI-compatible endpoint",
  self: "the base model itself, sampled through the engine",
  rules: "stated rules of TagPR's own, not a model",
};

/** Who taught, judged and tagged: as the stage wrote it, and what kind of thing that is. */
function who(run: RunFiles): Safe {
  const by = asRow(run.stats?.by);
  const role = (name: string): string => {
    const several = name === "teacher" && Array.isArray(run.config.teachers) && run.config.teachers.length > 0;
    const kind = several ? "several teachers" : KINDS[textOf(asRow(run.config[name]).kind) ?? ""];
    return [textOf(by[name]), kind].filter((part) => part != null).join(": ") || "unknown";
  };
  return html`<dl class="facts">${["teacher", "judge", "tagger"].map(
    (name) => html`<dt>${name[0]?.toUpperCase()}${name.slice(1)}</dt><dd>${role(name)}</dd>`,
  )}</dl>`;
}

/** What each filter left, counted in the stage's own files. */
export function funnelCounts(run: RunFiles): (readonly [string, number])[] {
  const rollouts = run.jsonl("chains/rollouts.jsonl");
  const judged = run.jsonl("chains/judged.jsonl");
  const chains = run.jsonl("chains/chains.jsonl");
  return [
    ["sampled", rollouts.length],
    ["right answer", rollouts.filter((row) => row.accepted === true).length],
    ["passed the judge", judged.filter((row) => row.kept === true).length],
    ["tagged and kept", chains.length],
    ["… for training", chains.filter((row) => row.split === "train").length],
  ];
}

function funnel(run: RunFiles, art: Art): Safe {
  const counts = funnelCounts(run);
  const all = counts[0]?.[1] ?? 0;
  if (all === 0) return html`<p class="none">No roll-outs yet.</p>`;
  const text = (n: number): string => `${whole(n)} (${percent(n / all, 0)})`;
  const given = run.jsonl("chains/rollouts.jsonl").filter((row) => row.given === true).length;
  const told =
    given === 0
      ? html``
      : html`<p>${whole(given)} of the ${whole(all)} were written with the answer in sight (<code>teacher.rationalize</code>): that they are right says nothing of their writer.</p>`;
  return html`<h3>What the filters kept</h3>${told}${art.show(
    bars(art.canvas, {
      name: "chains-funnel",
      alt: `Chains left after each step: ${counts.map(([name, n]) => `${name} ${text(n)}`).join(", ")}.`,
      caption: html`Chains left after each step, and their share of all that were sampled. The last step also keeps only a few
chains a query.`,
      bars: counts.map(([label, value]) => ({ label, value, text: text(value), hue: 0 })),
    }),
  )}`;
}

function clusters(run: RunFiles): Safe | null {
  if (run.tagClusters.length === 0) return null;
  const listed = run.tagClusters.map((cluster) => {
    const tag = textOf(cluster.tag) ?? "?";
    const members = rows(cluster.members).map((m) => `${textOf(m.name) ?? "?"} (${whole(numberOf(m.count) ?? 0)})`);
    const shown = members.slice(0, 8).join(", ");
    return [
      html`<span class="${hueClass(tag, run.tags)}"><span class="tag">${tag}</span></span>`,
      members.length > 8 ? `${shown} and ${members.length - 8} more` : shown,
    ];
  });
  const words = table("Primary tags, and the free tags of each cluster", ["Tag", "Free tags (uses)"], listed);
  return html`<h3>From free tags to primary tags</h3><div class="wordy">${words}</div>`;
}

/** Everything countable in stats.json, a table for each group. */
function statistics(run: RunFiles): Safe | null {
  if (run.stats === null) return null;
  const groups = numberGroups(run.stats);
  if (groups.length === 0) return null;
  return html`<h3>Counts of the stage</h3><div class="grid">${groups.map(([name, values]) =>
    table(
      name === "" ? "All tasks" : name.replaceAll("_", " "),
      ["", "value"],
      values.map(([key, value]) => [key.replaceAll("_", " "), Number.isInteger(value) ? whole(value) : num(value)]),
    ),
  )}</div>`;
}
