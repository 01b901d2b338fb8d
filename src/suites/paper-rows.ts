import { TABLE_4 } from "../data/check.ts";
import { num, percent } from "../report/format.ts";
import type { Evaluation } from "./evaluation.ts";
import { relativeGain } from "./gain.ts";
import type { MetricColumn } from "./metric-columns.ts";
import { paperValue, type TABLE_1 } from "./paper.ts";
import { entry, type TableRow } from "./shown.ts";

type PaperRow = (typeof TABLE_1)[number];

/**
 * The tasks of these evaluations whose data are LaMP's own: of its name, not the synthetic world's, and with as many
 * queries as its validation set has. Only beside these the paper's numbers stand.
 */
export function lampTasks(evaluations: readonly Evaluation[]): ReadonlySet<string> {
  const results = evaluations.flatMap(({ result }) => result.tasks ?? [result]);
  const ours = results.filter(({ task, synthetic, rows }) => !synthetic && TABLE_4[task]?.dev === rows[0]?.n);
  return new Set(ours.map(({ task }) => task));
}

/** The paper's rows in the columns of a table of ours, where those columns are of LaMP's data; none where none is. */
export function paperRows(
  rows: readonly PaperRow[],
  evaluations: readonly Evaluation[],
  columns: readonly MetricColumn[],
  width: number,
  digits: number,
): TableRow[] {
  const theirs = lampTasks(evaluations);
  if (!columns.some(({ task }) => theirs.has(task.name))) return [];
  return rows.map((row) => ({
    group: "The paper's own numbers (Qwen3-8B; not run here)",
    label: `${row.name} (paper)`,
    entries: [
      entry(row.reasons ? "✓" : "✗"),
      ...columns.map(({ task, metric }) => {
        const value = theirs.has(task.name) ? paperValue(row, task.name, metric) : undefined;
        return value === undefined ? entry("–") : { text: num(value, digits), value };
      }),
      entry(percent(row.values.length === 12 ? paperGain(rows, row.name, "RAG-R (Base)") : null)),
      ...Array.from({ length: Math.max(0, width - columns.length - 2) }, () => entry("–")),
    ],
  }));
}

/** Average relative gain of the paper's own row over its base, over the columns of its table; null where it has no such row. */
export function paperGain(rows: readonly PaperRow[], name: string, over: string): number | null {
  const find = (wanted: string): PaperRow | undefined => rows.find((row) => row.name === wanted);
  const [own, base] = [find(name), find(over)];
  if (own === undefined || base === undefined || own === base) return null;
  const gains = own.values.map((value, i) => relativeGain(value, base.values[i] ?? Number.NaN, !isError(i, own)));
  return gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
}

/** Of Table 1's twelve columns the fifth and sixth are LaMP-3's errors. */
const isError = (column: number, { values }: PaperRow): boolean =>
  values.length === 12 && (column === 4 || column === 5);
