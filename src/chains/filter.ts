import { zipStrict } from "../core/zip.ts";
import { totalOf } from "./judge.ts";
import type { Candidate, Judge, Judged } from "./types.ts";

/** The judge's verdicts, and the chains whose grades sum to more than `over` (paper: 15). */
export async function judgeAll(
  candidates: readonly Candidate[],
  judge: Judge,
  over: number,
  onDone: (done: number) => void,
): Promise<{ judged: Judged[]; kept: Candidate[] }> {
  const all = zipStrict(candidates, await judge.grade(candidates, onDone)).map(([candidate, grades]) => {
    const total = grades ? totalOf(grades) : 0;
    const { task, example, i } = candidate;
    return { candidate, row: { task: task.name, query: example.id, i, grades, total, kept: total > over } };
  });
  return {
    judged: all.map(({ row }) => row),
    kept: all.filter(({ row }) => row.kept).map(({ candidate }) => candidate),
  };
}
