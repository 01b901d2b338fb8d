import { TagprError } from "../../../core/errors.ts";
import type { OnProblem, tally } from "../../../data/problem.ts";
import { readAllRows } from "../../../data/rows.ts";
import type { TableOptions } from "../../../data/table/options.ts";
import type { Io } from "../../io.ts";

/** Share of the rows that are left out, from which on the file, or how it is read, is more likely wrong than they. */
const MANY = 0.1;

/** Rows of tables, counted with those that can't be read. */
export function countedRows(tables: readonly string[], options: TableOptions & { readonly onProblem: OnProblem }) {
  let count = 0;
  const { onProblem } = options;
  const rows = readAllRows(tables, {
    ...options,
    onProblem: (problem) => {
      count++;
      onProblem(problem);
    },
  });
  const counted = async function* () {
    for await (const row of rows) {
      count++;
      yield row;
    }
  };
  return { rows: counted(), count: () => count };
}

/** Says what is wrong with rows, a line a kind; unless they may be left out, they end the command. `total`: rows in all. */
export function tellProblems(io: Io, problems: ReturnType<typeof tally>, skip: boolean, total?: number): void {
  const count = problems.count();
  if (count === 0) return;
  for (const line of problems.lines()) io.err(`${line}\n`);
  if (!skip)
    throw new TagprError("data", `${count} bad rows (told above); nothing was written`, {
      hint: "Mend them, or leave them out with --skip-bad.",
    });
  const many = total !== undefined && count > MANY * total;
  const of = total === undefined ? "" : ` of ${total}`;
  const share = many ? ", a large share: is the table read as it is meant (delimiter, encoding, dates, labels)?" : "";
  io.err(`${many ? "WARNING: " : ""}${count} bad rows left out${of}${share}\n`);
}
