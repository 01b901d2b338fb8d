import { TagprError } from "../../../core/errors.ts";
import type { tally } from "../../../data/problem.ts";
import type { Io } from "../../io.ts";

/** Says what is wrong with rows, a line a kind; unless they may be left out, they end the command. */
export function tellProblems(io: Io, problems: ReturnType<typeof tally>, skip: boolean): void {
  const count = problems.count();
  if (count === 0) return;
  for (const line of problems.lines()) io.err(`${line}\n`);
  if (!skip)
    throw new TagprError("data", `${count} bad rows (told above); nothing was written`, {
      hint: "Mend them, or leave them out with --skip-bad.",
    });
  io.err(`${count} bad rows left out\n`);
}
