import type { Task } from "../../data/task.ts";
import { fill } from "../../data/template.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Prediction } from "../../eval/types.ts";
import { methodLabel } from "../../methods/tables.ts";
import { chainHtml, tagLegend } from "../chain-html.ts";
import { falsehoods } from "../falsehoods.ts";
import { num, percent, whole } from "../format.ts";
import { html, notRun, Safe, type Section } from "../html.ts";
import { exampleKey, type RunFiles, readExamples } from "../read-run.ts";

/** Columns of a case, where they were run. */
const COLUMNS = ["rag-r", "sft-r", "tagpr"] as const;

type Kind = "better" | "equal" | "worse";

interface Case {
  readonly kind: Kind;
  readonly answers: readonly (readonly [string, Prediction])[];
}

/** A few queries with every method's whole response beside the profile and the gold answer. */
export async function casesSection(run: RunFiles): Promise<Section> {
  const id = "cases";
  const title = "Side by side";
  const names = COLUMNS.filter((name) => (run.predictions.get(name)?.length ?? 0) > 0);
  const main = names.at(-1);
  const base = names[0];
  if (main === undefined || base === undefined) return { id, title, body: notRun("Evaluation") };
  const all = collect(run, names);
  const picked = pick(all);
  const examples = await readExamples(run.dir, new Set(picked.map(keyOf)));
  const count = (kind: Kind): string => {
    const n = all.filter((one) => one.kind === kind).length;
    return `${whole(n)} (${percent(n / all.length)})`;
  };
  const body = html`<p>Against ${methodLabel(base, run.result?.labels)}, ${methodLabel(main, run.result?.labels)} scores better in ${count("better")}, equal in ${count(
    "equal",
  )} and worse in ${count("worse")} of ${whole(all.length)} queries. Shown are the first queries of each kind in the order of the
evaluation set, not the nicest.</p>${tagLegend(run.tags)}
${picked.map((one, i) => caseHtml(run, one, i, examples.get(keyOf(one))))}`;
  return { id, title, body };
}

const keyOf = (one: Case): string => {
  const first = one.answers[0]?.[1];
  return first === undefined ? "" : exampleKey(first.task, first.query);
};

function scoreOf(run: RunFiles, prediction: Prediction): number {
  return run.result?.reading === "strict" ? prediction.strictScore : prediction.lenientScore;
}

function collect(run: RunFiles, names: readonly string[]): Case[] {
  const indexed = names.map((name) => {
    const predictions = run.predictions.get(name) ?? [];
    return [name, new Map(predictions.map((p) => [exampleKey(p.task, p.query), p]))] as const;
  });
  return [...(indexed[0]?.[1].keys() ?? [])].flatMap((key) => {
    const answers = indexed.flatMap(([name, byKey]) => {
      const prediction = byKey.get(key);
      return prediction === undefined ? [] : [[name, prediction] as const];
    });
    const [first, last] = [answers[0]?.[1], answers.at(-1)?.[1]];
    if (first === undefined || last === undefined || answers.length < names.length) return [];
    const gain = scoreOf(run, last) - scoreOf(run, first);
    return [{ kind: gain > 0 ? ("better" as const) : gain < 0 ? ("worse" as const) : ("equal" as const), answers }];
  });
}

/** Three gains, one tie, two losses: as far as there are such. */
function pick(all: readonly Case[]): Case[] {
  const first = (kind: Kind, n: number): Case[] => all.filter((one) => one.kind === kind).slice(0, n);
  return [...first("better", 3), ...first("equal", 1), ...first("worse", 2)];
}

const KINDS: Readonly<Record<Kind, string>> = { better: "a gain", equal: "a tie", worse: "a loss" };

function caseHtml(run: RunFiles, one: Case, i: number, example: ShownExample | undefined): Safe {
  const first = one.answers[0]?.[1];
  const task = run.tasks.find((t) => t.name === first?.task);
  return html`<article class="case"><h3>Query ${i + 1}: ${KINDS[one.kind]}</h3>
<p class="muted"><code>${first?.query}</code>${first !== undefined && first.user !== null && html`, user <code>${first.user}</code>`}</p>
${example === undefined ? html`<p class="none">The query is not in data/test.jsonl.</p>` : asked(example, task, i === 0)}
<p><span class="key">Gold</span> <strong>${first?.gold}</strong></p>
<div class="answers">${one.answers.map(
    ([
      name,
      prediction,
    ]) => html`<div><h4>${methodLabel(name, run.result?.labels)} <span>${verdict(run, prediction, task)}</span></h4>
${chainHtml(prediction.response, run.tags, falsehoods(prediction, task, example))}
${rests(prediction)}
${prediction.truncated && html`<p class="note">Cut off at the token limit.</p>`}</div>
`,
  )}</div></article>
`;
}

/** Whether the statement that the answer rests on is true. */
function rests({ truth }: Prediction): Safe | null {
  if (truth === undefined) return null;
  if (truth.deciding === null) return html`<p class="note">No statement about the items: the answer rests on none.</p>`;
  return html`<p class="note">The statement that the answer rests on is <strong>${truth.deciding ? "true" : "false"}</strong>; ${whole(truth.wrong)} of ${whole(truth.stated)} are false.</p>`;
}

/** Of a grade from the gold one: scores are negated errors, squared where the headline is RMSE. */
const distance = (task: Task, score: number): number => (task.metric === "rmse" ? Math.sqrt(-score) : -score);

function verdict(run: RunFiles, prediction: Prediction, task: Task | undefined): string {
  const score = scoreOf(run, prediction);
  const read = (run.result?.reading === "lenient" ? prediction.lenient : prediction.strict) ?? "";
  const tokens = `${whole(prediction.tokens)} tokens`;
  if (task?.kind === "classification") return `${score > 0 ? "✓ right" : "✗ wrong"}, ${tokens}`;
  if (task?.kind === "ordinal")
    return `${read === "" ? "unreadable" : `off by ${num(distance(task, score), 1)}`}, ${tokens}`;
  return `score ${num(score, 2)}, ${tokens}`;
}

function asked(example: ShownExample, task: Task | undefined, open: boolean): Safe {
  const line = (fields: Readonly<Record<string, string>>): string =>
    task === undefined
      ? Object.entries(fields)
          .map(([name, value]) => `${name}: ${value}`)
          .join(" | ")
      : fill(task.item, (name) => fields[name]);
  return html`${new Safe(open ? "<details open>" : "<details>")}<summary>What the prompt shows of the user: ${whole(example.shown.length)} of ${whole(
    example.historyItems,
  )} items</summary><ol class="items">${example.shown.map((item) => html`<li>${line(item.fields)}</li>`)}</ol></details>
<p class="asked"><span class="key">Query</span> ${example.input}</p>`;
}
