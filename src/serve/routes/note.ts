import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { TagprError } from "../../core/errors.ts";
import type { Caller } from "../caller.ts";
import { type Refusal, Refused, refusalOf } from "../refusal.ts";
import type { Service } from "../service.ts";

/** What is written down of a request: no text, no token. */
export interface Note {
  readonly arrived: number;
  /** The id of the key that was sent, where there are several. */
  key?: string;
  model?: string;
  /** When the first piece of an answer came. */
  firstPiece?: number;
  prompt?: number;
  completion?: number;
  /** Why it was refused, or cut off. */
  code?: string | null;
  /** A body that is still being written: what is noted waits for its end. */
  writing?: Promise<void>;
}

/** A user when a request that changes something of them began, before its body was read. */
interface BegunFor {
  /** Undefined: they were not there. */
  readonly born: string | undefined;
  /** When one of that id was last erased. */
  readonly erased: number;
}

export type Noted = { Variables: { requestId: string; note: Note; caller: Caller; begunFor: BegunFor } };

/** One line of log and the metrics of every request, when its last byte is written. */
export function noteRequests(service: Service): MiddlewareHandler<Noted> {
  return async (c, next) => {
    const note: Note = { arrived: service.now() };
    c.set("note", note);
    await next();
    const write = (): void => noteDown(service, c, note);
    if (note.writing === undefined) write();
    else note.writing.then(write);
  };
}

function noteDown({ log, metrics, now }: Service, c: Context<Noted>, note: Note): void {
  const { arrived, firstPiece, writing: _, ...known } = note;
  const seconds = (now() - arrived) / 1000;
  const first = firstPiece === undefined ? undefined : (firstPiece - arrived) / 1000;
  // A path may hold anything; a route is one of ours.
  const route = matchedRoutes(c).findLast(({ path }) => path !== "/*")?.path ?? "none";
  metrics.request(route, c.res.status, seconds);
  if (first !== undefined) metrics.firstPiece(first);
  const line = { id: c.get("requestId"), method: c.req.method, route, status: c.res.status, ...known };
  log.info(
    { ...line, ms: Math.round(seconds * 1000), ...(first === undefined ? {} : { first_ms: Math.round(first * 1000) }) },
    "request",
  );
}

/** What was thrown, in the note and, where it is our own fault, in the log. */
export function noteFault({ log }: Pick<Service, "log">, c: Context<Noted>, thrown: unknown): Refusal {
  const refusal = refusalOf(thrown);
  const note = c.get("note");
  if (note !== undefined) note.code = refusal.code ?? null;
  if (refusal.status >= 500 && !(thrown instanceof Refused))
    log.error({ id: c.get("requestId"), ...faultOf(thrown) }, "fault");
  return refusal;
}

/** Our own errors say what and where; the message of any other may repeat what a user wrote. */
function faultOf(thrown: unknown): Record<string, unknown> {
  if (thrown instanceof TagprError) return { code: thrown.code, error: thrown.message, hint: thrown.hint };
  if (!(thrown instanceof Error)) return { error: typeof thrown };
  return {
    error: thrown.name,
    at: thrown.stack
      ?.split("\n")
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 8),
  };
}
