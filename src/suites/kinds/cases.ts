import type { Task } from "../../data/task.ts";
import { whole } from "../../report/format.ts";
import { OWN } from "../cells.ts";
import { type Contender, contender, trained } from "../contenders.ts";
import { askedTasks, type Evaluation } from "../evaluation.ts";
import { findAnswer } from "../find-answer.ts";
import type { Given, Kind } from "../kind.ts";
import { caseOf, type Found, retrieverOf } from "../make-case.ts";
import { pickCase } from "../pick-case.ts";
import { type Case, entry, type Table, type TableRow } from "../shown.ts";

/** Figure 1: of each task one query with what base and trained model make of it. */
export const cases: Kind = {
  name: "cases",
  title: "One query, two answers",
  paper: "Figure 1, appendix B.1",
  about:
    "Of every task the query where the trained model gains most on the base: both responses side by side, with the items that they were shown.",
  needs: (suite, methods) => [{ variant: OWN, profile: {}, methods: [...new Set([suite.base, ...methods])] }],
  show: async (given) => {
    const { suite, methods, evaluations } = given;
    const [first] = evaluations();
    if (first === undefined) return { tables: [], pictures: [], says: [] };
    const rows = [...new Set([suite.base, ...methods])].flatMap((method) => contender([first], method));
    const [base, last] = [rows.find(({ key }) => key === suite.base), trained(rows)];
    if (base === undefined || last === undefined || base === last)
      return { tables: [], pictures: [], says: [`It needs ${suite.base} and one of tagpr, guided, sft-r.`] };
    const found: Found[] = [];
    for (const task of askedTasks([first], suite)) {
      const one = await foundIn(first, task, [base, last]);
      if (one !== null) found.push(one);
    }
    const scores = await scoresOf(given, first, found);
    const made = found.map((one) => caseOf(first, [base, last], one, scores));
    return {
      tables: [tableOf(made)],
      pictures: [],
      cases: made,
      says: found.map(({ task, picked: { better, same, worse } }) => {
        const all = better + same + worse;
        return `${task.name}: ${last.label} scores better than ${base.label} in ${whole(better)} of ${whole(all)} queries, the same in ${whole(same)}, worse in ${whole(worse)}.`;
      }),
    };
  },
};

async function foundIn(evaluation: Evaluation, task: Task, both: readonly Contender[]): Promise<Found | null> {
  const [base, own] = await Promise.all(both.map(({ method }) => evaluation.answers(method, task.name)));
  if (!base || !own) return null;
  const picked = pickCase(base, own, evaluation.seed, task.name);
  if (picked === null) return null;
  const wanted = { task: task.name, query: picked.query };
  const answers = await Promise.all(
    both.map(({ method }) => findAnswer(evaluation, evaluation.run, { ...wanted, method })),
  );
  return {
    ...{ task, picked, predictions: answers.map(({ prediction }) => prediction) },
    example: answers[0]?.example ?? null,
  };
}

/** By `task/id` and item; nothing where items are chosen without a score. */
async function scoresOf(
  { itemScores }: Given,
  evaluation: Evaluation,
  found: readonly Found[],
): Promise<ReadonlyMap<string, number>> {
  const queries = found.flatMap(({ example }) => example ?? []);
  if (itemScores === undefined || !["bm25", "dense"].includes(retrieverOf(evaluation))) return new Map();
  const all = await itemScores(evaluation, queries);
  return new Map(
    [...all].flatMap(([key, own]) =>
      own.flatMap(({ item, score }) => (score === null ? [] : [[`${key}\n${item.id}`, score] as const])),
    ),
  );
}

/** The cases in short, for those who compute with them. */
function tableOf(made: readonly Case[]): Table {
  return {
    ...{ id: "cases", caption: "The cases in short", head: "Method" },
    columns: [
      { head: "query", text: true },
      { head: "gold", text: true },
      { head: "result", text: true },
      { head: "items shown" },
      { head: "false statements" },
    ],
    rows: made.flatMap(({ task, query, gold, items, sides }) =>
      sides.map(({ label, verdict, falsehoods: wrong, lead }): TableRow => {
        const shown = items.filter(({ cutFrom }) => !cutFrom.includes(label)).length;
        return {
          ...{ group: task, label },
          entries: [
            entry(query),
            { text: gold, personal: true },
            { text: verdict, lead },
            { text: whole(shown), value: shown },
            { text: whole(wrong.length), value: wrong.length },
          ],
        };
      }),
    ),
    notes: [
      "False statements: those about the shown items that can be checked and are not so. Of several seeds the first one's.",
    ],
  };
}
