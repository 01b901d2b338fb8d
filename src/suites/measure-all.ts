import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import type { Answers } from "./answers.ts";
import type { Contender } from "./contenders.ts";
import { measure, type Resamples, resamplesOf } from "./draws.ts";
import type { OneSeed } from "./estimate.ts";
import type { MetricColumn } from "./metric-columns.ts";

/** By contender's key, column and seed. */
export type MeasuredAll = (key: string, column: MetricColumn) => readonly OneSeed[];

/**
 * Every metric of every contender, seed by seed; those of one seed share their resamples. A person who stands in several
 * tasks is drawn in all of them.
 * @throws TagprError `data` where two of them have not answered the same queries
 */
export async function measureAll(contenders: readonly Contender[], tasks: readonly Task[]): Promise<MeasuredAll> {
  const found = new Map<string, OneSeed[]>();
  const seeds = contenders[0]?.evaluations.length ?? 0;
  for (let s = 0; s < seeds; s++) {
    const joint = await jointResamples(contenders[0], s, tasks);
    for (const task of tasks) {
      const answers = await Promise.all(contenders.map((one) => answersOf(one, s, task)));
      sameQueries(contenders, answers, task);
      const resamples = joint ?? resamplesFor(contenders[0], s, answers[0]?.clusters ?? [], task.name);
      for (const [i, { key }] of contenders.entries()) {
        const own = answers[i];
        if (own === undefined) continue;
        for (const [metric, measured] of measure(task, own, resamples)) {
          const name = nameOf(key, task.name, metric);
          found.set(name, [...(found.get(name) ?? []), { ...measured, clusters: new Set(own.clusters).size }]);
        }
      }
    }
  }
  return (key, { task, metric }) => found.get(nameOf(key, task.name, metric)) ?? [];
}

const nameOf = (key: string, task: string, metric: string): string => `${key}\n${task}\n${metric}`;

async function answersOf({ evaluations, method, swapped }: Contender, seed: number, task: Task): Promise<Answers> {
  const evaluation = evaluations[seed];
  const answers = await evaluation?.answers(method, task.name, swapped === true);
  if (answers === null || answers === undefined)
    throw new TagprError("data", `${evaluation?.dir ?? ""}: ${method} has no answers to ${task.name}`, {
      hint: "Do the suite again: it asks what is missing.",
    });
  return answers;
}

function resamplesFor(of: Contender | undefined, seed: number, clusters: readonly string[], name: string): Resamples {
  const evaluation = of?.evaluations[seed];
  const { bootstrap = 2000 } = evaluation?.config.eval ?? {};
  return resamplesOf(clusters, bootstrap, evaluation?.seed ?? 0, name);
}

/** Of all tasks together, where any user stands in several; null where none does. */
async function jointResamples(
  of: Contender | undefined,
  seed: number,
  tasks: readonly Task[],
): Promise<Resamples | null> {
  if (of === undefined) return null;
  const users = await Promise.all(tasks.map(async (task) => new Set((await answersOf(of, seed, task)).clusters)));
  const all = new Set(users.flatMap((own) => [...own]));
  if (all.size === users.reduce((sum, own) => sum + own.size, 0)) return null;
  return resamplesFor(of, seed, [...all], "all tasks");
}

/** A difference is fair only on the same queries. */
function sameQueries(contenders: readonly Contender[], answers: readonly Answers[], task: Task): void {
  const [first] = answers;
  for (const [i, own] of answers.entries()) {
    if (first === undefined || own === first) continue;
    const at =
      own.queries.length === first.queries.length
        ? own.queries.findIndex((query, q) => query !== first.queries[q])
        : Math.min(own.queries.length, first.queries.length);
    if (at >= 0)
      throw new TagprError(
        "data",
        `${task.name}: ${contenders[0]?.label} and ${contenders[i]?.label} have not answered the same queries (they part at number ${at + 1})`,
        { hint: "Evaluate both on the same data: scores of different queries say nothing of each other." },
      );
  }
}
