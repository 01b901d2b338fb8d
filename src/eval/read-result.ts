import { existsSync } from "node:fs";
import { join } from "node:path";
import { TagprError } from "../core/errors.ts";
import { formatOf } from "../core/format.ts";
import { readJson } from "../core/jsonl.ts";
import type { Result } from "./result-types.ts";

/** `result.json` of a run; null where there is none yet. @throws TagprError `run` where it is no result, or a later TagPR's */
export function readResult(run: string): Result | null {
  const path = join(run, "result.json");
  if (!existsSync(path)) return null;
  const value = readJson<(Partial<Result> & { readonly format?: unknown }) | null>(path);
  if (value !== null) formatOf(path, value);
  if (Array.isArray(value?.rows) && Array.isArray(value.paired) && typeof value.details === "object")
    return value as Result;
  throw new TagprError("run", `${path} is no result of a run (it holds no rows)`, {
    hint: "It was edited, or another program wrote it: move it away, and `tagpr eval RUN` writes it anew.",
  });
}
