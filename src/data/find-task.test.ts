import { expect, it } from "vitest";
import { taskOf } from "./find-task.ts";
import { loadTask } from "./task-file.ts";

it("finds the task of a query by its name, and names both where there is none", () => {
  const tasks = [loadTask("LaMP_2"), loadTask("LaMP_4")];
  expect(taskOf(tasks, { task: "LaMP_4", id: "7" })).toBe(tasks[1]);
  expect(() => taskOf(tasks, { task: "LaMP_3", id: "7" })).toThrow(/query 7 belongs to task LaMP_3/);
});
