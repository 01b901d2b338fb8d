import { OWN } from "../cells.ts";
import { contender } from "../contenders.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { TABLE_3 } from "../paper.ts";
import { paperRows } from "../paper-rows.ts";
import { saysOfOthers } from "../says.ts";
import { scoreTable } from "../score-table.ts";
import { tookTable } from "../took-table.ts";
import { rewardRow } from "../variants.ts";

const WHOLE = "tagpr";
const WITHOUT = "tagpr-no-reward";

/** Table 3: the method with other reward models. */
export const reward: Kind = {
  name: "reward",
  title: "Reward models",
  paper: "Table 3, section 4.6.1",
  about: "The method without a reward model, with an untrained one, with one that knows no users, and with its own.",
  needs: (suite) => [
    { variant: OWN, profile: {}, methods: [suite.base, WITHOUT, WHOLE] },
    ...suite.rewards.map((name) => {
      const { variant, method } = rewardRow(name, suite);
      return { variant, profile: {}, methods: [method] };
    }),
  ],
  show: async ({ suite, evaluations }) => {
    const own = evaluations();
    const contenders = [
      ...contender(own, suite.base, { group: "Base" }),
      ...contender(own, WITHOUT, { label: "No reward model", group: "TagPR with" }),
      ...suite.rewards.flatMap((name) => {
        const { variant, method, ...own } = rewardRow(name, suite);
        const as = variant === OWN ? {} : { ...own, paper: "–" };
        return contender(evaluations({ variant }), method, { key: name, ...as, group: "TagPR with" });
      }),
      ...contender(own, WHOLE, { label: "PRMU", group: "TagPR with" }),
    ];
    const made = await scoreTable({
      ...{ id: "reward", caption: "TagPR with other reward models", contenders, tasks: askedTasks(own, suite) },
      ...{ digits: suite.digits, against: WHOLE, gainOver: suite.base },
      others: (columns, width) => paperRows(TABLE_3, own, columns, width, suite.digits),
    });
    const says = saysOfOthers(made, contenders, WHOLE);
    return { tables: [made.table, tookTable("reward-took", contenders)], pictures: [], says };
  },
};
