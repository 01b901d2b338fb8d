import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readJson, readJsonl, writeJson, writeJsonl } from "../core/jsonl.ts";
import type { Task } from "../data/task.ts";
import { loadTask } from "../data/task-file.ts";
import { readResult } from "../eval/read-result.ts";
import type { Prediction } from "../eval/types.ts";
import { scoreFiles } from "../metrics/score-files.ts";
import { writeMadeUpRun } from "../report/testing/made-up-run.ts";
import { openEvaluation } from "./evaluation.ts";
import { writeOfficial } from "./official.ts";

interface LampFile {
  readonly task: string;
  readonly golds: readonly { readonly id: string; readonly output: string }[];
}

function run(): string {
  const dir = mkdtempSync(join(tmpdir(), "official-"));
  writeMadeUpRun(dir, 40, 3);
  return dir;
}

it.each(["strict", "lenient"] as const)(
  "files of LaMP's form hold the answers read %sly, and score as they do",
  async (reading) => {
    const dir = run();
    const out = join(dir, "out");
    const evaluation = openEvaluation(dir, { id: "run" });
    const files = await writeOfficial(out, evaluation, { reading });
    expect(files.map(({ path }) => path)).toEqual(evaluation.methods.map((method) => `${method}/synthetic_tag.json`));
    const task = join(dir, "task.yaml");
    writeJson(task, evaluation.tasks[0]);
    for (const { method, path, metrics } of files) {
      const { task: name, golds } = readJson<LampFile>(join(out, path));
      expect(name).toBe("synthetic_tag");
      const predictions = readJsonl<Prediction>(evaluation.file(method));
      expect(golds).toEqual(
        predictions.map(({ query, strict, lenient }) => ({
          id: query,
          output: reading === "strict" ? (strict ?? "") : lenient,
        })),
      );
      const again = await scoreFiles({ task, golds: join(out, "golds", "synthetic_tag.json"), preds: join(out, path) });
      expect(metrics).toEqual(again.official);
      expect(metrics).toEqual(readResult(dir)?.details[method]?.[reading]);
    }
  },
);

/** The made-up run as one of LaMP's. */
function asLamp(name: string, change: (one: Prediction) => Prediction): string {
  const dir = run();
  const task: Task = { ...loadTask(name), labels: readJson<Task[]>(join(dir, "data", "tasks.json"))[0]?.labels ?? [] };
  writeJson(join(dir, "data", "tasks.json"), [task]);
  writeJson(join(dir, "result.json"), { ...readResult(dir), task: name, tasks: [{ ...readResult(dir), task: name }] });
  const file = join(dir, "eval", "tagpr.jsonl");
  const rows = readJsonl<Prediction>(file).map((one) => change({ ...one, task: name }));
  writeJsonl(file, rows);
  return dir;
}

it.each([
  ["LaMP_2", "u1", "tagpr/LaMP_2.json", "LaMP_2"],
  ["LaMP_2", null, "tagpr/LaMP_2_user.json", "LaMP_2"],
  ["LaMP_2_old", "u1", "tagpr/LaMP_2_old.json", "LaMP_2"],
] as const)("%s asked by user %s stands in %s and calls itself %s", async (name, user, path, said) => {
  const dir = asLamp(name, (one) => ({ ...one, user: user as Prediction["user"] }));
  const files = await writeOfficial(join(dir, "out"), openEvaluation(dir, { id: "run" }), { methods: ["tagpr"] });
  expect(files.map((one) => one.path)).toEqual([path]);
  expect(readJson<LampFile>(join(dir, "out", path)).task).toBe(said);
});
