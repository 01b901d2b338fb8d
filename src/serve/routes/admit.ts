import type { Context } from "hono";
import { clientLeft, Refused, stopped } from "../refusal.ts";
import type { Service } from "../service.ts";

/** A request's turn: what ends it early, and how it gives its place back. */
export interface Turn {
  /** Aborted when the client leaves, the deadline is over, or the server stops. */
  readonly signal: AbortSignal;
  readonly leave: () => void;
}

/** Waits for a request's turn. @throws Refused where the queue is full, or the server stops */
export async function admit({ queue, limits, stopping, deadline }: Service, c: Context): Promise<Turn> {
  if (stopping.begun.aborted) throw stopped();
  if (queue.size >= limits.waiting)
    throw new Refused({
      ...{ status: 429, code: "queue_full", retryAfter: limits.retryAfter },
      message: `${limits.running} requests are being answered and ${limits.waiting} wait: try again later`,
    });
  const signal = AbortSignal.any([leaving(c.req.raw.signal), deadline(limits.deadline), stopping.over]);
  const leave = await new Promise<() => void>((enter, refuse) => {
    queue.add(() => new Promise<void>((left) => enter(left)), { signal }).catch(refuse);
  });
  return { signal, leave };
}

/** The server's adapter aborts with a text, which nothing that handles errors takes for one. */
function leaving(gone: AbortSignal): AbortSignal {
  const left = new AbortController();
  const leave = (): void => left.abort(clientLeft());
  if (gone.aborted) leave();
  else gone.addEventListener("abort", leave, { once: true });
  return left.signal;
}
