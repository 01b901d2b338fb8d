import { setTimeout as delay } from "node:timers/promises";
import PQueue from "p-queue";
import { messageOf, TagprError } from "../core/errors.ts";
import { isVariableName, secretInUrl } from "../core/secrets.ts";
import { type Ending, type EndpointName, endpointError, type Setting, saidOf, whoIs } from "./errors.ts";
import { type Flights, makeFlights } from "./flights.ts";
import type { Fetch } from "./http.ts";
import { NoReply, post } from "./post.ts";
import { backOff } from "./retry-after.ts";
import { verdictOf } from "./verdict.ts";

export interface EndpointOptions {
  /** Who it plays, for messages: `teacher`. */
  readonly role: string;
  /** Base URL, usually ending in /v1. */
  readonly url: string;
  /** Empty: none is needed. Never written, logged or put into an error. */
  readonly key: string;
  /** Name of the environment variable that held it, for hints. */
  readonly keyName?: string;
  readonly model: string;
  readonly fetch: Fetch;
  /** Requests in flight. */
  readonly concurrency?: number;
  /** Milliseconds that one answer may take, to its last byte. */
  readonly timeout?: number;
  /** Milliseconds that one request waits in all for an endpoint that is busy. */
  readonly maxWait?: number;
  /** How the command calls a setting in its hints; default `teacher.url`. */
  readonly setting?: EndpointName["setting"];
  /** Hears, in one line, what a person would otherwise wonder about: a long wait, a field that is left out. */
  readonly say?: (line: string) => void;
  /** Where requests on their way are counted, so that a stop can wait for them. */
  readonly flights?: Flights;
  /** The world; tests bring their own. `now` is for HTTP dates alone. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly random?: () => number;
  readonly now?: () => number;
}

/** What became of a request. */
export type Asked<T> = { readonly value: T } | { readonly end: Ending };

/** An OpenAI-compatible endpoint: limits, tries, waits. */
export interface Endpoint {
  readonly name: EndpointName;
  /** HTTP requests sent; answers that came broken or too late, which may have been billed all the same. */
  readonly tally: { sent: number; unusable: number };
  /** Whether it has ever answered well, so that its address and its key are right. */
  worked: boolean;
  readonly say: (line: string) => void;
  /**
   * One request and its tries. `read` throws on an answer that can't be used; `keep` is called at once with what it read, before
   * anything else can fail. What the request ends in is the caller's to judge.
   * @throws TagprError `llm` where no other request would fare better: wrong key, no money, unreachable, too long a wait
   */
  ask<T>(request: {
    readonly path: string;
    readonly body: object;
    readonly read: (body: unknown) => T;
    readonly keep?: (value: T) => void;
    /** Endings that another try would not change. */
    readonly final?: (end: Ending) => boolean;
  }): Promise<Asked<T>>;
  /**
   * Takes an ending for that one request's own outcome.
   * @throws TagprError `llm` when so many requests in a row ended badly that it is the endpoint
   */
  settle(end: Ending): void;
  /** Runs `job` for every index below `count`, at most `concurrency` at once; after one failure no other starts, and those on their way are awaited. */
  each(count: number, job: (i: number) => Promise<void>): Promise<void>;
}

/** Tries after the first where a service failed or can't be reached; of an answer that came broken, which may be paid for each time. */
const RETRIES = { failed: 5, unusable: 2 } as const;
/** Tries after the first where the request before failed too: it is rather the endpoint, and whoever started it waits for a word. */
const RETRIES_IN_ROW = 1;
/** Of the tries, what one costs that spent seconds on a connection which nobody took. */
const SLOW = 5;
/** Another try would meet the same: a port that `fetch` refuses, a certificate that isn't trusted. */
const FOR_GOOD = /bad port|certificate/i;
/** So many bad ends in a row are no longer those requests' own; at least twice as many as are in flight. */
const IN_A_ROW = 10;
/** The same where nothing has ever been answered. */
const AT_FIRST = 5;

export function openEndpoint(options: EndpointOptions): Endpoint {
  const name = nameOf(options);
  const { concurrency = 8, flights = makeFlights(), say = () => {}, random = Math.random, now = Date.now } = options;
  const { sleep = delayed, timeout = 600_000, maxWait = 300_000 } = options;
  const tally = { sent: 0, unusable: 0 };
  let pause: Promise<unknown> | null = null;
  let row = 0;
  /** Aborted when one request has ended the whole batch: the others wait for nothing more, and are not asked again. */
  let over = new AbortController();

  const attempt = async <T>(path: string, body: object, read: (body: unknown) => T, keep: (value: T) => void) => {
    tally.sent++;
    const to = { url: endpointUrl(name.url, path), key: name.key, fetch: options.fetch, timeoutMs: timeout };
    const verdict = await post({ ...to, body }).then((reply) => verdictOf(reply, now), endOf);
    if (verdict.kind !== "answer") return { end: verdict };
    const value = tryRead(read, verdict.body);
    if ("end" in value) return value;
    keep(value.value);
    endpoint.worked = true;
    row = 0;
    return value;
  };
  /** Everybody waits: what asked one request for patience would ask the next. */
  const hold = async (ms: number, end: Ending): Promise<void> => {
    if (pause === null)
      say(`${whoIs(name)} ${saidOf(name, end)}; waiting ${seconds(ms)} (${seconds(maxWait)} at most, in all)`);
    const own = Promise.all([pause, sleep(ms, over.signal)]);
    pause = own;
    await own;
    if (pause === own) pause = null;
  };
  /** Trying again takes a while in which nothing seems to happen; each reason is said once. */
  const mentioned = new Set<string>();
  const mention = (end: Ending): void => {
    const line = `${whoIs(name)} ${saidOf(name, end)}; asking again`;
    if (!mentioned.has(line)) say(line);
    mentioned.add(line);
  };
  const each = makeEach(concurrency);
  const endpoint: Endpoint = {
    ...{ name, tally, say, worked: false },
    ask: async ({ path, body, read, keep = () => {}, final = () => false }) => {
      const count = { failed: 0, unusable: 0, busy: 0 };
      let waited = 0;
      for (;;) {
        await pause;
        if (over.signal.aborted) throw new TagprError("llm", "another request has ended all");
        const asked = await flights.fly(() => attempt(path, body, read, keep));
        if ("value" in asked) return asked;
        const { end } = asked;
        if (end.kind === "closed" || end.kind === "elsewhere") throw endpointError(name, end, endpoint.worked);
        if (end.kind === "refused" || final(end)) return asked;
        if (end.kind === "busy") {
          // What it asks for, and never less than back-off: some say a millisecond, again and again.
          const wait = Math.max(end.after ?? 0, backOff(count.busy++, 1000, 60_000, random));
          if (waited + wait > maxWait) throw endpointError(name, end, endpoint.worked, tooLong(wait, waited));
          waited += wait;
          await hold(wait, end);
          continue;
        }
        const kind = end.kind === "unusable" || end.kind === "broken" ? "unusable" : "failed";
        if (kind === "unusable") tally.unusable++;
        const most = kind === "failed" && row > 0 ? RETRIES_IN_ROW : RETRIES[kind];
        const tries = count[kind];
        count[kind] += end.kind === "unreached" && /timeout/i.test(end.said) ? SLOW : 1;
        if (tries >= most || (end.kind === "unreached" && FOR_GOOD.test(end.said))) {
          if (end.kind === "unreached") throw endpointError(name, end, endpoint.worked);
          return asked;
        }
        mention(end);
        await sleep(backOff(tries, 500, 8000, random), over.signal);
      }
    },
    settle: (end) => {
      if (end.kind === "refused" && end.why === "content") return;
      const most = endpoint.worked || end.kind === "refused" ? Math.max(IN_A_ROW, 2 * concurrency) : AT_FIRST;
      if (++row >= most)
        throw endpointError(name, end, endpoint.worked, `${most} requests in a row had no answer; the last: `);
    },
    each: async (count, job) => {
      if (over.signal.aborted) over = new AbortController();
      await each(count, job, () => over.abort());
    },
  };
  return endpoint;
}

const delayed = (ms: number, signal: AbortSignal): Promise<unknown> => delay(ms, undefined, { signal }).catch(() => {});

function makeEach(concurrency: number) {
  const queue = new PQueue({ concurrency });
  return async (count: number, job: (i: number) => Promise<void>, onFailure: () => void): Promise<void> => {
    let failure: { readonly error: unknown } | undefined;
    const run = async (i: number): Promise<void> => {
      if (failure) return;
      try {
        await job(i);
      } catch (error) {
        failure ??= { error };
        onFailure();
      }
    };
    await Promise.all(Array.from({ length: count }, (_, i) => queue.add(() => run(i))));
    if (failure) throw failure.error;
  };
}

const seconds = (ms: number): string => `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;

function tooLong(wait: number, waited: number): string {
  return waited === 0 ? `asks to wait ${seconds(wait)}: ` : `still busy after ${seconds(waited)}: `;
}

function tryRead<T>(read: (body: unknown) => T, body: unknown): Asked<T> {
  try {
    return { value: read(body) };
  } catch (error) {
    return { end: { kind: "unusable", said: messageOf(error) } };
  }
}

/** Why no answer came. */
function endOf(error: unknown): Ending {
  if (error instanceof NoReply) return { kind: error.kind, said: error.message };
  throw error;
}

/** `path` below the base URL, whose query (an API's version) stays. */
function endpointUrl(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${path}`;
  return url.href;
}

function nameOf(options: EndpointOptions): EndpointName {
  const { role, url, model, keyName = "OPENAI_API_KEY" } = options;
  const setting = options.setting ?? ((name: Setting) => `${role}.${name}`);
  const fault = (what: string, hint: string) => new TagprError("usage", what, { hint });
  const secret = secretInUrl(url);
  const its = setting("url") ?? "the URL";
  if (secret !== null) throw fault(`${its} holds ${secret}`, "Take it out: a key comes from an environment variable.");
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw fault(`${its} "${url}" is not a URL`, `Set ${its}, e.g. https://api.openai.com/v1.`);
  if (!isVariableName(keyName))
    throw fault(
      `the key of the ${role} endpoint stands where the name of an environment variable belongs`,
      "Put the key into a variable, e.g. OPENAI_API_KEY, and give the variable's name.",
    );
  const key = options.key.trim();
  if (!/^[\x21-\x7e]*$/.test(key))
    throw fault(
      `the key in ${keyName} holds a blank, a line end or another character that no key has`,
      "Copy it again, without what stands around it.",
    );
  return { role, url, model, key, keyName, setting };
}
