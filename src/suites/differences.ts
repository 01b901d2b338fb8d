import { signed } from "../report/format.ts";
import { holm } from "../stats/bootstrap.ts";
import { type Difference, type OneSeed, testOf } from "./estimate.ts";
import { type Entry, entry, type Table } from "./shown.ts";

/** A statement that is tested: it holds where the difference is above 0. */
export interface Claim {
  readonly group?: string;
  readonly label: string;
  /** By column: the difference of each seed, above 0 where the claim holds; null where the column has none. */
  readonly columns: readonly (readonly OneSeed[] | null)[];
}

/** Sum of measured values with weights, seed by seed and draw by draw: differences, and differences of differences. */
export function combined(terms: readonly (readonly [weight: number, of: readonly OneSeed[]])[]): OneSeed[] {
  const [first] = terms;
  return (first?.[1] ?? []).map((one, s) => ({
    value: terms.reduce((sum, [weight, of]) => sum + weight * (of[s]?.value ?? Number.NaN), 0),
    draws: one.draws.map((_, r) =>
      terms.reduce((sum, [weight, of]) => sum + weight * (of[s]?.draws[r] ?? Number.NaN), 0),
    ),
    clusters: one.clusters,
  }));
}

const LEVEL = 0.05;

/** Claims as a table, a column a task: each difference with its interval and what it says, corrected over all of them. */
export function claimTable(
  shape: Pick<Table, "id" | "caption" | "notes">,
  heads: readonly string[],
  claims: readonly Claim[],
): { readonly table: Table; readonly held: (label: string) => readonly Entry[] } {
  const tests = claims.map(({ columns }) =>
    columns.map((seeds) => (seeds === null || seeds.length === 0 ? null : testOf(seeds))),
  );
  const corrected = holm(tests.flat().flatMap((test) => (test === null ? [] : [test.p])));
  let next = 0;
  const rows = claims.map(({ label, group }, i) => ({
    ...(group === undefined ? {} : { group }),
    label,
    entries: (tests[i] ?? []).map((test) => (test === null ? entry("–") : claimEntry(test, corrected[next++] ?? 1))),
  }));
  return {
    held: (label) => rows.find((row) => row.label === label)?.entries ?? [],
    table: {
      ...shape,
      head: "Claim",
      columns: heads.map((head) => ({ head })),
      rows,
      notes: [
        ...shape.notes,
        "Above 0: as claimed. ▲ supported, ▼ the opposite is, = no difference at all, at 5% after Holm's correction over this table; without a mark: undecided.",
      ],
    },
  };
}

function claimEntry({ value, low, high }: Difference, p: number): Entry {
  const shown = { text: signed(value), value, low, high, p };
  if (value === 0 && low === 0 && high === 0) return { ...shown, verdict: "tied" };
  const decided = p < LEVEL && low !== null && high !== null && (low > 0 || high < 0);
  return { ...shown, verdict: !decided ? "undecided" : value > 0 ? "better" : "worse" };
}
