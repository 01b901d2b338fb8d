/**
 * The one error root. Every failure a person can meet is a `TagprError` whose message says what and where, and whose
 * hint says what to do; the command line prints both, and a traceback only with `--debug`.
 */
export class TagprError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "TagprError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** What went wrong, coarsely; each has its own exit code ({@link EXIT_CODES}). */
export type ErrorCode =
  | "usage" // a wrong argument or config
  | "data" // a bad file or record
  | "engine" // the tensor engine refused or failed
  | "engine_lost" // its process died, or our session there: what it had not saved is gone, a new one can take over
  | "llm" // a teacher, judge, tagger or reward of one's own failed
  | "environment" // no Python, no port, no disk
  | "too_little" // what a stage would learn from can teach nothing; --anyway goes on
  | "run" // a run directory that can't be continued
  | "internal"; // a broken promise of our own code

export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: 2,
  data: 3,
  engine: 4,
  engine_lost: 4,
  llm: 5,
  environment: 6,
  run: 7,
  too_little: 8,
  internal: 70,
};

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
