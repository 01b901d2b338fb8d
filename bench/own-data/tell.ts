import { mean } from "../../src/core/mean.ts";
import { type Asked, type Interval, intervalOf } from "./intervals.ts";
import { type Kept, METHODS, STAGES } from "./kept.ts";

const AGAINST = ["rag-r", "rag", "zero-shot", "sft"] as const;

/** Scores of a method, by the lenient reading, of every query in every run. */
const scores = (method: string, of: readonly Kept[]): Asked[] =>
  of.flatMap(({ set, split, seed, answers }) =>
    (answers[method] ?? []).map(({ query, user, lenient }) => ({ set, split, seed, query, user, value: lenient })),
  );

/** What one method has over another where both were asked the same. */
function differences(ours: readonly Asked[], theirs: readonly Asked[]): Asked[] {
  const keyOf = ({ set, split, seed, query }: Asked): string => [set, split, seed, query].join(" ");
  const their = new Map(theirs.map((one) => [keyOf(one), one.value]));
  return ours.flatMap((one) => {
    const value = their.get(keyOf(one));
    return value === undefined ? [] : [{ ...one, value: one.value - value }];
  });
}

const shown = (asked: readonly Asked[], name: string): string => {
  const bounds = ({ low, high }: Interval): string => `[${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const whole = intervalOf(asked, name);
  const more = new Set(asked.map(({ set }) => set)).size > 1;
  const those = more ? `; of these sets alone ${bounds(intervalOf(asked, name, true))}` : "";
  return `${whole.mean.toFixed(3)} ${bounds(whole)}${those}, ${whole.queries} queries`;
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
    lines.push(`  ${method.padEnd(10)} ${shown(scores(method, done), `${title} ${method}`)}; ${strict}${decides}`);
  }
  lines.push(
    `  what a stage began with was handed on: ${STAGES.map((stage) => `${stage} ${heldBack(stage, done)}`).join(", ")}`,
  );
  const ours = scores("tagpr", done);
  for (const other of AGAINST.filter(answered)) {
    const differ = differences(ours, scores(other, done));
    lines.push(`  tagpr − ${other.padEnd(10)} ${shown(differ, `${title} minus ${other}`)}`);
  }
  return lines;
}
