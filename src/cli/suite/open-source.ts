import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { readJson } from "../../core/jsonl.ts";
import { methodOfFile } from "../../eval/prediction-file.ts";
import { type Cell, FOLDERS, runId } from "../../suites/cells.ts";
import { type Evaluation, openEvaluation } from "../../suites/evaluation.ts";

/** The name of the file that makes a folder a suite's. */
export const SUITE_FILE = "suite.json";

/** An evaluation, and the method whose file was named. */
export interface Source {
  readonly evaluation: Evaluation;
  readonly method: string | null;
}

/**
 * An evaluation by a run's folder, a suite's, or a file of predictions in one of them. `cell`: of a suite which evaluation;
 * without it the first, or the first that has `method`.
 * @throws TagprError `usage` where the path is none of these
 */
export function openSource(path: string, cell?: string, method?: string): Source {
  if (!existsSync(path)) throw new TagprError("usage", `there is no ${path}`, { hint: "Check the path." });
  if (statSync(path).isDirectory()) return { evaluation: openFolder(path, cell, method), method: null };
  const own = methodOfFile(basename(path));
  const run = dirname(dirname(path));
  if (own === null || basename(dirname(path)) !== "eval" || !existsSync(join(run, "result.json")))
    throw new TagprError("usage", `${path} is no file of predictions of a run (RUN/eval/<method>.jsonl)`, {
      hint: "Files from elsewhere are a method: eval.predictions in a config (docs/methods.md); tagpr score --against compares two of them.",
    });
  return { evaluation: openFolder(run, undefined), method: own };
}

function openFolder(dir: string, wanted: string | undefined, method?: string): Evaluation {
  const cells = dirname(dir);
  // A cell by its own folder.
  if (basename(cells) === FOLDERS.cells && existsSync(join(dirname(cells), SUITE_FILE)))
    return openFolder(dirname(cells), basename(dir));
  if (!existsSync(join(dir, SUITE_FILE))) return openEvaluation(dir, { id: "run" });
  const suite = readJson<{ readonly cells: readonly (Cell & { readonly id: string })[] }>(join(dir, SUITE_FILE));
  const found = suite.cells.find(({ id, methods }) =>
    wanted === undefined ? method === undefined || methods.includes(method) : id === wanted,
  );
  if (found === undefined)
    throw new TagprError(
      "usage",
      wanted === undefined ? `${dir}: no evaluation has ${method}` : `${dir} has no evaluation ${wanted}`,
      {
        hint: `It has ${suite.cells.map(({ id, methods }) => `${id} (${methods.join(", ")})`).join("; ")}.`,
      },
    );
  const run = join(dir, FOLDERS.runs, runId(found));
  return openEvaluation(join(dir, FOLDERS.cells, found.id), { id: found.id, run });
}
