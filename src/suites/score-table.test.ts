import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeMadeUpRun } from "../report/testing/made-up-run.ts";
import { contender, inGroups } from "./contenders.ts";
import { type Evaluation, openEvaluation } from "./evaluation.ts";
import { ranked } from "./ranks.ts";
import { type ScoreTable, scoreTable } from "./score-table.ts";

const METHODS = ["zero-shot", "rag-r", "sft-r", "guided", "tagpr"];

let evaluation: Evaluation;
let made: ScoreTable;
beforeAll(async () => {
  const run = mkdtempSync(join(tmpdir(), "suite-"));
  writeMadeUpRun(run, 60, 3);
  evaluation = openEvaluation(run, { id: "own+seed-0" });
  const contenders = inGroups(METHODS.flatMap((method) => contender([evaluation], method)));
  const { tasks } = evaluation;
  made = await scoreTable({ id: "main", caption: "All", contenders, tasks, against: "rag-r", digits: 3 });
});

describe("a table of scores", () => {
  it("says what result.json says, of every metric", () => {
    const { details } = evaluation.result;
    for (const column of made.columns)
      for (const method of METHODS)
        expect(made.measured(method, column)[0]?.value).toBeCloseTo(details[method]?.lenient[column.metric] ?? -1, 12);
  });

  it("has the R column, one best and one second a column, and leads to the answers", () => {
    const { rows } = made.table;
    expect(rows.map(({ entries }) => entries[0]?.text).slice(0, 3)).toEqual(["✗", "✓", "✓"]);
    const column = rows.map(({ entries }) => entries[1]);
    expect(column.filter((one) => one?.rank === 1)).toHaveLength(1);
    expect(column[0]?.lead).toEqual({ cell: "own+seed-0", method: "zero-shot", task: "synthetic_tag" });
  });

  it("compares nothing with a row that was not asked, and says so", async () => {
    const contenders = contender([evaluation], "tagpr");
    const { tasks } = evaluation;
    const { table } = await scoreTable({
      ...{ id: "main", caption: "All", contenders, tasks, against: "rag-r", digits: 3 },
    });
    expect(table.rows[0]?.entries.every(({ verdict }) => verdict === undefined)).toBe(true);
    expect(table.notes.join(" ")).toContain("was not asked: nothing is compared here");
  });

  it("tests every row but the base against it, corrected: no p-value below the uncorrected one", () => {
    const base = made.table.rows.find(({ base }) => base === true);
    expect(base?.entries.every(({ verdict }) => verdict === undefined)).toBe(true);
    for (const { entries } of made.table.rows.slice(0, 5))
      for (const { p = 1, verdict } of entries) if (verdict === "better") expect(p).toBeLessThan(0.05);
  });
});

it("equal texts are ties, and where all are equal nothing is best", () => {
  const column = (...texts: string[]) => texts.map((text) => ({ text, value: Number(text) }));
  expect(ranked(column("0.5", "0.7", "0.7", "0.6"), true).map(({ rank }) => rank)).toEqual([undefined, 1, 1, 2]);
  expect(ranked(column("0.5", "0.7"), false).map(({ rank }) => rank)).toEqual([1, 2]);
  expect(ranked(column("0.5", "0.5"), true).map(({ rank }) => rank)).toEqual([undefined, undefined]);
});
