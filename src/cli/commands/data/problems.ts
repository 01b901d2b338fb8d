import { TagprError } from "../../../core/errors.ts";
import type { Io } from "../../io.ts";

/** Names every bad row; unless they may be left out, they end the command. */
export function tellProblems(io: Io, problems: readonly string[], skip: boolean): void {
  for (const problem of problems) io.err(`${problem}\n`);
  if (problems.length === 0) return;
  if (!skip)
    throw new TagprError("data", `${problems.length} bad rows (named above); nothing was written`, {
      hint: "Mend them, or leave them out with --skip-bad.",
    });
  io.err(`${problems.length} bad rows left out\n`);
}
