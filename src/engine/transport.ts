import { createWriteStream, writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { awakeTimeout } from "../core/awake.ts";
import { writeFault } from "../core/disk.ts";
import { messageOf, TagprError } from "../core/errors.ts";
import { guardDisk } from "../core/jsonl.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";

/** What we need of `fetch`; the global one will do. */
export type Fetch = (url: string, init: RequestInit) => Promise<Reply>;
type Reply = Pick<Response, "status" | "arrayBuffer"> & {
  readonly headers: Pick<Headers, "get">;
  /** The body as it comes; absent or null: whole, by `arrayBuffer`. */
  readonly body?: unknown;
};

/** How an engine is reached. Everything impure comes in here. */
export interface Transport {
  /** Without a slash at the end. */
  readonly url: string;
  readonly key: string;
  readonly fetch: Fetch;
  /** Rejects early when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Longest wait for the answer to one request, an hour when left out: a proxy may drop one without a word. */
  readonly answerMs?: number;
  /** Aborted, with a `TagprError` as its reason, when the process behind `url` has died. */
  readonly lost?: AbortSignal;
  /** Asked where an answer says that something isn't there: throws a `TagprError` if the whole session is gone. */
  readonly checkSession?: () => Promise<void>;
}

export interface Call {
  readonly method?: "GET" | "POST" | "DELETE";
  /** From the root: `/api/v1/optim_step`. */
  readonly path: string;
  /** JSON, or protobuf when bytes. */
  readonly body?: Readonly<Record<string, unknown>> | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * May be sent again when the connection breaks with the answer still out. Never for a gradient or an optimizer step:
   * the first one may have been taken.
   */
  readonly repeatable?: boolean;
  /** Give up on this one request after so long; the caller asks again. */
  readonly timeoutMs?: number;
  /** Ends the request, and what is still to come of its answer; its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** Thrown when `timeoutMs` ran out: a long poll that simply has to be asked again. */
export class PollTimeout extends Error {}

const TRIES = 5;
const HOUR_MS = 3_600_000;
/** The request can't have reached the engine, so that any call may be sent again. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);
/** How long a broken connection waits for word that the process behind it died. */
const LAST_WORDS_MS = 3000;

/** Sends one request, again after connection errors where that is safe; the answer may still be an error status. */
export async function send(transport: Transport, call: Call, take: TakeBody = whole): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    transport.lost?.throwIfAborted();
    try {
      const answer = await sendOnce(transport, call, take);
      if (tries < TRIES && (answer.status === 429 || answer.status === 503)) {
        await transport.sleep(backoff(tries));
        continue;
      }
      if (answer.status === 404 || answer.status === 410) await transport.checkSession?.();
      return answer;
    } catch (error) {
      call.signal?.throwIfAborted();
      if (error instanceof PollTimeout || error instanceof TagprError) throw error;
      await lastWords(transport);
      const again = call.repeatable === true || NEVER_SENT.has(causeCode(error));
      if (!again || tries === TRIES) throw unreachable(transport, call, error);
      await transport.sleep(backoff(tries));
    }
  }
}

/** Like {@link send}, but the body of a good answer goes into a file as it comes: archives may be larger than memory. */
export async function download(transport: Transport, call: Call, file: string): Promise<Answer> {
  return send(transport, call, async (reply) => {
    if (reply.status >= 400 || reply.body === undefined || reply.body === null) {
      const bytes = new Uint8Array(await reply.arrayBuffer());
      if (reply.status < 400) guardDisk(file, () => writeFileSync(file, bytes));
      return bytes;
    }
    const target = createWriteStream(file);
    await pipeline(Readable.from(reply.body as AsyncIterable<Uint8Array>), target).catch((error: unknown) => {
      throw writeFault(file, error) ?? error;
    });
    return new Uint8Array();
  });
}

/**
 * The body of a good answer as it comes; a refusal becomes a `TagprError` with the engine's own text. Whoever stops
 * reading ends the request.
 */
export async function* receive(transport: Transport, call: Call): AsyncGenerator<Uint8Array> {
  let body: unknown;
  const answer = await send(transport, call, async (reply) => {
    if (reply.status < 400) body = reply.body;
    return body === undefined || body === null ? whole(reply) : new Uint8Array();
  });
  if (answer.status >= 400) throw refusal(transport, call.path, answer);
  if (body === undefined || body === null) yield answer.bytes;
  else
    try {
      yield* body as AsyncIterable<Uint8Array>;
    } catch (error) {
      call.signal?.throwIfAborted();
      await lastWords(transport);
      throw unreachable(transport, call, error);
    }
}

type TakeBody = (reply: Reply) => Promise<Uint8Array>;
const whole: TakeBody = async (reply) => new Uint8Array(await reply.arrayBuffer());

async function sendOnce(transport: Transport, call: Call, take: TakeBody): Promise<Answer> {
  const headers: Record<string, string> = { ...call.headers };
  if (transport.key !== "") headers["X-API-Key"] = transport.key;
  const init: RequestInit = { method: call.method ?? "POST", headers };
  if (call.body instanceof Uint8Array) {
    headers["Content-Type"] = "application/x-protobuf";
    init.body = call.body as Uint8Array<ArrayBuffer>;
  } else if (call.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(call.body);
  }
  const limit = call.timeoutMs ?? transport.answerMs ?? HOUR_MS;
  const time = awakeTimeout(limit);
  init.signal = call.signal === undefined ? time.signal : AbortSignal.any([time.signal, call.signal]);
  try {
    const response = await transport.fetch(`${transport.url}${call.path}`, init);
    const bytes = await take(response);
    return { status: response.status, contentType: response.headers.get("content-type") ?? "", bytes };
  } catch (error) {
    if (!time.signal.aborted) throw error;
    throw call.timeoutMs === undefined ? unanswered(transport, call, limit) : new PollTimeout();
  } finally {
    time.end();
  }
}

const unanswered = (transport: Transport, call: Call, limit: number): TagprError =>
  new TagprError(
    "engine",
    `the engine at ${withoutSecrets(transport.url)} gave no answer to ${call.path} in ${Math.ceil(limit / 60_000)} min`,
    { hint: "Something between here and there dropped the request, or the server is stuck: look at its log." },
  );

/** 0.1 s, 0.2 s, … */
const backoff = (tries: number): number => 100 * 2 ** (tries - 1);

/** A broken connection to our own engine usually means that it died: waits for that news, which says more. */
async function lastWords({ lost, sleep }: Transport): Promise<void> {
  if (lost === undefined) return;
  if (!lost.aborted) await sleep(LAST_WORDS_MS, lost).catch(() => undefined);
  lost.throwIfAborted();
}

/** `fetch` hides the reason in the cause; undici shows it. */
function causeCode(error: unknown): string {
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return reason instanceof Error && "code" in reason ? String(reason.code) : "";
}

function unreachable(transport: Transport, call: Call, error: unknown): TagprError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const said = redact(messageOf(cause), transport.key);
  return new TagprError(
    "engine",
    `the engine at ${withoutSecrets(transport.url)} can't be reached (${call.path}): ${said}`,
    {
      hint: "Check that it runs and that the url in the config is right. Run the same command again: it goes on from its last checkpoint.",
      cause: error,
    },
  );
}

/** Sends and reads JSON; any error status becomes a `TagprError` with the engine's own text. */
export async function sendJson<T>(transport: Transport, call: Call): Promise<T> {
  const answer = await send(transport, call);
  if (answer.status >= 400) throw refusal(transport, call.path, answer);
  return parseJson<T>(transport, call.path, answer);
}

/** `T` is the protocol's promise; a body that is no JSON is named as such. */
export function parseJson<T>(transport: Transport, what: string, answer: Answer): T {
  let value: unknown;
  try {
    value = JSON.parse(text(answer));
  } catch (error) {
    throw noAnswer(transport, what, answer, "JSON", error);
  }
  // Every answer of the protocol is an object; null, a list or a number has no field to be read.
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw noAnswer(transport, what, answer, "a JSON object");
  return value as T;
}

function noAnswer(transport: Transport, what: string, answer: Answer, wanted: string, cause?: unknown): TagprError {
  const said = clip(redact(text(answer), transport.key));
  return new TagprError(
    "engine",
    `${withoutSecrets(transport.url)} answered ${what} with something that is not ${wanted}: ${said}`,
    { hint: "Is this a Tinker server? Check the url in the config.", cause },
  );
}

/** The engine's own words in a `TagprError`. */
export function refusal(transport: Transport, what: string, answer: Answer, hint?: string): TagprError {
  const said = clip(redact(errorText(answer), transport.key));
  const name = what.replace(/^\/(api\/)?v1\//, "");
  const own = hint ?? HINTS[answer.status];
  // The engine's own disk: as if ours had refused.
  if (/No space left on device|Disk quota exceeded|Read-only file system/.test(said))
    return new TagprError(
      "environment",
      `the engine at ${withoutSecrets(transport.url)} can't write (${name}): ${said}`,
      {
        hint: "Nothing half-written counts. Make room where it keeps its weights, and run the same command again: it goes on from there.",
      },
    );
  return new TagprError(
    "engine",
    said === ""
      ? `the engine at ${withoutSecrets(transport.url)} failed at ${name} without a reason (HTTP ${answer.status})`
      : `the engine at ${withoutSecrets(transport.url)} refused ${name}: ${said}`,
    own === undefined ? {} : { hint: own },
  );
}

const HINTS: Readonly<Record<number, string>> = {
  401: "Wrong or missing key: check the environment variable that the config's key_env names.",
  403: "Wrong or missing key: check the environment variable that the config's key_env names.",
  500: "The server's own log says more.",
};

/** SkyRL `{detail}` (text or pydantic's list), hosted `{error}`, OpenAI `{error: {message}}`, or bare text. */
export function errorText(answer: Answer): string {
  const body = text(answer);
  try {
    const { detail, error } = JSON.parse(body) as { detail?: unknown; error?: unknown };
    if (Array.isArray(detail)) return detail.map(pydanticLine).join("; ");
    if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
    return String(detail ?? error ?? body);
  } catch {
    return body.trim() === "Internal Server Error" ? "" : body.trim();
  }
}

function pydanticLine(line: unknown): string {
  const { loc, msg } = line as { loc?: readonly unknown[]; msg?: string };
  return `${(loc ?? []).filter((part) => part !== "body").join(".")}: ${msg ?? JSON.stringify(line)}`;
}

const text = (answer: Answer): string => new TextDecoder().decode(answer.bytes);
const clip = (said: string): string => (said.length > 600 ? `${said.slice(0, 600)}…` : said);
