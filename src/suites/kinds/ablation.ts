import { OWN } from "../cells.ts";
import { contender } from "../contenders.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { TABLE_1 } from "../paper.ts";
import { paperRows } from "../paper-rows.ts";
import { saysOfOthers } from "../says.ts";
import { scoreTable } from "../score-table.ts";
import { tookTable } from "../took-table.ts";

const WHOLE = "tagpr";
const WITHOUT_RL = "sft-r";

/** The lower part of Table 1: the method with one part taken away at a time. */
export const ablation: Kind = {
  name: "ablation",
  title: "Ablations",
  paper: "Table 1, section 4.3",
  about: "The method with one part taken away at a time.",
  needs: (suite) => [{ variant: OWN, profile: {}, methods: [suite.base, WITHOUT_RL, ...suite.ablations, WHOLE] }],
  show: async ({ suite, evaluations }) => {
    const own = evaluations();
    const tasks = askedTasks(own, suite);
    const contenders = [
      ...contender(own, suite.base, { group: "Base" }),
      ...contender(own, WITHOUT_RL, { group: "Ablations", label: "TagPR w/o RL", paper: "TagPR w/o RL" }),
      ...suite.ablations.flatMap((name) => contender(own, name, { group: "Ablations" })),
      ...contender(own, WHOLE, { group: "The whole method" }),
    ];
    const made = await scoreTable({
      ...{ id: "ablation", caption: "The method with one part taken away at a time", contenders, tasks },
      ...{ digits: suite.digits, against: WHOLE, gainOver: suite.base },
      others: (columns, width) =>
        paperRows(
          TABLE_1.filter(({ name }) => name === "RAG-R (Base)" || name.startsWith("TagPR")),
          own,
          columns,
          width,
          suite.digits,
        ),
    });
    return {
      tables: [made.table, tookTable("ablation-took", contenders)],
      pictures: [],
      says: saysOfOthers(made, contenders, WHOLE),
    };
  },
};
