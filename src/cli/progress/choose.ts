import { availableParallelism } from "node:os";
import { monotonic } from "../../core/awake.ts";
import type { Progress } from "../../core/progress.ts";
import { busyText } from "../busy.ts";
import type { Io } from "../io.ts";
import { jsonProgress } from "./json.ts";
import { lineProgress } from "./lines.ts";
import { terminalProgress } from "./terminal.ts";

/** JSON events where asked for; else a bar where a person watches, and lines where none does. */
export function chooseProgress(io: Io, json = false): Progress {
  if (json) return jsonProgress(io.out);
  const busy = (): string | null => busyText(availableParallelism());
  return io.terminal
    ? terminalProgress(io.raw?.err ?? io.err, monotonic, busy)
    : lineProgress(io.err, monotonic, { busy });
}
