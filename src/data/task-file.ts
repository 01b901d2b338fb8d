import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { packageRoot } from "../core/installation.ts";
import { nearest, parseYaml, readYaml } from "../core/yaml-file.ts";
import { languageTag } from "./language.ts";
import type { Task } from "./task.ts";
import { type Part, parseTemplate, placeOf } from "./template.ts";
import { NUMBER_UNITS } from "./time/numbers.ts";

const itemField = z.preprocess(
  (value) => (typeof value === "string" ? { name: value } : value),
  z.strictObject({
    name: z
      .string()
      .min(1)
      .refine((name) => name !== "__proto__", "every object has that already: call the field otherwise"),
    aliases: z.array(z.string()).default([]).describe("Other names of this field in files, e.g. `rate` for `score`."),
    label: z.boolean().default(false).describe("The user's own choice: a tag, a score, a title."),
  }),
);

/** Whether a text may be `record.dateFormat`. */
export const isTimeFormat = (text: string): boolean => NUMBER_UNITS.includes(text) || /y/.test(text);

/** Columns of a person's own table, one row a record: see {@link Task.record}. */
const record = z.strictObject({
  user: z.string().min(1),
  gold: z.string().min(1),
  id: z.string().min(1).optional(),
  date: z.string().min(1).optional(),
  dateFormat: z
    .string()
    .refine(isTimeFormat, `one of ${NUMBER_UNITS.join(", ")}, or a format with a year like d/M/yyyy`)
    .optional(),
  profile: z.string().min(1).optional(),
  itemDate: z.string().min(1).optional(),
  minHistory: z.number().int().min(1).default(1),
  maxHistory: z.number().int().min(1).optional(),
  maxQueries: z.number().int().min(1).optional(),
});

const language = z.string().transform((tag, ctx) => {
  const canonical = languageTag(tag);
  if (canonical !== null) return canonical;
  const near = languageTag(tag.replaceAll("_", "-"));
  const hint = near === null ? "such as en, zh, ko, pt-BR" : `did you mean ${near}?`;
  ctx.addIssue({ code: "custom", message: `"${tag}" is no language tag of BCP 47 (${hint})` });
  return z.NEVER;
});

const thinks = (text: string): boolean => text.includes("<think>") && text.includes("</think>");
const THINKS = "must say that the reasoning stands between <think> and </think>";

/** Words around a query in another language than those that TagPR has: see {@link Task.prompts}. */
const prompts = z.strictObject({
  plain: z.string().min(1),
  reasoned: z.string().refine(thinks, THINKS),
  tagged: z
    .string()
    .refine(thinks, THINKS)
    .refine((text) => text.includes("{tags}"), "must hold the place {tags}"),
  history: z.string().min(1),
});

const shape = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_]+$/, "letters, digits and _ only"),
  title: z.string().min(1),
  kind: z.enum(["classification", "ordinal", "generation"]),
  language: language.default("en"),
  prompts: prompts.optional(),
  labels: z.array(z.coerce.string()).default([]),
  itemFields: z.array(itemField).min(1),
  corpus: z.string().min(1),
  query: z.union([z.strictObject({ after: z.string() }), z.strictObject({ quoted: z.array(z.int().min(1)).min(1) })]),
  item: z.string().min(1),
  official: z.enum(["LaMP_1", "LaMP_2", "LaMP_2_old", "LaMP_3", "LaMP_4", "LaMP_5", "LaMP_7"]).nullable().default(null),
  metric: z.enum(["accuracy", "f1_macro", "mae", "rmse", "rouge1", "rougeL"]),
  answer: z.string().min(1),
  prompt: z.string().min(1).optional(),
  record: record.optional(),
  itemsMayBeLater: z.literal(true).optional(),
});

/** The form of a task file. Keys are those of {@link Task}; an item field may be just its name. */
export const taskSchema = shape.superRefine((task, ctx) => {
  const wrong = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  if (task.kind === "generation" && task.labels.length > 0) wrong("labels", "a generation task has no labels");
  if (task.kind !== "generation" && task.labels.length < 2)
    wrong("labels", `a ${task.kind} task needs two labels or more`);
  if (task.kind === "ordinal" && task.labels.some((grade) => !Number.isFinite(Number(grade))))
    wrong("labels", "the grades of an ordinal task are numbers");
  if (task.labels.some((label) => label !== label.trim())) wrong("labels", "a label begins or ends with white space");
  if (new Set(task.labels.map((label) => label.normalize("NFC"))).size < task.labels.length)
    wrong("labels", "a label stands twice");
  const metrics = METRICS[task.kind];
  if (!metrics.includes(task.metric))
    wrong("metric", `a ${task.kind} task is measured by one of ${metrics.join(", ")}`);
  const fields = new Set(task.itemFields.map((field) => field.name));
  for (const key of ["corpus", "item", "prompt"] as const) {
    const parsed = parseTemplate(task[key] ?? "");
    if ("fault" in parsed) wrong(key, parsed.fault);
    else if (key !== "prompt") for (const part of parsed.parts) unknownField(part, fields, (text) => wrong(key, text));
  }
  const taken = task.itemFields.find(({ name }) => name === "id" || name === "date");
  if (taken !== undefined)
    wrong(
      "itemFields",
      `an item's own ${taken.name} has that name: call the field otherwise, with aliases: [${taken.name}]`,
    );
  if (task.record !== undefined && task.prompt === undefined)
    wrong("record", "own records need a `prompt` template too");
  const { minHistory = 0, maxHistory = minHistory } = task.record ?? {};
  if (maxHistory < minHistory) wrong("record", `maxHistory ${maxHistory} is less than minHistory ${minHistory}`);
});

/** A query's prompt has the columns of a table, which is not at hand; items have the fields that the file names. */
function unknownField(part: Part, fields: ReadonlySet<string>, wrong: (message: string) => void): void {
  if (!("place" in part) || fields.has(part.place)) return;
  const near = nearest(part.place, [...fields]);
  const meant = near === undefined ? "" : `did you mean ${near}? `;
  wrong(`${placeOf(part.place)} is no item field (${meant}there are ${[...fields].join(", ")})`);
}

const METRICS: Readonly<Record<Task["kind"], readonly string[]>> = {
  classification: ["accuracy", "f1_macro"],
  ordinal: ["mae", "rmse"],
  generation: ["rouge1", "rougeL"],
};

/** Folder of the task files that come with TagPR. */
export const tasksDir = (): string => join(packageRoot(), "tasks");

/** Names of the tasks that come with TagPR, in file order. */
export function knownTasks(): string[] {
  return readdirSync(tasksDir())
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => file.slice(0, -".yaml".length))
    .sort();
}

/** Whether {@link loadTask} finds a name among the tasks that come with TagPR. */
export const isKnownTask = (name: string): boolean => fileOf(name) !== undefined;

const wantedFile = (name: string): string => name.replaceAll("-", "_").toLowerCase();
const fileOf = (name: string): string | undefined =>
  knownTasks().find((known) => known.toLowerCase() === wantedFile(name));

/**
 * A task by name (`LaMP_2`, `LaMP-2`, `lamp-2-old`, `dianping_title`) or by the path of its YAML file.
 * Errors name the file, the line and the nearest key or name.
 */
export function loadTask(nameOrPath: string): Task {
  if (/\.ya?ml$/.test(nameOrPath)) return readTask(nameOrPath);
  const file = fileOf(nameOrPath);
  if (file !== undefined) return readTask(join(tasksDir(), `${file}.yaml`));
  throw new TagprError("usage", unknownTask(nameOrPath), {
    hint: `Known tasks: ${knownTasks().join(", ")}. Or give the path of a task's YAML file.`,
  });
}

/**
 * The task that a data file says it is of. Only a person names files to be read: what stands in one is a name.
 * @throws TagprError `data` where no task that comes with TagPR is called so; `how`: what a person writes to say it
 */
export function taskSaidBy(file: string, name: string, how = "--task LaMP_4"): Task {
  if (isKnownTask(name)) return loadTask(name);
  throw new TagprError("data", `${file}: ${unknownTask(name)}`, {
    hint: `Say which task it is, by name or by the path of its YAML file: ${how}. Known tasks: ${knownTasks().join(", ")}.`,
  });
}

function unknownTask(name: string): string {
  const near = nearest(wantedFile(name), knownTasks());
  return `unknown task ${name}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}

const FORM = { schema: taskSchema, keys: "docs/data.md lists a task's keys" };

const readTask = (path: string): Task => toTask(readYaml(path, FORM));

/** {@link loadTask} on the text of a task file; `path` is only for messages. */
export const parseTask = (text: string, path: string): Task => toTask(parseYaml(text, path, FORM));

function toTask({ prompt, prompts: words, record, itemsMayBeLater, ...task }: z.infer<typeof shape>): Task {
  return {
    ...task,
    ...(prompt === undefined ? {} : { prompt }),
    ...(words === undefined ? {} : { prompts: words }),
    ...(record === undefined ? {} : { record: withoutUndefined(record) }),
    ...(itemsMayBeLater === undefined ? {} : { itemsMayBeLater }),
  };
}

function withoutUndefined(record: z.infer<typeof shape>["record"] & object): NonNullable<Task["record"]> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as NonNullable<
    Task["record"]
  >;
}
