import { CommanderError } from "@commander-js/extra-typings";
import { STAGES } from "../run/stages/index.ts";
import type { App } from "./app.ts";
import { measure, openEngines } from "./engines.ts";
import { exitCodeOf, explain } from "./failure.ts";
import { guardedIo, type Io, processIo } from "./io.ts";
import { buildProgram } from "./program.ts";

/** Runs one command line; the answer is its exit code (`EXIT_CODES`, 0 when all is well). Prints, never throws. */
export async function main(
  argv: readonly string[],
  io: Io = processIo(argv),
  parts: Pick<App, "stages" | "openEngines"> & Partial<App> = { stages: STAGES, openEngines },
): Promise<number> {
  const outcome = { code: 0 };
  const safe = guardedIo(io);
  const debug = argv.includes("--debug");
  const args = argv.filter((word) => word !== "--debug");
  try {
    await buildProgram({ measure, io: safe, outcome, ...parts }).parseAsync(args, { from: "user" });
    return outcome.code;
  } catch (error) {
    // Commander has printed its own message; --help and --version end that way too, with code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    safe.err(explain(error, debug));
    return exitCodeOf(error);
  }
}
