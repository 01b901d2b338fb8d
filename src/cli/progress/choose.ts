import type { Progress } from "../../core/progress.ts";
import type { Io } from "../io.ts";
import { jsonProgress } from "./json.ts";
import { lineProgress } from "./lines.ts";
import { terminalProgress } from "./terminal.ts";

/** JSON events where asked for; else a bar where a person watches, and lines where none does. */
export function chooseProgress(io: Io, json = false): Progress {
  if (json) return jsonProgress(io.out);
  return io.terminal ? terminalProgress(io.err, Date.now) : lineProgress(io.err, Date.now);
}
