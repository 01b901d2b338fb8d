import { outsideFault } from "../core/disk.ts";
import { EXIT_CODES, messageOf, TagprError } from "../core/errors.ts";

/** What a person reads when a command fails: message and hint; a traceback only with `--debug`. */
export function explain(thrown: unknown, debug: boolean): string {
  const error = outsideFault(thrown) ?? thrown;
  const own = error instanceof TagprError;
  const lines = [`tagpr: ${messageOf(error)}`];
  if (own && error.hint !== undefined) lines.push(`  ${error.hint}`);
  if (!own && !debug) lines.push("  This is a fault in TagPR. Run it again with --debug for the traceback.");
  if (debug && error instanceof Error) lines.push(tracebacks(error));
  return `${lines.join("\n")}\n`;
}

function tracebacks(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\nCaused by: ${tracebacks(error.cause)}` : own;
}

export function exitCodeOf(thrown: unknown): number {
  const error = outsideFault(thrown) ?? thrown;
  return error instanceof TagprError ? EXIT_CODES[error.code] : EXIT_CODES.internal;
}

/** The shell's own convention: 128 + the signal's number. */
export const STOPPED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
