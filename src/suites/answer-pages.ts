import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { streamJsonl, writeAtomic } from "../core/jsonl.ts";
import { streamShown } from "../data/shown.ts";
import type { Task } from "../data/task.ts";
import { fill } from "../data/template.ts";
import type { ShownExample } from "../data/types.ts";
import { meanScore } from "../eval/headline.ts";
import type { Answered, Prediction } from "../eval/types.ts";
import { chainHtml, tagLegend } from "../report/chain-html.ts";
import { num, whole } from "../report/format.ts";
import { html, type Safe } from "../report/html.ts";
import { renderPage } from "../report/page.ts";
import type { Evaluation } from "./evaluation.ts";
import { metricsOfOne, questionsFile, swappedExamples } from "./find-answer.ts";
import { redacted } from "./formats/marks.ts";
import type { Lead } from "./shown.ts";
import { primaryTags } from "./tags.ts";

/** Of a method's answers to a task so many stand on their page, in the order of the evaluation; `tagpr why` shows any. */
const MOST = 200;

/** The folder of all answer pages, in the suite's. */
export const ANSWERS = "answers";

/** Below the suite's folder. */
export const answersPage = ({ cell, method, task, swapped, query }: Lead): string =>
  `${ANSWERS}/${slug(cell)}/${slug(method)}${swapped === true ? "+swapped" : ""}/${slug(task)}.html${query === undefined ? "" : `#q-${encodeURIComponent(query)}`}`;

const slug = (text: string): string => text.replace(/[^\w+@.-]+/g, "-");

/**
 * A page a method and task: each query with its items, the response, how it was read, every metric and what it took.
 * Answers the pages that were written, as {@link answersPage} names them.
 */
export async function writeAnswerPages(
  dir: string,
  evaluation: Evaluation,
  { run, redact }: { readonly run: string; readonly redact: boolean },
): Promise<Set<string>> {
  const written = new Set<string>();
  for (const swapped of [false, true]) {
    const methods = evaluation.methods.filter((method) => existsSync(evaluation.file(method, swapped)));
    if (methods.length === 0) continue;
    const examples = await firstExamples(evaluation, run, swapped);
    const of = { evaluation, swapped, examples, tags: primaryTags(evaluation), redact };
    for (const path of await writePages(dir, methods, of)) written.add(path);
  }
  return written;
}

async function writePages(
  dir: string,
  methods: readonly string[],
  of: Omit<Page, "method" | "task" | "first" | "n" | "up">,
): Promise<string[]> {
  const { evaluation, swapped } = of;
  const written: string[] = [];
  for (const method of methods) {
    const file = evaluation.file(method, swapped);
    const byTask = new Map(evaluation.tasks.map((task) => [task.name, { task, first: [] as Prediction[], n: 0 }]));
    for await (const prediction of streamJsonl<Prediction>(file)) {
      const own = byTask.get(prediction.task);
      if (own === undefined) continue;
      own.n++;
      if (own.first.length < MOST) own.first.push(prediction);
    }
    for (const { task, first, n } of byTask.values()) {
      if (n === 0) continue;
      const lead = { cell: evaluation.id, method, task: task.name };
      const path = answersPage(swapped ? { ...lead, swapped } : lead);
      const up = "../".repeat(dirname(path).split("/").length);
      writeAtomic(join(dir, path), page({ ...of, method, task, first, n, up }));
      written.push(path);
    }
  }
  return written;
}

/** By task and id. */
async function firstExamples(
  evaluation: Evaluation,
  run: string,
  swapped: boolean,
): Promise<ReadonlyMap<string, ShownExample>> {
  const counts = new Map<string, number>();
  const isFirst = ({ task }: ShownExample): boolean => {
    const n = counts.get(task) ?? 0;
    counts.set(task, n + 1);
    return n < MOST;
  };
  const found: ShownExample[] = [];
  const path = questionsFile(evaluation, run);
  if (swapped) found.push(...(await swappedExamples(evaluation, run, isFirst)));
  else if (existsSync(path)) for await (const example of streamShown(path)) if (isFirst(example)) found.push(example);
  return new Map(found.map((example) => [`${example.task}\n${example.id}`, example]));
}

interface Page {
  readonly evaluation: Evaluation;
  /** Answers with another user's items. */
  readonly swapped: boolean;
  /** Those that have a colour. */
  readonly tags: readonly string[];
  readonly method: string;
  readonly task: Task;
  readonly first: readonly Prediction[];
  readonly n: number;
  readonly examples: ReadonlyMap<string, ShownExample>;
  readonly redact: boolean;
  /** The way to the suite's folder. */
  readonly up: string;
}

function page(given: Page): string {
  const { evaluation, method, task, first, n, up, swapped, tags } = given;
  const label = `${evaluation.label(method)}${swapped ? ", with another user's items" : ""}`;
  return renderPage({
    title: `${label} · ${task.name}`,
    header: html`<div class="top"><h1>${label}: ${task.name}</h1><button type="button" id="theme" hidden>Theme</button></div>
<p><a href="${up}index.html">All tables</a> · evaluation ${evaluation.id}, ${whole(n)} queries${
      first.length < n && `, of which the first ${whole(first.length)} stand here`
    }. With prompt and retrieval scores: <code>tagpr why DIR --cell ${evaluation.id} --task ${task.name} --method ${method} --query ID${swapped && " --swapped"}</code></p>${tags.length > 0 && tagLegend(tags)}`,
    sections: [{ id: "answers", title: "Answers", body: html`${first.map((one) => answerHtml(one, given))}` }],
    footer: html`<p>Made by <code>tagpr suite</code>.</p>`,
  });
}

function answerHtml(one: Prediction, { evaluation, task, examples, tags, redact }: Page): Safe {
  const text = (own: string): string => (redact ? redacted(own) : own);
  const example = examples.get(`${one.task}\n${one.query}`);
  const score = meanScore(one, evaluation.result.reading);
  const answer = evaluation.result.reading === "strict" ? (one.strict ?? "") : one.lenient;
  return html`<details class="case" id="q-${one.query}"><summary><strong>${num(score)}</strong> <code>${one.query}</code>: ${
    answer === "" ? "no answer" : text(answer)
  } <span class="muted">gold ${text(one.gold)}</span></summary>
${
  example !== undefined &&
  html`<p class="asked"><span class="key">Query</span> ${text(example.input)}</p>
<details><summary>${whole(example.shown.length)} items shown of ${whole(example.historyItems)}</summary><ol class="items">${example.shown.map(
    (item) => html`<li>${text(fill(task.item, (name) => item.fields[name]))}</li>`,
  )}</ol></details>`
}
${redact ? html`<p>${text(one.response)}</p>` : chainHtml(one.response, tags)}
<p class="note">${metricsText(task, one, one.gold)}; ${whole(one.tokens)} tokens${one.truncated && ", cut off"}${
    one.cost !== undefined &&
    html`; ${whole(one.cost.promptTokens + one.cost.sampledTokens)} tokens in all, ${num(one.cost.responses, 0)} responses`
  }</p>
${(one.sampled?.answers ?? []).map((sample, i) => html`<p class="note">Sample ${i + 1}: ${text(sample.lenient)} (${metricsText(task, sample, one.gold)})</p>`)}
</details>
`;
}

function metricsText(task: Task, answer: Answered, gold: string): string {
  return (["strict", "lenient"] as const)
    .map(
      (reading) =>
        `${reading}: ${Object.entries(metricsOfOne(task, answer, gold, reading))
          .map(([name, value]) => `${name} ${num(value)}`)
          .join(", ")}`,
    )
    .join("; ");
}
