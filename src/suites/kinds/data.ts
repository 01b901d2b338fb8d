import { TABLE_4 } from "../../data/check.ts";
import type { Task } from "../../data/task.ts";
import { num, whole } from "../../report/format.ts";
import { ELSEWHERE, OWN } from "../cells.ts";
import { chainTags } from "../chain-tags.ts";
import { askedTasks, type Evaluation } from "../evaluation.ts";
import { funnels } from "../funnel.ts";
import { funnelPicture, funnelTable } from "../funnel-table.ts";
import type { Kind } from "../kind.ts";
import { CHAINS } from "../paper.ts";
import { lampTasks } from "../paper-rows.ts";
import type { Suite } from "../schema.ts";
import { type Entry, entry, type Table, type TableRow } from "../shown.ts";
import { type SplitSizes, splitSizes, USES } from "../split-sizes.ts";
import { tagPicture, tagTable } from "../tag-table.ts";
import { tagSet } from "../tags.ts";

/** Tables 4 and 5, Figures 2 and 9: the data that were used, and how the tagged chains came of them. */
export const data: Kind = {
  name: "data",
  title: "Data and tagged chains",
  paper: "Tables 4, 5; Figures 2, 9; section 3.2",
  about:
    "Sizes of every task and split, what each filter left of the teacher's roll-outs, and the tags with what they mean.",
  needs: (suite, methods) => [
    { variant: OWN, profile: {}, methods },
    ...(!asksElsewhere(suite) ? [] : [{ variant: OWN, profile: ELSEWHERE, methods: [suite.base] }]),
  ],
  show: async ({ suite, evaluations, canvas }) => {
    const [first] = evaluations();
    if (first === undefined) return { tables: [], pictures: [], says: [] };
    const others = !asksElsewhere(suite) ? [] : evaluations({ profile: ELSEWHERE });
    const tasks = askedTasks([first], suite);
    const sizes = [
      ...(await sizesOf(first, tasks, true)),
      ...(await Promise.all(others.slice(0, 1).map((one) => sizesOf(one, one.tasks, false)))).flat(),
    ];
    const lamp = lampTasks([first]);
    const tables = [taskTable(sizes, lamp), lengthTable(sizes)];
    const found = await funnels(
      first,
      tasks.map(({ name }) => name),
    );
    const set = tagSet(first);
    if (found === null || set === null)
      return { tables, pictures: [], says: ["No method that was asked learns from chains: none were built."] };
    const used = await chainTags(first, tasks);
    const chains = found.tasks.reduce((sum, one) => sum + one.chains, 0);
    const rollouts = found.tasks.reduce((sum, one) => sum + one.rollouts, 0);
    return {
      tables: [...tables, funnelTable(found.tasks, found.stats), tagTable(set, used)],
      pictures: [...found.tasks.map((one) => funnelPicture(canvas, one)), tagPicture(canvas, set, used)],
      says: [
        `Of ${whole(rollouts)} roll-outs ${whole(chains)} became tagged chains with ${set.tags.length} primary tags.`,
        ...(lamp.size === 0
          ? []
          : [
              `The paper: ${whole(CHAINS.queries)} queries a task, ${CHAINS.rollouts} roll-outs each, about ${whole(CHAINS.chains)} chains in all, ${CHAINS.tags} tags.`,
            ]),
      ],
    };
  },
};

/** Whether the suite names other data: Table 5's rows. */
const asksElsewhere = ({ generalisation: { paths, shapes } }: Suite): boolean => paths.length + shapes.length > 0;

/** A task with what is known of its splits. */
interface Sized {
  readonly task: Task;
  readonly splits: readonly SplitSizes[];
  readonly elsewhere: boolean;
}

async function sizesOf(evaluation: Evaluation, tasks: readonly Task[], trained: boolean): Promise<Sized[]> {
  const all = await splitSizes(evaluation, tasks, { trained });
  return tasks.map((task) => ({ task, splits: all.filter((one) => one.task === task.name), elsewhere: !trained }));
}

const count = (value: number | null): Entry => (value === null ? entry("–") : { text: whole(value), value });
const mean = (value: number | null): Entry => (value === null ? entry("–") : { text: num(value, 1), value });

const TYPES: Readonly<Record<Task["kind"], (task: Task) => string>> = {
  classification: ({ labels }) => (labels.length === 2 ? "Binary classification" : "Categorical classification"),
  ordinal: () => "Ordinal classification",
  generation: () => "Text generation",
};

const GROUPS = { own: "Trained on and asked", elsewhere: "Asked alone (zero-shot)" };

/** Tables 4 and 5. */
function taskTable(sizes: readonly Sized[], lamp: ReadonlySet<string>): Table {
  const rows = sizes.map(({ task, splits, elsewhere }): TableRow => {
    const train = splits.filter(({ split }) => split !== "test");
    const test = splits.find(({ split }) => split === "test");
    const paper = lamp.has(task.name) && !elsewhere ? TABLE_4[task.name] : undefined;
    return {
      group: elsewhere ? GROUPS.elsewhere : GROUPS.own,
      label: task.name,
      entries: [
        entry(TYPES[task.kind](task)),
        count(elsewhere ? null : train.reduce((sum, { queries }) => sum + queries, 0)),
        count(test?.queries ?? 0),
        task.labels.length === 0 ? entry("–") : count(task.labels.length),
        count(test?.users ?? null),
        ...(lamp.size === 0 ? [] : [count(paper?.train ?? null), count(paper?.dev ?? null)]),
      ],
    };
  });
  return {
    ...{ id: "data", caption: "Tasks", head: "Task" },
    columns: [
      { head: "Task type", text: true },
      ...["#Train", "#Test", "#Classes", "#Users of test"].map((head) => ({ head })),
      ...(lamp.size === 0 ? [] : ["#Train", "#Val"].map((head) => ({ head, group: "the paper's Table 4" }))),
    ],
    rows,
    notes: [
      "#Train: queries that something was trained on or chosen by here, all splits together. #Test: those that the tables are of; LaMP's validation set, since its test answers are not public.",
      "Users: – where the data names none, as LaMP's user-based split. Of several seeds the first one's.",
    ],
  };
}

function lengthTable(sizes: readonly Sized[]): Table {
  return {
    ...{ id: "data-splits", caption: "Queries and texts of every split", head: "Split" },
    columns: [
      { head: "for", text: true },
      ...["queries", "users"].map((head) => ({ head })),
      ...["mean", "median", "most", "shown"].map((head) => ({ head, group: "items of a history" })),
      ...["query", "item", "answer"].map((head) => ({ head, group: "words, mean" })),
    ],
    rows: sizes.flatMap(({ splits }) =>
      splits.map(
        ({ task, split, queries, users, items, shown, words }): TableRow => ({
          ...{ group: task, label: split },
          entries: [
            entry(USES[split]),
            ...[queries, users].map(count),
            ...[mean(items.mean), mean(items.median), count(items.most), mean(shown)],
            ...[words.query, words.item, words.answer].map(mean),
          ],
        }),
      ),
    ),
    notes: [
      "Shown: items in a prompt, mean. Words: runs of letters and digits, Chinese by character; of a query with the task's own instruction, of a shown item all its fields.",
    ],
  };
}
