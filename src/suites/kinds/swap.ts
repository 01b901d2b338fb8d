import { num } from "../../report/format.ts";
import { OWN } from "../cells.ts";
import { type Contender, contender, leadOf } from "../contenders.ts";
import { type Claim, claimTable, combined } from "../differences.ts";
import { estimateOf } from "../estimate.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { measureAll } from "../measure-all.ts";
import { headlineColumn, type MetricColumn } from "../metric-columns.ts";
import type { Suite } from "../schema.ts";
import { type Entry, entry, type Table } from "../shown.ts";

/** Ours: what is left of a score when every query is shown another user's items is not personalization. */
export const swap: Kind = {
  name: "swap",
  title: "Another user's items",
  paper: "ours",
  about: "Scores with the user's own items, and with those of another user of the same task.",
  needs: (suite, methods) => {
    const asked = askedToSwap(suite, methods);
    return [{ variant: OWN, profile: {}, methods: asked, swap: asked }];
  },
  show: async ({ suite, methods, evaluations }) => {
    const all = evaluations();
    const names = askedToSwap(suite, methods);
    const own = names.flatMap((name) => contender(all, name));
    const others = own.map((one): Contender => ({ ...one, key: `${one.key} swapped`, swapped: true }));
    const tasks = askedTasks(all, suite);
    const columns = tasks.map(headlineColumn);
    const measured = await measureAll([...own, ...others], tasks);
    const score = (one: Contender | undefined, column: MetricColumn): Entry => {
      if (one === undefined) return entry("–");
      const { value, low, high } = estimateOf(measured(one.key, column));
      return { text: num(value, suite.digits), value, low, high, lead: leadOf(one, column.task.name) };
    };
    const scores: Table = {
      ...{ id: "swap", caption: "With the user's own items and with another's", head: "Method" },
      columns: columns.flatMap(({ task, head }) =>
        ["own", "another's"].map((which) => ({ head: which, group: `${task.name} ${head}` })),
      ),
      rows: own.map((one, i) => ({
        label: one.label,
        entries: columns.flatMap((column) => [score(one, column), score(others[i], column)]),
      })),
      notes: ["Another's: every query is shown the items of a user drawn at random from the same task."],
    };
    const claims = own.map(
      ({ key, label }): Claim => ({
        label: `${label}: own items above another's`,
        columns: columns.map((column) => {
          const sign = column.higherIsBetter ? 1 : -1;
          return combined([
            [sign, measured(key, column)],
            [-sign, measured(`${key} swapped`, column)],
          ]);
        }),
      }),
    );
    const heads = columns.map(({ task, head }) => `${task.name} ${head}`);
    const { table, held } = claimTable(
      { id: "swap-claims", caption: "What the user's own items are worth", notes: [] },
      heads,
      claims,
    );
    const says = claims.map(({ label }) => {
      const entries = held(label);
      const count = (which: string): number => entries.filter(({ verdict }) => verdict === which).length;
      return `${label} in ${count("better")}, below in ${count("worse")}, undecided in ${count("undecided")} of ${entries.length} tasks.`;
    });
    return { tables: [scores, table], pictures: [], says };
  },
};

function askedToSwap(suite: Suite, methods: readonly string[]): string[] {
  const own = suite.swap.filter((name) => methods.includes(name));
  return own.length > 0 ? own : [suite.base];
}
