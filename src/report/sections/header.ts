import { existsSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { hashJson } from "../../core/run-dir.ts";
import { isSyntheticRun } from "../../data/synthetic/drawn.ts";
import type { PairedRow, Result } from "../../eval/result-types.ts";
import { methodLabel } from "../../methods/tables.ts";
import { between, duration, num, percent, signed, whole } from "../format.ts";
import { html, type Safe } from "../html.ts";
import { asRow, type RunFiles, strings, textOf } from "../read-run.ts";

/** Whether the numbers, or some of them, come from the synthetic world: its data says so, and the result that was made of it. */
export function isSynthetic(run: RunFiles): boolean {
  return run.result?.synthetic === true || isSyntheticRun(run.dir);
}

export function title(run: RunFiles): string {
  return `TagPR · ${textOf(run.config.name) ?? "run"}`;
}

/** What was run, when, with what; and the result in one paragraph. */
export function header(run: RunFiles): Safe {
  const tasks = run.tasks.map((task) => `${task.name} (${task.title}, ${task.kind})`);
  const facts: (readonly [string, Safe | string | null])[] = [
    ["Tasks", tasks.join("; ") || null],
    ["Base model", modelName(textOf(run.config.model))],
    ["Seed", typeof run.run?.seed === "number" ? String(run.run.seed) : null],
    [
      "Config",
      run.run === null ? null : html`<code>${hashJson(run.config).slice(0, 12)}</code> (hash of the resolved config)`,
    ],
    ["Program", versionOf(run)],
    ["Command", strings(run.run?.argv).length > 0 ? html`<code>${strings(run.run?.argv).join(" ")}</code>` : null],
    ["Finished", finishedAt(run)],
    ["Took", run.result === null ? null : duration(run.result.seconds)],
  ];
  return html`<div class="top"><h1>${title(run)}</h1><button type="button" id="theme" hidden>Theme</button></div>
<p>${badges(run)}</p>
${run.result === null ? html`<p class="none">Not evaluated yet: there is no result.json.</p>` : lead(run.result)}
<dl class="facts">${facts.map(([name, value]) => value !== null && html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** A hub's name as it stands; of a folder its last two parts: where it lies is the reader's affair, not the report's. */
const modelName = (model: string | null): string | null =>
  model !== null && isAbsolute(model) ? model.split(/[\\/]/).slice(-2).join("/") : model;

/** Whether some of the chains are by stated rules. */
export function taughtByRules(config: RunFiles["config"]): boolean {
  const several = Array.isArray(config.teachers) ? config.teachers : [];
  return (several.length > 0 ? several : [config.teacher]).some((one) => asRow(one).kind === "rules");
}

function badges(run: RunFiles): Safe {
  const kind = (role: string): unknown => asRow(run.config[role]).kind;
  return html`${isSynthetic(run) && html`<span class="badge">synthetic world: made-up users, not people</span>`}${
    taughtByRules(run.config) && html`<span class="badge">chains by stated rules of TagPR's own, no model</span>`
  }${
    kind("teacher") === "self" && html`<span class="badge">self-taught chains: the model itself is the teacher</span>`
  }${kind("judge") === "rules" && html`<span class="badge">judge: stated rules, no model</span>`}${
    kind("tagger") === "rules" && html`<span class="badge">tagger: stated rules, no model</span>`
  }`;
}

function versionOf(run: RunFiles): string | null {
  const version = textOf(run.run?.tagpr);
  if (version === null) return null;
  const revision = textOf(run.run?.revision);
  const platform = textOf(run.run?.platform);
  return [`tagpr ${version}`, revision?.slice(0, 12), platform, `Node ${textOf(run.run?.node) ?? "?"}`]
    .filter((part) => part !== undefined && part !== null)
    .join(", ");
}

/** When the last result was written, by the file's own time. */
function finishedAt(run: RunFiles): string | null {
  const path = join(run.dir, "result.json");
  return existsSync(path) ? `${statSync(path).mtime.toISOString().slice(0, 16).replace("T", " ")} UTC` : null;
}

/** The result in words, made of the file's own numbers. */
function lead(result: Result): Safe {
  const tagpr = result.rows.find((row) => row.method === "tagpr") ?? result.rows.at(-1);
  if (tagpr === undefined) return html``;
  const share = result.details?.[tagpr.method]?.possible_personalization ?? null;
  const against = result.paired.filter((p) => p.a === tagpr.method && ["rag-r", "sft", "sft-r"].includes(p.b));
  return html`<p class="lead">On ${whole(tagpr.n)} held-out queries ${methodLabel(tagpr.method, result.labels)} reaches ${result.metric}
<strong>${num(tagpr.score)}</strong> (95% interval ${between(tagpr)}${
    !result.higher_is_better && "; lower is better"
  }).${against.map((p) => html` ${comparison(p, result)}.`)}${
    share !== null && html` That is ${percent(share, 0)} of the personalization that the shown items make possible.`
  }${truthSentence(result, tagpr.method)}</p>`;
}

/** Share of true deciding statements that runs in the synthetic world aim at (ours): there a rule reads every one. */
const AIM = 0.95;

/** A gain that rests on made-up evidence is said where the gain is said. */
function truthSentence(result: Result, method: string): Safe | null {
  const of = (name: string): number | null => result.details[name]?.truth?.deciding_true ?? null;
  const [own, before] = [of(method), of("sft-r")];
  if (own === null) return null;
  const than =
    before === null || method === "sft-r" ? "" : ` (${methodLabel("sft-r", result.labels)}: ${percent(before, 0)})`;
  const aim = result.synthetic && `; the aim is ${percent(AIM, 0)}: ${own >= AIM ? "reached" : "missed"}`;
  return html` Of its answers that rest on a statement about the user's items, that statement is true in <strong>${percent(own, 0)}</strong>${than}${aim}.`;
}

function comparison(p: PairedRow, result: Result): string {
  return `Against ${methodLabel(p.b, result.labels)}: ${signed(p.difference)} (${between(p, signed)}), ${p.verdict}`;
}
