import { stream } from "../../core/random.ts";
import { num, whole } from "../../report/format.ts";
import { clusteredMean } from "../../stats/resample.ts";
import { OWN } from "../cells.ts";
import { contender, leadOf } from "../contenders.ts";
import { askedTasks, type Evaluation } from "../evaluation.ts";
import { historySizes } from "../histories.ts";
import type { Kind } from "../kind.ts";
import { headlineColumn } from "../metric-columns.ts";
import { type Entry, entry, type TableRow } from "../shown.ts";

/** Lower ends of the groups by items in a user's history. */
const STEPS = [0, 1, 2, 3, 5, 9, 17, 33] as const;

/** Ours: users of whom little is known. */
export const cold: Kind = {
  name: "cold",
  title: "Users with short histories",
  paper: "ours",
  about: "Score by the number of items that a user's history has: none, one, two, and so on.",
  needs: (_, methods) => [{ variant: OWN, profile: {}, methods }],
  show: async ({ suite, methods, evaluations }) => {
    const [first] = evaluations();
    const tasks = first === undefined ? [] : askedTasks([first], suite);
    const rows: TableRow[] = [];
    for (const task of first === undefined ? [] : tasks) {
      const sizes = await historySizes(first as Evaluation, task.name);
      for (const one of methods.flatMap((method) => contender([first as Evaluation], method))) {
        const { key, label } = one;
        const answers = await first?.answers(key, task.name);
        if (!answers) continue;
        const entries = STEPS.map((from, s): Entry => {
          const to = STEPS[s + 1] ?? Number.POSITIVE_INFINITY;
          const own = answers.queries.flatMap((query, i) => {
            const size = sizes.get(query);
            return size !== undefined && size >= from && size < to
              ? [[answers.clusters[i] ?? "", answers.score[i] ?? 0] as const]
              : [];
          });
          const { mean, low, high } = clusteredMean(own, 1000, stream("cold", task.name, from));
          return mean === null
            ? entry("–")
            : { text: num(mean, suite.digits), value: mean, low, high, lead: leadOf(one, task.name) };
        });
        rows.push({ group: `${task.name} ${headlineColumn(task).head}`, label, entries });
      }
      const counts = STEPS.map((from, s) => {
        const to = STEPS[s + 1] ?? Number.POSITIVE_INFINITY;
        return [...sizes.values()].filter((size) => size >= from && size < to).length;
      });
      rows.push({
        group: `${task.name} ${headlineColumn(task).head}`,
        label: "queries",
        entries: counts.map((n) => ({ text: whole(n), value: n })),
      });
    }
    return {
      tables: [
        {
          ...{ id: "cold", caption: "Score by items in the user's history", head: "Method" },
          columns: STEPS.map((from, s) => ({ head: named(from, STEPS[s + 1]), group: "items in the history" })),
          rows,
          notes: [
            "Mean score of the queries, errors negated (higher is better); macro-F1's column is accuracy here. At most as many items are shown as the profile's k.",
            "Of several seeds the first one's.",
          ],
        },
      ],
      pictures: [],
      says: [],
    };
  },
};

const named = (from: number, next: number | undefined): string =>
  next === undefined ? `${from}+` : next === from + 1 ? `${from}` : `${from} to ${next - 1}`;
