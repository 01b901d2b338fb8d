import type { StageName } from "../../core/stages.ts";
import type { Art } from "../art.ts";
import { num, percent, whole } from "../format.ts";
import { html, type Safe, type Section } from "../html.ts";
import { curves, type Series } from "../plots/curves.ts";
import { asRow, numberOf, type Row, type RunFiles } from "../read-run.ts";
import { at, inWords, ofKind, points } from "../series.ts";

/** How it learnt: the SFT curve, then rewards and dev scores over both RL stages. */
export function trainingSection(run: RunFiles, art: Art): Section {
  return {
    id: "training",
    title: "How it learnt",
    body: html`<p>Thin lines are the steps' own values, thick lines their moving mean over a twelfth of the curve. Dots are
looks at held-out data.</p>${sft(run, art)}${rl(run, art, "guided", "Guided RL (all five rewards)")}${rl(
      run,
      art,
      "explore",
      "Exploratory RL (verifiable, format, repetition)",
    )}`,
  };
}

function panel(art: Art, name: string, caption: string, y: string, series: readonly Series[], note = ""): Safe | null {
  const drawn = series.filter((s) => s.points.length > 0);
  if (drawn.length === 0) return null;
  return art.show(
    curves(art.canvas, {
      name,
      alt: `${caption}: ${inWords(drawn, (v) => num(v))}.`,
      caption: html`<strong>${caption}</strong>${note !== "" && ` ${note}`}`,
      x: "step",
      y,
      series: drawn,
    }),
  );
}

function stageHead(run: RunFiles, stage: StageName, heading: string): Safe {
  const { state } = run.stage(stage);
  const model = run.json(`${stage}/model.json`);
  const step = model === null ? null : numberOf(model.step);
  const note =
    state === "not run"
      ? html`<p class="none">${heading}: not run.</p>`
      : state === "unfinished"
        ? html`<p class="none">Unfinished: what stands so far.</p>`
        : (notHandedOn(model) ?? (step !== null && html`<p>Kept: the weights of step ${whole(step)}.</p>`));
  return html`<h3>${heading}</h3>${note}`;
}

/** Where a stage handed on what it began with (`choose.guard`): what was trained, and both scores. */
function notHandedOn(model: Row | null): Safe | null {
  const guard = asRow(model?.guard);
  if (guard.kept !== "start") return null;
  const dev = (of: string): string => num(numberOf(asRow(asRow(guard.dev)[of]).score));
  return html`<p><strong>Not handed on:</strong> the weights of step ${whole(numberOf(guard.step) ?? 0)} score ${dev("trained")}
on the dev slice (mean of greedy and sampled answers), what the stage began with ${dev("start")}. The latter went on in their place.</p>`;
}

function sft(run: RunFiles, art: Art): Safe {
  const rows = run.jsonl("sft/metrics.jsonl");
  const looks = ofKind(rows, "look", "best");
  const train = ofKind(rows, "train");
  return html`${stageHead(run, "sft", "Supervised fine-tuning")}<div class="grid">${panel(
    art,
    "sft-loss",
    "Loss, nats a completion token",
    "nats",
    [
      { name: "train", hue: 8, points: points(train, "loss") },
      { name: "held out", hue: 0, points: points(looks, "loss"), looks: true },
    ],
  )}${panel(art, "sft-dev", "Score on the dev slice, greedy", "score", [
    { name: "dev", hue: 2, points: points(looks, "dev"), looks: true },
  ])}</div>`;
}

/** Panels of an RL stage: name, caption, axis, colour, field of a training row (and of a look, where it has it). */
const PANELS = [
  ["reward", "Reward, weighted sum", "reward", 3, "reward"],
  ["verifiable", "Verifiable reward", "mean", 2, "reward_verifiable"],
  ["personalization", "Personalization reward", "mean", 7, "reward_personalization"],
  ["format", "Format reward", "mean", 0, "reward_format"],
  ["tag", "Tag reward", "mean", 4, "reward_tag"],
  ["repetition", "Repetition reward", "mean", 1, "reward_repetition"],
  ["deciding", "Answers that rest on a true statement, of those that rest on one", "share", 2, "deciding_true"],
  ["tokens", "Tokens of a response", "tokens", 8, "tokens_mean"],
  ["entropy", "Entropy of sampling", "nats a token", 5, "entropy"],
  ["spread", "Groups without spread, which teach nothing", "share", 6, "groups_without_spread"],
] as const;

function rl(run: RunFiles, art: Art, stage: "guided" | "explore", heading: string): Safe {
  const rows = run.jsonl(`${stage}/metrics.jsonl`);
  const train = ofKind(rows, "train");
  const looks = ofKind(rows, "validate");
  const dev = panel(art, `${stage}-dev`, "Dev slice, greedy: mean verifiable reward", "score", [
    { name: "dev", hue: 2, points: points(looks, "score"), looks: true },
  ]);
  const truth = panel(art, `${stage}-truth`, "Dev slice, greedy: truth of what is said of the items", "share", [
    { name: "the deciding statement", hue: 2, points: points(looks, "deciding_true"), looks: true },
    { name: "false, of all", hue: 3, points: points(looks, "quotations_ungrounded"), looks: true },
  ]);
  const drawn = PANELS.map(([name, caption, y, hue, path]) =>
    panel(art, `${stage}-${name}`, caption, y, [{ name, hue, points: points(train, path) }]),
  );
  return html`${stageHead(run, stage, heading)}${probeLine(rows)}<div class="grid">${dev}${truth}${drawn}</div>${lastLine(train)}${hacking(looks)}`;
}

/** What looked like reward hacking, look by look, in the log's own words. */
function hacking(looks: readonly Row[]): Safe | null {
  const signs = looks.flatMap((look) =>
    Array.isArray(look.hacking)
      ? look.hacking.map((sign) => html`<li>Batch ${num(at(look, "step"), 0)}: ${String(sign)}</li>`)
      : [],
  );
  return signs.length === 0 ? null : html`<p>Signs of reward hacking:</p><ul>${signs}</ul>`;
}

/** What there was to select before the first step. */
function probeLine(rows: readonly Row[]): Safe | null {
  const probe = ofKind(rows, "probe")[0];
  if (probe === undefined) return null;
  const share = (path: string): string => percent(at(probe, path));
  return html`<p>Before the first step, on ${num(at(probe, "queries"), 0)} queries: one sampled response earns a verifiable
reward of ${share("pass1")} (pass@1), the best of its group ${share("passK")} (pass@k); the verifiable rewards
differ in ${share("withVerifiableSpread")} of the groups, the whole rewards in ${share("withSpread")}.</p>`;
}

function lastLine(train: readonly Row[]): Safe | null {
  const last = train.at(-1);
  if (last === undefined) return null;
  const share = (path: string): string => percent(at(last, path));
  return html`<p class="note">Last batch: ${share("truncated")} of the responses cut off, ${share("unreadable")} unreadable,
${share("tag_valid")} with valid tags; clipped ${share("clip_low")} low and ${share("clip_high")} high.</p>`;
}
