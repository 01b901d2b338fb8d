import { existsSync } from "node:fs";
import { join } from "node:path";
import { nameNow } from "../core/config/method-names.ts";
import { TagprError } from "../core/errors.ts";
import { formatOf } from "../core/format.ts";
import { readJson } from "../core/jsonl.ts";
import type { Result } from "./result-types.ts";

/** `result.json` of a run; null where there is none yet. @throws TagprError `run` where it is no result, or a later TagPR's */
export function readResult(run: string): Result | null {
  const path = join(run, "result.json");
  if (!existsSync(path)) return null;
  const value = readJson<(Partial<Result> & { readonly format?: unknown }) | null>(path);
  const format = value === null ? 0 : formatOf(path, value);
  if (Array.isArray(value?.rows) && Array.isArray(value.paired) && typeof value.details === "object")
    return named(value as Result, format);
  throw new TagprError("run", `${path} is no result of a run (it holds no rows)`, {
    hint: "It was edited, or another program wrote it: move it away, and `tagpr eval RUN` writes it anew.",
  });
}

/** With the names that methods have now. */
export function named(result: Result, format: number): Result {
  const now = (name: string): string => nameNow(name, format);
  const keys = <T>(of: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [now(name), value]));
  const { rows, paired, details, labels, tasks } = result;
  return {
    ...result,
    rows: rows.map((row) => ({ ...row, method: now(row.method) })),
    paired: paired.map((pair) => ({ ...pair, a: now(pair.a), b: now(pair.b) })),
    details: keys(details),
    ...(labels === undefined ? {} : { labels: keys(labels) }),
    ...(tasks === undefined ? {} : { tasks: tasks.map((task) => named(task, format)) }),
  };
}
