import type { CeilingRow, Result } from "../../eval/result-types.ts";
import { methodLabel, pairLabel, rowOf } from "../../methods/tables.ts";
import { CONVENTIONS } from "../../metrics/rouge.ts";
import type { Art } from "../art.ts";
import { between, num, percent, signed, whole } from "../format.ts";
import { html, notRun, Safe, type Section, table } from "../html.ts";
import { forestPlot, scorePlot } from "../plots/intervals.ts";
import { asRow, type RunFiles } from "../read-run.ts";

/** The table with its ceilings, the paired differences, and what each method is. */
export function resultSection(run: RunFiles, art: Art): Section {
  const result = run.result;
  const body =
    result === null
      ? notRun("Evaluation")
      : html`${views(result).map((view) => oneResult(view, art))}${budgetTable(result)}${methodsList(result, formOf(run))}`;
  return { id: "result", title: "Result", body };
}

const views = (result: Result): readonly Result[] => [result, ...(result.tasks ?? [])];

function oneResult(result: Result, art: Art): Safe {
  const slug = result.task.replace(/[^\w-]+/g, "-").toLowerCase();
  return html`<h3>${result.task}</h3>
${scoreTable(result)}
${samplesTable(result)}
${art.show(scorePlot(art.canvas, result, `scores-${slug}`))}
${
  result.paired.length > 0 &&
  html`<h3>${result.task}: paired differences</h3>
${art.show(forestPlot(art.canvas, result, `differences-${slug}`))}
${pairedTable(result)}`
}`;
}

const METRIC_NAMES: Readonly<Record<string, string>> = {
  accuracy: "accuracy",
  f1_macro: "macro-F1",
  mae: "MAE",
  mse: "MSE",
  rmse: "RMSE",
  rouge1: "ROUGE-1",
  rougeL: "ROUGE-L",
};

function scoreTable(result: Result): Safe {
  const extra = [...new Set(Object.values(result.details).flatMap((d) => Object.keys(d[result.reading])))].filter(
    (name) => name !== result.metric,
  );
  const ceilings = result.ceilings;
  const swapped = Object.values(result.details).some((d) => d.swapped !== null);
  const told = Object.values(result.details).some((d) => d.truth !== null && d.truth !== undefined);
  const head = [
    "Method",
    METRIC_NAMES[result.metric] ?? result.metric,
    "95% interval",
    ceilings !== undefined && "of possible",
    ...extra.map((name) => METRIC_NAMES[name] ?? name),
    "strict",
    "readable",
    "tokens",
    told && "deciding true",
    told && "statements true",
    told && "no statement",
    swapped && "swapped profile",
    "queries",
  ].filter((cell) => cell !== false);
  const rows = result.rows.map((row) => {
    const d = result.details[row.method];
    return [
      methodLabel(row.method, result.labels),
      html`<strong>${num(row.score)}</strong>`,
      between(row),
      ceilings !== undefined && percent(d?.possible_personalization, 0),
      ...extra.map((name) => num(d?.[result.reading][name])),
      num(d?.strict[result.metric]),
      percent(d?.format_rate),
      d === undefined ? "–" : whole(d.mean_tokens),
      told && percent(d?.truth?.deciding_true, 0),
      told && percent(d?.truth?.statements_true, 0),
      told && percent(d?.truth?.no_statement, 0),
      swapped && num(d?.swapped),
      whole(row.n),
    ].filter((cell) => cell !== false);
  });
  const caption = html`${result.task}: ${METRIC_NAMES[result.metric] ?? result.metric} (${
    result.higher_is_better ? "higher" : "lower"
  } is better${result.rouge === undefined ? "" : `; ROUGE ${CONVENTIONS[result.rouge]}`}), answers read ${result.reading === "strict" ? "strictly" : "leniently"}; intervals by bootstrap over users.${
    result.synthetic && " Synthetic world."
  }`;
  const filled = table(caption, head, rows);
  return html`${ceilings === undefined ? filled : withCeilings(filled, ceilings, head.length)}
<p class="note">“strict”: the same score with every response that breaks the format counted as wrong. “readable”: share of
responses whose answer can be read strictly.${
    ceilings !== undefined && " “of possible”: share of the way from the query-only ceiling to the shown-items ceiling."
  }${
    told &&
    " “deciding true”: of the answers that rest on a statement about the user's items, the share where that statement is true; “statements true”: of all such statements; “no statement”: answers that rest on none."
  }${swapped && " “swapped profile”: the score when the shown items are another user's."}</p>`;
}

/** What was drawn beside the greedy answers, where anything was. */
function samplesTable(result: Result): Safe | null {
  const drawn = result.rows.flatMap(({ method }) => {
    const samples = result.details[method]?.samples;
    return samples ? [{ method, samples }] : [];
  });
  const [first] = drawn;
  if (first === undefined) return null;
  const { n, pass_at } = first.samples;
  const ranks = Object.keys(pass_at).filter((k) => k !== "1");
  return table(
    html`${result.task}: answers drawn at a temperature, ${whole(n)} a query. “primary”: what the score above is made of; where several
temperatures were offered each method's was chosen on the dev slice`,
    ["Method", "temperature", "primary", "greedy", `avg@${n}`, ...ranks.map((k) => `pass@${k}`), `majority@${n}`],
    drawn.map(({ method, samples }) => [
      methodLabel(method, result.labels),
      num(samples.temperature, 2),
      samples.primary ? "samples" : "greedy",
      num(samples.greedy),
      num(samples.avg_at_n),
      ...ranks.map((k) => num(samples.pass_at[k])),
      samples.majority_at_n === null ? "–" : num(samples.majority_at_n),
    ]),
  );
}

/** What a fair comparison has to say of each method; nothing in results of older versions. */
function budgetTable(result: Result): Safe | null {
  const told = result.rows.flatMap(({ method, budget }) => (budget === undefined ? [] : [{ method, budget }]));
  if (told.length === 0) return null;
  const count = (n: number | null): string => (n === null ? "–" : whole(n));
  return html`<h3>What each method had and took</h3>${table(
    "Labels: queries whose gold answer its training used. Looks at dev: something was chosen by them. Responses and tokens: a test query",
    [
      "Method",
      "labels",
      "teacher tokens",
      "trained tokens",
      "sampled tokens",
      "looks at dev",
      "responses",
      "tokens",
      "learns from test users",
    ],
    told.map(({ method, budget }) => [
      methodLabel(method, result.labels),
      ...[budget.labels, budget.teacher_tokens, budget.trained_tokens, budget.sampled_tokens].map(count),
      whole(budget.tuning_trials),
      num(budget.samples, 1),
      whole(budget.test_tokens),
      budget.adapts ? "yes" : "no",
    ]),
  )}`;
}

/** Ceilings are rows of the same table, set apart by their look. */
function withCeilings(filled: Safe, c: CeilingRow, columns: number): Safe {
  const rows = CEILING_LABELS.map(
    ([name, key]) =>
      html`<tr class="ceiling"><th scope="row">${name}</th><td>${num(c[key])}</td><td colspan="${columns - 2}"></td></tr>
`,
  );
  return new Safe(filled.text.replace("</tbody>", `${html`${rows}`.text}</tbody>`));
}

const CEILING_LABELS = [
  ["Ceiling: query alone", "query_only"],
  ["Ceiling: query and shown items", "shown_items"],
  ["Ceiling: oracle that knows the user", "oracle"],
] as const;

function pairedTable(result: Result): Safe {
  return table(
    html`${result.task}: differences of ${METRIC_NAMES[result.metric] ?? result.metric} on the same queries. “Better” or
“worse”: the interval leaves 0 out, also after Holm's correction over the table`,
    ["a − b", "difference", "95% interval", "a is"],
    result.paired.map((p) => [
      `${pairLabel(p.a, result.labels)} − ${pairLabel(p.b, result.labels)}`,
      signed(p.difference),
      between(p, signed),
      html`<span class="${p.verdict}">${p.verdict}</span>`,
    ]),
  );
}

/** What SFT learnt, by the run's config; a config that doesn't say is of the usual form. */
function formOf(run: RunFiles): "tagged" | "untagged" | "gold" {
  const { form } = asRow(run.config.sft);
  return form === "untagged" || form === "gold" ? form : "tagged";
}

function methodsList(result: Result, form: ReturnType<typeof formOf>): Safe {
  const known = result.rows.flatMap(({ method }) => rowOf(method, form) ?? []);
  return html`<h3>The methods</h3><dl class="facts">${known.map(
    ({ label, about }) => html`<dt>${label}</dt><dd>${about}</dd>`,
  )}</dl>`;
}
