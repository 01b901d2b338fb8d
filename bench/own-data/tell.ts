import { mean } from "../../src/core/mean.ts";
import { hierarchicalMean, type Nested } from "../../src/stats/bootstrap.ts";
import { type Kept, METHODS, STAGES } from "./kept.ts";

const AGAINST = ["rag-r", "rag", "zero-shot", "sft"] as const;

/** Scores of a method by query: `[set, user]`, its mean over the runs. */
function scores(method: string, of: readonly Kept[]): Map<string, Nested> {
  const all = new Map<string, { readonly levels: readonly string[]; readonly values: number[] }>();
  for (const { set, split, answers } of of)
    for (const { query, user, lenient } of answers[method] ?? []) {
      const key = `${set} ${split} ${query}`;
      const one = all.get(key) ?? { levels: [`${set} ${split}`, user], values: [] };
      one.values.push(lenient);
      all.set(key, one);
    }
  return new Map([...all].map(([key, { levels, values }]) => [key, { levels, value: mean(values) }]));
}

const shown = (rows: readonly Nested[], name: string): string => {
  const { mean: value, low, high, n } = hierarchicalMean(rows, { name: ["own-data", name], resamples: 2000 });
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}], ${n} queries`;
};

/** `2 of 3`: runs in which the guard held back what a stage trained. */
function heldBack(stage: (typeof STAGES)[number], of: readonly Kept[]): string {
  const ran = of.flatMap(({ guards }) => guards[stage] ?? []);
  return `${ran.filter((back) => back).length} of ${ran.length}`;
}

/** The lines of one table, of the runs that are done. */
export function told(title: string, of: readonly Kept[], wanted: number): string[] {
  const [done, short] = [of.filter(({ ended }) => ended === null), of.filter(({ ended }) => ended !== null)];
  const lines = [`${title}: ${done.length} of ${wanted} runs`];
  if (short.length > 0) lines.push(`  ${short.length} ended before they trained: ${short[0]?.ended}`);
  if (done.length === 0) return lines;
  const minutes = done.flatMap(({ seconds }) => seconds ?? []).map((seconds) => (seconds / 60).toFixed(0));
  if (minutes.length > 0) lines.push(`  minutes a run: ${minutes.join(", ")}`);
  const answered = (method: string): boolean => done.some(({ answers }) => (answers[method] ?? []).length > 0);
  for (const method of METHODS.filter(answered)) {
    const answers = done.flatMap((run) => run.answers[method] ?? []);
    const truth = answers.flatMap(({ deciding }) => deciding).map(Number);
    const decides =
      truth.length === 0 ? "" : `; deciding statement true in ${mean(truth).toFixed(2)} of ${truth.length}`;
    const strict = `strict ${mean(answers.map((one) => one.strict)).toFixed(3)}`;
    const rows = [...scores(method, done).values()];
    lines.push(`  ${method.padEnd(10)} ${shown(rows, `${title} ${method}`)}; ${strict}${decides}`);
  }
  lines.push(
    `  what a stage began with was handed on: ${STAGES.map((stage) => `${stage} ${heldBack(stage, done)}`).join(", ")}`,
  );
  const ours = scores("tagpr", done);
  for (const other of AGAINST.filter(answered)) {
    const theirs = scores(other, done);
    const rows = [...ours].flatMap(([key, { levels, value }]) => {
      const their = theirs.get(key);
      return their === undefined ? [] : [{ levels, value: value - their.value }];
    });
    lines.push(`  tagpr − ${other.padEnd(10)} ${shown(rows, `${title} minus ${other}`)}`);
  }
  return lines;
}
