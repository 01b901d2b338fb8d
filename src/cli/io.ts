import { createInterface } from "node:readline";
import { printable } from "../core/printable.ts";

/** What the command line touches of the world; tests bring their own. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The command line as typed, for the record. */
  readonly argv: readonly string[];
  /** Results: tables, JSON, paths. */
  readonly out: (text: string) => void;
  /** Progress, notes, errors. */
  readonly err: (text: string) => void;
  /** The streams themselves, for bars and colours: whatever of users, models and servers goes there is {@link printable}. */
  readonly raw?: { readonly out: (text: string) => void; readonly err: (text: string) => void };
  /** Whether `err` is a terminal that a bar can be drawn on. */
  readonly terminal: boolean;
  /** Whether `out` may be in colour: a terminal's choice, or the reader's by NO_COLOR or FORCE_COLOR. */
  readonly colour: boolean;
  /** What a person types, line by line; `prompt` is shown where it is a terminal. Ctrl-C there is {@link onStop}'s. */
  readonly lines?: (prompt: string) => AsyncIterable<string>;
  /** Columns of the terminal that `out` is; undefined where it is none. */
  readonly columns?: number;
  /** Calls back at Ctrl-C and its like, once; answers how to stop listening. */
  readonly onStop: (stop: (signal: "SIGINT" | "SIGTERM" | "SIGHUP") => void) => () => void;
}

/** The same, but no text that is printed can command the terminal. */
export function guardedIo(io: Io): Io {
  const raw = io.raw ?? { out: io.out, err: io.err };
  return { ...io, raw, out: (text) => raw.out(printable(text)), err: (text) => raw.err(printable(text)) };
}

/** no-color.org's rule; else FORCE_COLOR; else whether `stream` is a terminal that has colours (never because of CI). */
export function wantsColour(env: Io["env"], stream: { readonly isTTY?: boolean; hasColors?(): boolean }): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== "0";
  return stream.isTTY === true && stream.hasColors?.() === true;
}

/** Writes until nobody reads any more (`… | head`), which is no fault. */
function writer(stream: NodeJS.WriteStream): (text: string) => void {
  let open = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    open = false;
  });
  return (text) => void (open && stream.write(text));
}

async function* typedLines(prompt: string): AsyncGenerator<string> {
  const terminal = process.stdin.isTTY === true;
  const lines = createInterface({
    ...{ input: process.stdin, terminal, prompt: terminal ? prompt : "" },
    ...(terminal ? { output: process.stderr } : {}),
  });
  // A terminal in raw mode sends no signal by itself.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    lines.prompt();
    for await (const line of lines) {
      yield line;
      lines.prompt();
    }
  } finally {
    lines.close();
  }
}

export function processIo(argv: readonly string[]): Io {
  return {
    env: process.env,
    cwd: process.cwd(),
    argv,
    out: writer(process.stdout),
    err: writer(process.stderr),
    terminal: process.stderr.isTTY === true,
    colour: wantsColour(process.env, process.stdout),
    lines: typedLines,
    ...(process.stdout.isTTY === true ? { columns: process.stdout.columns } : {}),
    onStop: (stop) => {
      const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
      const handlers = signals.map((signal) => [signal, () => stop(signal)] as const);
      for (const [signal, handler] of handlers) process.once(signal, handler);
      return () => {
        for (const [signal, handler] of handlers) process.removeListener(signal, handler);
      };
    },
  };
}
