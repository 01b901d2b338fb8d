import { hashJson } from "../../core/run-dir.ts";
import { PAPER_TAGS } from "../../core/tags.ts";
import { num } from "../format.ts";
import { html, type Safe, type Section, table } from "../html.ts";
import { asRow, type RunFiles } from "../read-run.ts";
import { isSynthetic, taughtByRules } from "./header.ts";

/** The paper's stated settings (Appendix A.1 and section 3), by their place in the config. */
const PAPER: readonly (readonly [string, string])[] = [
  ["model", "Qwen3-8B"],
  ["profile.retriever", "recency"],
  ["profile.k", "8"],
  ["data.chains", "1000"],
  ["data.rl", "1024"],
  ["chains.rollouts", "16"],
  ["chains.judge_over", "15"],
  ["chains.tags", "9"],
  ["sft.learning_rate", "0.00001"],
  ["sft.batch", "64"],
  ["sft.epochs", "2"],
  ["prmu.prp_pairs", "10000"],
  ["prmu.pqp_pairs", "10000"],
  ["guided.learning_rate", "0.000001"],
  ["guided.batch", "128"],
  ["guided.rollouts", "5"],
  ["guided.epochs", "13"],
  ["guided.clip_low", "0.0003"],
  ["guided.clip_high", "0.0004"],
  ["explore.learning_rate", "0.000001"],
  ["explore.epochs", "2"],
  ["rewards.ngram", "4"],
  ["rewards.min_tags", "3"],
];

/** Settings that the paper leaves open, by their place in the config. */
const OURS: readonly (readonly [string, string])[] = [
  ["rewards.verifiable", "weight of the verifiable reward; the paper's weights are not in its text"],
  ["rewards.format", "weight of the format reward"],
  ["rewards.repetition", "weight of the repetition reward"],
  ["rewards.tag", "weight of the tag reward"],
  ["rewards.personalization", "weight of the personalization reward"],
  ["guided.updates", "optimizer steps a batch"],
  ["guided.advantage_delta", "δ in the advantage's denominator"],
  ["chains.rouge_threshold", "accuracy filter of generation tasks"],
  ["prmu.mask_users", "share of pairs whose user is masked, so that unseen users get a sensible score"],
  ["prmu.min_gap", "least difference of score in a PQP pair"],
];

/** What is the paper's, what is ours, and what a reader must know before quoting a number. */
export function methodSection(run: RunFiles): Section {
  const known = Object.keys(run.config).length > 0;
  return {
    id: "method",
    title: "What is the paper's, what is ours",
    body: html`${cautions(run)}${known ? html`${paperTable(run)}${oursTable(run)}` : html`<p class="none">run.json is missing: settings unknown.</p>`}`,
  };
}

function cautions(run: RunFiles): Safe {
  const kind = (role: string): unknown => asRow(run.config[role]).kind;
  const named = new Set<string>(PAPER_TAGS);
  const own = run.tags.filter((tag) => !named.has(tag));
  const notes: (string | false)[] = [
    isSynthetic(run) &&
      "The users are made up by a seeded generator. The numbers say how the method learns in that world, not how it does on people.",
    (kind("judge") === "rules" || kind("tagger") === "rules") &&
      "Judge or tagger are stated rules here, where the paper uses GPT-4o.",
    kind("teacher") === "self" &&
      "The chains were sampled from the base model itself, where the paper's teacher is a model of 235B parameters.",
    taughtByRules(run.config) &&
      "Chains were made by stated rules of TagPR's own from the shown items, where the paper's teacher is a model of 235B parameters: they say what is so of the items, in few forms.",
    kind("teacher") === "scripted" &&
      "The teacher is a script that follows several strategies with published faults, where the paper's teacher is a model of 235B parameters.",
    own.length > 0 && `The paper names five of its nine tags. These of this run are not among them: ${own.join(", ")}.`,
    "Where the paper's text is silent (the bodies of its equations and its reward weights are among what was lost), the choices are ours.",
  ];
  return html`<ul>${notes.map((note) => note !== false && html`<li>${note}</li>`)}</ul>`;
}

function setting(run: RunFiles, path: string): string {
  let value: unknown = run.config;
  for (const key of path.split(".")) value = asRow(value)[key];
  if (typeof value === "number") return value !== 0 && Math.abs(value) < 1e-3 ? plain(value) : String(value);
  return typeof value === "string" || typeof value === "boolean" ? String(value) : "–";
}

/** Small numbers without an exponent, so that they compare with the paper's as text. */
const plain = (value: number): string => num(value, 12).replace(/(?<!0)0+$/, "");

function paperTable(run: RunFiles): Safe {
  return table(
    "Settings that the paper states",
    ["Setting", "paper", "this run", ""],
    PAPER.map(([path, stated]) => {
      const own = setting(run, path);
      return [html`<code>${path}</code>`, stated, own, own === stated ? "" : html`<strong>differs</strong>`];
    }),
  );
}

function oursTable(run: RunFiles): Safe {
  const rows = OURS.map(([path, why]) => [html`<code>${path}</code>`, setting(run, path), why]);
  const hash = hashJson(run.config).slice(0, 12);
  return html`<div class="wordy">${table("Settings that are ours", ["Setting", "this run", "what it is"], rows)}</div>
<p class="note">All settings stand in run.json (config hash ${hash}).</p>`;
}
