import { percent, whole } from "../../report/format.ts";
import { type Answers, UNCHECKED } from "../answers.ts";
import { OWN } from "../cells.ts";
import { type Contender, contender, isTold, leadOf } from "../contenders.ts";
import { type Resamples, resamplesOf } from "../draws.ts";
import { estimateOf, type OneSeed } from "../estimate.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { ratioOf } from "../means.ts";
import { type Entry, entry, type TableRow } from "../shown.ts";

/** Ours: what a chain says of the user's items can be looked up; how much of it is so. */
export const grounding: Kind = {
  name: "grounding",
  title: "Is it true what they say of the history?",
  paper: "ours",
  about: "Share of the statements about the user's items that are true, and of the answers that rest on a true one.",
  needs: (_, methods) => [{ variant: OWN, profile: {}, methods }],
  show: async ({ suite, methods, evaluations }) => {
    const all = evaluations();
    const rows: TableRow[] = [];
    const reasoning = methods.flatMap((method) => contender(all, method)).filter(({ reasons }) => reasons);
    for (const { name } of askedTasks(all, suite)) {
      const resamples: Resamples[] = [];
      for (const row of reasoning) rows.push(...(await rowOf(row, name, resamples)));
    }
    const told = new Set(reasoning.flatMap(({ key, label }) => (isTold(key, suite.base) ? [label] : [])));
    return {
      tables: [
        {
          ...{ id: "grounding", caption: "Statements about the user's items", head: "Method" },
          columns: ["statements", "of them true", "deciding one true", "answers on none"].map((head) => ({ head })),
          rows,
          notes: [
            "Deciding: the statement that the answer rests on. Answers on none: the chain says nothing of the items that leads to the answer.",
            "Methods that do not reason say nothing. Intervals of one seed are over its users, of several over seeds.",
          ],
        },
      ],
      pictures: [],
      says: rows.flatMap(({ label, group, entries: [, , deciding] }) =>
        typeof deciding?.value === "number" && told.has(label)
          ? [
              `${group}, ${label}: the statement that the answer rests on is true in ${deciding.text} of the answers that rest on one${between(deciding)}.`,
            ]
          : [],
      ),
    };
  },
};

const between = ({ low, high }: Entry): string =>
  typeof low === "number" && typeof high === "number" ? ` (95% interval ${percent(low)} to ${percent(high)})` : "";

/**
 * None where nothing was checked: of files of older versions. `shared`: the resamples of each seed, which the first row makes and
 * the others use.
 */
async function rowOf(row: Contender, task: string, shared: Resamples[]): Promise<TableRow[]> {
  const { evaluations, method, label } = row;
  const seeds = await Promise.all(
    evaluations.map(async (evaluation, s) => {
      const answers = await evaluation.answers(method, task);
      if (answers === null) return null;
      const { bootstrap } = evaluation.config.eval;
      shared[s] ??= resamplesOf(answers.clusters, bootstrap, evaluation.seed, task);
      return { answers, resamples: shared[s] };
    }),
  );
  const known = seeds.flatMap((one) => (one?.answers.truth.stated.some((n) => n !== UNCHECKED) === true ? [one] : []));
  if (known.length === 0) return [];
  const statements = known.reduce((sum, { answers }) => sum + statedIn(answers).reduce((a, b) => a + b, 0), 0);
  return [
    {
      ...{ group: task, label },
      entries: [{ text: whole(statements), value: statements }, ...SHARES.map((share) => entryOf(known, share))].map(
        (one): Entry => ({ ...one, lead: leadOf(row, task) }),
      ),
    },
  ];
}

const statedIn = ({ truth: { stated } }: Answers): Float64Array => stated.map((n) => Math.max(0, n));

/** A share as what it counts of what, query by query. */
type Share = (answers: Answers) => readonly [part: Float64Array, of: Float64Array];

const SHARES: readonly Share[] = [
  (answers) => {
    const stated = statedIn(answers);
    return [stated.map((n, i) => n - (answers.truth.wrong[i] ?? 0)), stated];
  },
  ({ truth: { deciding } }) => [
    deciding.map((is) => (Number.isNaN(is) ? 0 : is)),
    deciding.map((is) => (Number.isNaN(is) ? 0 : 1)),
  ],
  ({ truth: { stated, deciding } }) => [
    stated.map((n, i) => (n !== UNCHECKED && Number.isNaN(deciding[i]) ? 1 : 0)),
    stated.map((n) => (n === UNCHECKED ? 0 : 1)),
  ],
];

function entryOf(seeds: readonly { readonly answers: Answers; readonly resamples: Resamples }[], share: Share): Entry {
  const measured = seeds.flatMap(({ answers, resamples }): OneSeed[] => {
    const [part, of] = share(answers);
    const own = ratioOf(part, of, answers.clusters, resamples);
    return Number.isNaN(own.value) ? [] : [{ ...own, clusters: resamples.place.size }];
  });
  if (measured.length === 0) return entry("–");
  const { value, low, high } = estimateOf(measured);
  return { text: percent(value), value, low, high };
}
