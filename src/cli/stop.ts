import { setTimeout as delay } from "node:timers/promises";
import type { Flights } from "../llm/flights.ts";
import { STOPPED } from "./failure.ts";
import type { Io } from "./io.ts";

/** Under the half minute that most supervisors leave between SIGTERM and SIGKILL. */
const PATIENCE_MS = 25_000;

/**
 * The exit code of a stop by a signal that came before the work was done, or null. Requests to model APIs that are on their
 * way are paid for, so their answers are waited for a while and kept; nothing new is asked for. The rest of the work is left behind:
 * its files are safe anywhere. A second signal ends the process at once.
 */
export async function untilStopped(io: Io, flights: Flights, done: Promise<void>): Promise<number | null> {
  let unlisten = (): void => {};
  const signal = new Promise<keyof typeof STOPPED>((resolve) => {
    unlisten = io.onStop(resolve);
  });
  const stopped = await Promise.race([done.then(() => null), signal]).finally(() => unlisten());
  if (stopped === null) return null;
  // Once nothing more is asked for, and the engine gone, the abandoned work fails; nobody is left to hear it.
  done.catch(() => {});
  await landed(io, flights);
  return STOPPED[stopped];
}

async function landed(io: Io, flights: Flights): Promise<void> {
  const out = flights.count();
  const clock = new AbortController();
  const patience = delay(PATIENCE_MS, undefined, { signal: clock.signal }).catch(() => {});
  if (out > 0)
    io.err(
      `Stopping: waits up to ${PATIENCE_MS / 1000} s for ${requests(out)} on the way to a model API, which may be paid for. Once more ends it at once.\n`,
    );
  const lost = await flights.stop(patience);
  clock.abort();
  if (lost > 0)
    io.err(`${requests(lost)} had no answer in that time: asked again next time, and perhaps paid again.\n`);
}

const requests = (n: number): string => (n === 1 ? "1 request" : `${n} requests`);
