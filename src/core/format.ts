import { TagprError } from "./errors.ts";

/**
 * Version of what a run is written in: `run.json`, each stage's `begun.json` and `stage.json` (which stand for all files
 * of their folder), lines of `checkpoints.jsonl`, and `result.json` carry it as `format`. What carries none is of 1.
 *
 * 2: `begun.json` lists the files that are the stage's own.
 * 3: methods have the paper's names: `sft-r` was `sft`, `sft` was `sft-gold` (`config/method-names.ts`).
 */
export const RUN_FORMAT = 3;

/**
 * Version of the caches, whose entries outlive the run's own format: each is a file of JSON lines that begins with
 * `{"format": 1}`. One that says nothing is of 1.
 */
export const CACHE_FORMAT = 1;

/** What a new cache begins with. */
export const CACHE_HEAD = { format: CACHE_FORMAT };

/** @throws TagprError `run` on a line of a cache that says it is of a later format */
export function checkCacheLine(path: string, line: string): void {
  const [, format] = /^\{"format":(\d{1,9})[,}]/.exec(line) ?? [];
  if (format !== undefined) formatOf(path, { format: Number(format) }, CACHE_FORMAT);
}

/**
 * The format that a file of a run says it has. @throws TagprError `run` where a later TagPR has written it: what this
 * one doesn't know it would lose.
 */
export function formatOf(path: string, value: { readonly format?: unknown }, known = RUN_FORMAT): number {
  const { format = 1 } = value;
  if (typeof format === "number" && Number.isInteger(format) && format >= 1 && format <= known) return format;
  const reads = known === 1 ? "1" : `1 to ${known}`;
  throw new TagprError("run", `${path} is of format ${JSON.stringify(format)}, this TagPR reads ${reads}`, {
    hint: "A later TagPR has written it: go on with that one, or choose another folder with --out.",
  });
}
