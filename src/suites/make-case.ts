import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import { fill } from "../data/template.ts";
import type { ShownExample } from "../data/types.ts";
import { meanScore, type Reading } from "../eval/headline.ts";
import type { Prediction } from "../eval/types.ts";
import { methodOf } from "../methods/index.ts";
import { falsehoods, itemsShown } from "../report/falsehoods.ts";
import { num, whole } from "../report/format.ts";
import { type Contender, leadOf } from "./contenders.ts";
import type { Evaluation } from "./evaluation.ts";
import { headlineColumn } from "./metric-columns.ts";
import type { Picked } from "./pick-case.ts";
import type { Case, CaseSide } from "./shown.ts";
import { primaryTags } from "./tags.ts";

/** A query that was picked, with the answers of both. */
export interface Found {
  readonly task: Task;
  readonly picked: Picked;
  readonly predictions: readonly Prediction[];
  /** Null where the run's data is gone. */
  readonly example: ShownExample | null;
}

/** How an evaluation chose the items that it showed. */
export const retrieverOf = ({ config }: Evaluation): string =>
  config.eval.profile.retriever ?? config.profile.retriever;

/** The plain data of a case. `scores`: by task and query, then item. */
export function caseOf(
  evaluation: Evaluation,
  both: readonly Contender[],
  { task, picked, predictions, example }: Found,
  scores: ReadonlyMap<string, number>,
): Case {
  const [base, last] = both.map(({ label }) => label);
  const { query, gain, tied } = picked;
  const shown = example?.shown ?? [];
  const used = zipStrict(both, predictions).map(([{ method }, one]) =>
    example === null || !methodOf(method, evaluation.config).profile ? [] : itemsShown(one, example),
  );
  const drawn =
    tied === 1 ? "the only one that gains so much" : `drawn by the seed from ${whole(tied)} that gain the same`;
  const gains = gain > 0 ? `gains most on ${base}` : `does not gain on ${base} anywhere, and loses least`;
  return {
    id: `case-${task.name}`,
    ...{ task: task.name, query, tags: primaryTags(evaluation) },
    why: `The query where ${last} ${gains} by ${task.metric === "f1_macro" ? "ACC" : headlineColumn(task).head} (${num(gain)}), ${drawn}.`,
    asked: example?.input ?? "The query is not in the run's data any more.",
    gold: predictions[0]?.gold ?? "",
    by: `${retrieverOf(evaluation)}, ${whole(shown.length)} of ${whole(example?.historyItems ?? 0)}, oldest first`,
    items: shown.map((item) => ({
      text: fill(task.item, (name) => item.fields[name]),
      date: item.date ?? null,
      score: scores.get(`${task.name}/${query}\n${item.id}`) ?? null,
      cutFrom: zipStrict(both, used).flatMap(([{ label }, own]) => (own.includes(item) ? [] : [label])),
    })),
    sides: zipStrict(both, predictions).map(([one, prediction]) =>
      sideOf(one, prediction, { task, query, example, reading: evaluation.result.reading }),
    ),
  };
}

interface Asked extends Pick<Found, "task" | "example"> {
  readonly query: string;
  readonly reading: Reading;
}

function sideOf(one: Contender, prediction: Prediction, { task, query, example, reading }: Asked): CaseSide {
  const { response, tokens, truncated, truth } = prediction;
  const score = meanScore(prediction, reading);
  const scored = {
    classification: score > 0 ? "✓ right" : "✗ wrong",
    ordinal: `off by ${num(task.metric === "rmse" ? Math.sqrt(-score) : -score, 1)}`,
    generation: `${headlineColumn(task).head} ${num(score)}`,
  }[task.kind];
  const rests =
    truth === undefined
      ? null
      : truth.deciding === null
        ? "The answer rests on no statement about the items."
        : `The statement that the answer rests on is ${truth.deciding ? "true" : "false"}; ${whole(truth.wrong)} of ${whole(truth.stated)} are false.`;
  return {
    ...{ label: one.label, response, rests, lead: { ...leadOf(one, task.name), query } },
    verdict: `${scored}, ${whole(tokens)} tokens${truncated ? ", cut off" : ""}`,
    falsehoods: falsehoods(prediction, task, example ?? undefined),
  };
}
