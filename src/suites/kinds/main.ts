import { num, percent } from "../../report/format.ts";
import { OWN } from "../cells.ts";
import { contender, GROUPS, inGroups } from "../contenders.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { ABSTRACT_GAIN, TABLE_1 } from "../paper.ts";
import { paperGain, paperRows } from "../paper-rows.ts";
import { scoreTable } from "../score-table.ts";
import { tookTable } from "../took-table.ts";

/**
 * Table 1, and the kind to begin another one with: `needs` names the evaluations (here the suite's own, as its config is),
 * `show` makes tables, pictures and sentences of them.
 */
export const main: Kind = {
  name: "main",
  title: "Every method",
  paper: "Table 1, section 4.2",
  about: "All methods in their groups, all metrics of all tasks, and the average relative gain over the base.",
  needs: (_, methods) => [{ variant: OWN, profile: {}, methods }],
  show: async ({ suite, methods, evaluations }) => {
    const all = evaluations();
    const tasks = askedTasks(all, suite);
    const contenders = inGroups(methods.flatMap((method) => contender(all, method)));
    const { table, gains, columns, verdicts } = await scoreTable({
      ...{ id: "main", caption: "Every method on every task", contenders, tasks, digits: suite.digits },
      against: suite.base,
      others: (metrics, width) => paperRows(TABLE_1, all, metrics, width, suite.digits),
    });
    const ours =
      contenders.find(({ key }) => key === "tagpr") ??
      contenders.findLast(({ group }) => group === GROUPS.ours) ??
      contenders.at(-1);
    const gain = ours === undefined ? undefined : gains.get(ours.key);
    const base = contenders.find(({ key }) => key === suite.base);
    const counted = (verdict: string): number =>
      (verdicts.get(ours?.key ?? "") ?? []).filter((one) => one === verdict).length;
    return {
      tables: [table, tookTable("main-took", contenders)],
      pictures: [],
      says: [
        ...(ours === undefined || base === undefined || typeof gain?.value !== "number"
          ? []
          : [
              `${ours.label}: ${percent(Math.abs(gain.value))} ${gain.value < 0 ? "worse" : "better"} than ${base.label} on average (gain ${percent(gain.value)}, 95% interval ${percent(gain.low)} to ${percent(gain.high)}); better in ${counted("better")}, worse in ${counted("worse")} and undecided in ${counted("undecided")} of ${columns.length} columns.`,
            ]),
        ...(paperRows(TABLE_1, all, columns, columns.length + 5, suite.digits).length === 0
          ? []
          : [
              `The paper's own TagPR row is ${percent(paperGain(TABLE_1, "TagPR", "RAG-R (Base)"))} better than its base over its twelve columns; its abstract says ${num(100 * ABSTRACT_GAIN, 2)}%.`,
            ]),
      ],
    };
  },
};
