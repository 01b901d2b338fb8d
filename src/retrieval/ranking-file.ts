import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder, refuseFolder } from "../core/disk.ts";
import { guardDisk } from "../core/jsonl.ts";
import { readLamp } from "../data/lamp/read.ts";
import type { OnProblem } from "../data/problem.ts";
import type { Task } from "../data/task.ts";
import { type RetrieveOptions, rankProfile } from "./retrieve.ts";

export interface RankRequest extends RetrieveOptions {
  readonly task: Task;
  /** `{split}_questions.json`. */
  readonly questions: string;
  readonly out: string;
  readonly onProgress?: (done: number) => void;
  readonly onProblem?: OnProblem;
}

/**
 * Writes LaMP's own ranking file, `{query id: [profile ids, best first]}`, streaming over the questions; complete or
 * not at all. Returns the number of queries. LaMP's code ranks whole profiles; k keeps the best of them.
 */
export async function writeRanking(request: RankRequest): Promise<number> {
  const { task, questions, out, onProgress, onProblem } = request;
  const part = `${out}.part`;
  const file = guardDisk(out, () => {
    refuseFolder(out);
    makeFolder(dirname(out));
    return openSync(part, "w");
  });
  let n = 0;
  try {
    for await (const example of readLamp(task, questions, null, onProblem === undefined ? {} : { onProblem })) {
      const ids = (await rankProfile(task, example, request)).map((item) => item.id);
      const line = `${n === 0 ? "{" : ",\n"}${JSON.stringify(example.id)}: ${JSON.stringify(ids)}`;
      guardDisk(out, () => writeSync(file, line));
      n++;
      onProgress?.(n);
    }
    guardDisk(out, () => {
      writeSync(file, n === 0 ? "{}\n" : "}\n");
      fsyncSync(file);
    });
  } catch (error) {
    closeSync(file);
    rmSync(part, { force: true });
    throw error;
  }
  closeSync(file);
  guardDisk(out, () => renameSync(part, out));
  return n;
}
