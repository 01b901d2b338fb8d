/** Tasks, LaMP and a person's own tables: readers, writers, checks, splits. */

export { type CheckReport, checkData, type SplitReport } from "./check.ts";
export { type Dataset, openDataset, readAll, type Split } from "./dataset.ts";
export { initTask } from "./init-task.ts";
export { type Answers, type ReadOptions as ReadLampOptions, readAnswers, readLamp } from "./lamp/read.ts";
export { writeLamp } from "./lamp/write.ts";
export { type Query, queriesFromRows } from "./records.ts";
export { readAllRows, readRows } from "./rows.ts";
export { streamShown } from "./shown.ts";
export { splitByTime, splitByUser } from "./split.ts";
export type { Row } from "./table/options.ts";
export { writeRows } from "./table/write.ts";
export type { Task } from "./task.ts";
export { knownTasks, loadTask, taskSchema } from "./task-file.ts";
export type { Example, Language, ProfileItem, QueryId, Question, ShownExample, TaskKind, UserId } from "./types.ts";
