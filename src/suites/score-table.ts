import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import { num, percent, whole } from "../report/format.ts";
import { holm } from "../stats/bootstrap.ts";
import { type Contender, leadOf } from "./contenders.ts";
import { type Difference, detectableOf, differenceOf, estimateOf, type OneSeed, testOf } from "./estimate.ts";
import { averageGain } from "./gain.ts";
import { type MeasuredAll, measureAll } from "./measure-all.ts";
import { type MetricColumn, metricColumns } from "./metric-columns.ts";
import { ranked } from "./ranks.ts";
import { type Entry, entry, type Table, type TableRow } from "./shown.ts";

export interface ScoreTableOptions {
  readonly id: string;
  readonly caption: string;
  readonly contenders: readonly Contender[];
  readonly tasks: readonly Task[];
  /** Key of the row that significance is against. */
  readonly against: string;
  /** Key of the row that gains are over; default: `against`. */
  readonly gainOver?: string;
  readonly digits: number;
  /** Rows that are not ours: shown, but neither ranked nor tested. */
  readonly others?: (columns: readonly MetricColumn[], width: number) => readonly TableRow[];
}

/** A table of scores, and what it was made from. */
export interface ScoreTable {
  readonly table: Table;
  readonly columns: readonly MetricColumn[];
  readonly measured: MeasuredAll;
  /** Average relative gain by contender's key. */
  readonly gains: ReadonlyMap<string, Entry>;
  /** Tested against the row of `against`, corrected over the table. */
  readonly verdicts: ReadonlyMap<string, readonly Entry["verdict"][]>;
}

const LEVEL = 0.05;

/** Scores of contenders × metrics of tasks: ranks, intervals, corrected significance, average relative gain, and what each took. */
export async function scoreTable(options: ScoreTableOptions): Promise<ScoreTable> {
  const { contenders, tasks, against, gainOver = against, digits } = options;
  const columns = metricColumns(tasks);
  const measured = await measureAll(contenders, tasks);
  const isAsked = contenders.some(({ key }) => key === against);
  const tests = contenders.map(({ key }) =>
    columns.map((column) =>
      key === against || !isAsked
        ? null
        : differenceOf(measured(key, column), measured(against, column), column.higherIsBetter),
    ),
  );
  const entries = scored({ ...options, columns, measured, tests });
  const gains = new Map(contenders.map(({ key }) => [key, gainEntry(key, gainOver, columns, measured)]));
  const rows = zipStrict(contenders, entries).map(
    ([{ key, label, group, reasons, evaluations, method }, own]): TableRow => ({
      ...(group === undefined ? {} : { group }),
      ...(key === against ? { base: true as const } : {}),
      label,
      entries: [
        entry(reasons ? "✓" : "✗"),
        ...own,
        gains.get(key) ?? entry("–"),
        ...took(evaluations[0]?.budget(method)),
      ],
    }),
  );
  const name = contenders.find(({ key }) => key === against)?.label ?? against;
  const over = contenders.find(({ key }) => key === gainOver)?.label ?? gainOver;
  const seen = seenRow(contenders, columns, measured, tests, digits);
  return {
    columns,
    measured,
    gains,
    verdicts: new Map(zipStrict(contenders, entries).map(([{ key }, own]) => [key, own.map(({ verdict }) => verdict)])),
    table: {
      ...{ id: options.id, caption: options.caption, head: "Method" },
      columns: [
        { head: "R", text: true },
        ...columns.map(({ head, task }) => ({ head, group: task.name })),
        { head: "Gain" },
        ...["labels", "responses", "tokens"].map((head) => ({ head, group: "had and took" })),
      ],
      rows: [...rows, ...seen, ...(options.others?.(columns, columns.length + 5) ?? [])],
      notes: notesOf(contenders, isAsked ? name : null, over, columns),
    },
  };
}

interface Scoring extends ScoreTableOptions {
  readonly columns: readonly MetricColumn[];
  readonly measured: MeasuredAll;
  readonly tests: readonly (readonly (Difference | null)[])[];
}

/** `[contender][column]` */
function scored({ contenders, columns, measured, tests, digits }: Scoring): Entry[][] {
  const flat = tests.flat();
  const corrected = holm(flat.flatMap((test) => (test === null ? [] : [test.p])));
  let next = 0;
  const p = tests.map((own) => own.map((test) => (test === null ? null : (corrected[next++] ?? 1))));
  const byColumn = columns.map((column, c) => {
    const own = contenders.map((contender, i): Entry => {
      const { key } = contender;
      const estimate = estimateOf(measured(key, column));
      const test = tests[i]?.[c] ?? null;
      const held = p[i]?.[c] ?? null;
      const lead = leadOf(contender, column.task.name);
      return {
        ...{ text: num(estimate.value, digits), value: estimate.value, low: estimate.low, high: estimate.high, lead },
        ...(test === null || held === null ? {} : { p: held, verdict: verdictOf(test, held) }),
      };
    });
    return ranked(own, column.higherIsBetter);
  });
  return contenders.map((_, i) => byColumn.map((own) => own[i] ?? entry("–")));
}

function verdictOf({ value, low, high }: Difference, p: number): NonNullable<Entry["verdict"]> {
  if (value === 0 && low === 0 && high === 0) return "tied";
  if (p >= LEVEL || low === null || high === null || (low <= 0 && high >= 0)) return "undecided";
  return value > 0 ? "better" : "worse";
}

function gainEntry(key: string, base: string, columns: readonly MetricColumn[], measured: MeasuredAll): Entry {
  if (key === base) return entry("–");
  const counted = columns.filter(({ inGain }) => inGain);
  const seeds = counted[0] === undefined ? 0 : measured(key, counted[0]).length;
  const gains = Array.from({ length: seeds }, (_, s) =>
    averageGain(
      counted.flatMap((column) => {
        const [own, other] = [measured(key, column)[s], measured(base, column)[s]];
        return own === undefined || other === undefined
          ? []
          : [{ own, base: other, higherIsBetter: column.higherIsBetter }];
      }),
    ),
  ).filter((gain): gain is OneSeed => gain !== null);
  if (gains.length === 0 || gains.length < seeds) return entry("–");
  const { value, low, high } = testOf(gains);
  return { text: percent(value), value, low, high };
}

function took(budget: ReturnType<Contender["evaluations"][number]["budget"]>): Entry[] {
  if (budget === undefined) return [entry("?"), entry("?"), entry("?")];
  return [
    { text: whole(budget.labels), value: budget.labels },
    { text: num(budget.samples, budget.samples % 1 === 0 ? 0 : 1), value: budget.samples },
    { text: whole(budget.test_tokens), value: budget.test_tokens },
  ];
}

/** What a comparison of this table would find, column by column: the median over its rows. */
function seenRow(
  contenders: readonly Contender[],
  columns: readonly MetricColumn[],
  measured: MeasuredAll,
  tests: Scoring["tests"],
  digits: number,
): TableRow[] {
  const m = tests.flat().filter((test) => test !== null).length;
  const entries = columns.map((column, c): Entry => {
    const values = contenders.flatMap(({ key }, i) => {
      const own = measured(key, column);
      const test = tests[i]?.[c];
      const found = test ? detectableOf(test, { seeds: own.length, clusters: own[0]?.clusters ?? 0, m }) : null;
      // Rows that are alike answer by answer say nothing of what could be seen.
      return found === null || found === 0 ? [] : [found];
    });
    const middle = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
    return middle === undefined ? entry("–") : { text: num(middle, digits), value: middle };
  });
  if (entries.every(({ value }) => value === undefined)) return [];
  const rest = Array.from({ length: 4 }, () => entry(""));
  return [{ group: "What could be seen", label: "Detectable difference", entries: [entry(""), ...entries, ...rest] }];
}

function notesOf(
  contenders: readonly Contender[],
  /** Null where that row was not asked. */
  against: string | null,
  over: string,
  columns: readonly MetricColumn[],
): string[] {
  const seeds = contenders[0]?.evaluations.length ?? 0;
  const unit =
    seeds > 1
      ? `Means over ${seeds} seeds; intervals and tests are over seeds (paired t).`
      : "One seed; intervals and tests are over its users (bootstrap): they say nothing of training it again.";
  return [
    "Bold: the best of its column; underlined: the second; what is equal as shown shares the place.",
    against === null
      ? "The row that others are tested against was not asked: nothing is compared here."
      : `▲ better, ▼ worse than ${against}, = the very same, at 5% after Holm's correction over the table; without a mark: undecided.`,
    `Gain: the mean of the relative gains over ${over} in all columns${columns.some(({ inGain }) => !inGain) ? " but MSE" : ""}, of errors the share by which they fall.`,
    unit,
    "Detectable difference: the true one that such a comparison finds in 80% of repetitions (median over the rows).",
    "Labels: queries whose true answer its training used. Responses, tokens: of a test query, read and written.",
  ];
}
