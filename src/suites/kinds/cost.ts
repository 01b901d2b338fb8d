import { num, whole } from "../../report/format.ts";
import { OWN } from "../cells.ts";
import { contender, inGroups, leadOf } from "../contenders.ts";
import { estimateOf } from "../estimate.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { measureAll } from "../measure-all.ts";
import { headlineColumn, type MetricColumn } from "../metric-columns.ts";
import { scatter } from "../plots/scatter.ts";
import { ranked } from "../ranks.ts";
import { type Entry, entry, type Table } from "../shown.ts";

/** Ours: what a query takes at test time, and what a score costs. */
export const cost: Kind = {
  name: "cost",
  title: "Score against cost",
  paper: "ours",
  about: "Tokens, responses and dollars of a query, and the score that they buy.",
  needs: (_, methods) => [{ variant: OWN, profile: {}, methods }],
  show: async ({ suite, methods, evaluations, canvas }) => {
    const all = evaluations();
    const tasks = askedTasks(all, suite);
    const columns = tasks.map(headlineColumn);
    const contenders = inGroups(methods.flatMap((method) => contender(all, method)));
    const measured = await measureAll(contenders, tasks);
    const tokens = new Map<string, number>();
    for (const { key, evaluations: own, method } of contenders)
      for (const task of tasks) {
        const answers = await own[0]?.answers(method, task.name);
        if (answers) tokens.set(`${key}\n${task.name}`, answers.cost.reduce((a, b) => a + b, 0) / answers.cost.length);
      }
    const tokensOf = (key: string, { task }: MetricColumn): number => tokens.get(`${key}\n${task.name}`) ?? Number.NaN;
    const byColumn = columns.map((column) => [
      ranked(
        contenders.map((one): Entry => {
          const { value, low, high } = estimateOf(measured(one.key, column));
          return { text: num(value, suite.digits), value, low, high, lead: leadOf(one, column.task.name) };
        }),
        column.higherIsBetter,
      ),
      contenders.map((one): Entry => {
        const value = tokensOf(one.key, column);
        return { text: whole(value), value, lead: leadOf(one, column.task.name) };
      }),
    ]);
    const table: Table = {
      ...{ id: "cost", caption: "What a query takes, and what it scores", head: "Method" },
      columns: [
        ...columns.flatMap(({ task, head }) => [head, "tokens"].map((name) => ({ head: name, group: task.name }))),
        { head: "responses" },
        { head: "dollars" },
      ],
      rows: contenders.map(({ label, group, evaluations: own, method }, i) => {
        const budget = own[0]?.budget(method);
        const queries = own[0]?.result.rows[0]?.n ?? 0;
        return {
          ...(group === undefined ? {} : { group }),
          label,
          entries: [
            ...byColumn.flatMap((pair) => pair.map((entries) => entries[i] ?? entry("–"))),
            budget === undefined ? entry("–") : { text: num(budget.samples, 1), value: budget.samples },
            budget?.dollars === undefined
              ? entry("–")
              : { text: num(budget.dollars / queries, 5), value: budget.dollars / queries },
          ],
        };
      }),
      notes: ["Tokens: read and written for one query, all its responses together. Dollars: of priced APIs, a query."],
    };
    const pictures = columns.map((column) =>
      scatter(canvas, {
        name: `cost-${column.task.name}`,
        caption: `${column.task.name}: ${column.head} against tokens a query (${column.higherIsBetter ? "higher" : "lower"} is better).`,
        x: "tokens a query",
        y: column.head,
        points: contenders.map(({ key, label }, hue) => ({
          ...{ label, hue },
          x: tokensOf(key, column),
          y: estimateOf(measured(key, column)).value,
        })),
      }),
    );
    return { tables: [table], pictures, says: [] };
  },
};
