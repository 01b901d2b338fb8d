import { TagprError } from "./errors.ts";

/**
 * Version of what a run is written in: `run.json`, each stage's `begun.json` and `stage.json` (which stand for all files
 * of their folder) and `result.json` carry it as `format`. What carries none is of 1.
 *
 * 2: `begun.json` lists the files that are the stage's own.
 */
export const RUN_FORMAT = 2;

/**
 * The format that a file of a run says it has. @throws TagprError `run` where a later TagPR has written it: what this
 * one doesn't know it would lose.
 */
export function formatOf(path: string, value: { readonly format?: unknown }, known = RUN_FORMAT): number {
  const { format = 1 } = value;
  if (typeof format === "number" && Number.isInteger(format) && format >= 1 && format <= known) return format;
  throw new TagprError("run", `${path} is of format ${JSON.stringify(format)}, this TagPR reads 1 to ${known}`, {
    hint: "A later TagPR has written it: go on with that one, or choose another folder with --out.",
  });
}
