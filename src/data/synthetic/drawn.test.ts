import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeJson } from "../../core/jsonl.ts";
import { openDataset } from "../dataset.ts";
import { writeLamp } from "../lamp/write.ts";
import { loadTask } from "../task-file.ts";
import { isDrawn, isSyntheticRun, syntheticTasks, WORLD_FILE } from "./drawn.ts";
import { examples } from "./examples.ts";
import { SHAPES } from "./shapes.ts";
import { makeWorld } from "./world.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "drawn-"));

it("files of every shape are known as the world's, and as nobody else's under another name", async () => {
  for (const shape of Object.values(SHAPES)) {
    const written = async (name: string): Promise<boolean> => {
      const dir = folder();
      const task = loadTask(shape.task);
      const some = examples(makeWorld(1), shape, { split: "dev", users: 2 });
      await writeLamp(dir, "dev", { ...task, name }, some);
      return isDrawn(await openDataset(dir, { task }));
    };
    expect(await written(shape.task)).toBe(true);
    expect(await written("LaMP_7")).toBe(false);
  }
});

it("a run's tasks are synthetic where it drew the world, or where its files name them", () => {
  const tasks = [loadTask("synthetic_tag"), loadTask("LaMP_4")];
  const said = (file: unknown): readonly string[] => {
    const run = folder();
    if (file !== null) writeJson(join(run, "data", WORLD_FILE), file);
    expect(isSyntheticRun(run)).toBe(file !== null);
    return syntheticTasks(run, tasks);
  };
  expect(said(null)).toEqual([]);
  expect(said({ seed: 3 })).toEqual(["synthetic_tag", "LaMP_4"]);
  expect(said({ tasks: ["synthetic_tag"] })).toEqual(["synthetic_tag"]);
});
