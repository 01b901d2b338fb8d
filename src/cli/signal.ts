import { STOPPED } from "./failure.ts";
import type { Io } from "./io.ts";

/** Does work that a signal ends: the exit code of the stop, or null where the work was done before. */
export async function untilSignal(io: Io, work: (signal: AbortSignal) => Promise<void>): Promise<number | null> {
  const stop = new AbortController();
  let code: number | null = null;
  const unlisten = io.onStop((signal) => {
    code = STOPPED[signal];
    stop.abort(new DOMException("stopped", "AbortError"));
  });
  try {
    await work(stop.signal);
    return code;
  } catch (error) {
    if (code === null) throw error;
    return code;
  } finally {
    unlisten();
  }
}
