import { ELSEWHERE, OWN } from "../cells.ts";
import { contender, inGroups } from "../contenders.ts";
import { estimateOf } from "../estimate.ts";
import type { Kind } from "../kind.ts";
import { TABLE_2 } from "../paper.ts";
import { paperRows } from "../paper-rows.ts";
import { scoreTable } from "../score-table.ts";
import { tookTable } from "../took-table.ts";

/** Table 2: what was trained on one benchmark asked about another, of which nothing was seen. */
export const generalisation: Kind = {
  name: "generalisation",
  title: "Other data, zero-shot",
  paper: "Table 2, section 4.4",
  about:
    "The same trained models on data of other tasks (Dianping's three in the paper), of which they have seen nothing.",
  needs: (suite, methods) => {
    const asked = suite.generalisation.methods.filter((name) => methods.includes(name) || name.startsWith("api-"));
    return [{ variant: OWN, profile: ELSEWHERE, methods: [...new Set([suite.base, ...asked])] }];
  },
  show: async ({ suite, evaluations }) => {
    const all = evaluations({ profile: ELSEWHERE });
    const tasks = all[0]?.tasks ?? [];
    const contenders = inGroups((all[0]?.methods ?? []).flatMap((method) => contender(all, method)));
    const { table, columns, measured } = await scoreTable({
      ...{ id: "generalisation", caption: "Other data, nothing of it seen in training", contenders, tasks },
      ...{ digits: suite.digits, against: suite.base },
      others: (columns, width) => paperRows(TABLE_2, all, columns, width, suite.digits),
    });
    const nobody = tasks.filter((task) =>
      contenders.every(({ key }) =>
        columns.every((column) => column.task !== task || estimateOf(measured(key, column)).value === 0),
      ),
    );
    const says = nobody.map(
      ({ name }) =>
        `${name}: every row scores 0, so nothing is told of generalisation: the base model may not be able to read it at all.`,
    );
    return { tables: [table, tookTable("generalisation-took", contenders)], pictures: [], says };
  },
};
