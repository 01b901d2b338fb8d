import OpenAI from "openai";
import PQueue from "p-queue";
import { TagprError } from "../core/errors.ts";
import { type EndpointName, endpointError } from "./errors.ts";

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
  readonly fetch: typeof fetch;
  /** Requests in flight. */
  readonly concurrency?: number;
  /** Tries after the first; waits double from half a second, or are what Retry-After says. */
  readonly retries?: number;
  /** Longest wait for one answer, in milliseconds. */
  readonly timeout?: number;
}

/** An OpenAI-compatible endpoint with a limit on requests in flight. */
export interface Endpoint {
  readonly name: EndpointName;
  readonly api: OpenAI;
  /** Runs `job` for every index below `count`, at most `concurrency` at once; after one failure no other starts. */
  each(count: number, job: (i: number) => Promise<void>): Promise<void>;
}

export function openEndpoint(options: EndpointOptions): Endpoint {
  const { role, url, key, model, keyName = "OPENAI_API_KEY" } = options;
  if (!URL.canParse(url))
    throw new TagprError("usage", `${role}.url "${url}" is not a URL`, {
      hint: `Set ${role}.url, e.g. https://api.openai.com/v1.`,
    });
  const name = { role, url, model, key, keyName };
  const api = new OpenAI({
    baseURL: url,
    apiKey: key || "none",
    organization: null,
    project: null,
    fetch: options.fetch,
    maxRetries: options.retries ?? 5,
    timeout: options.timeout ?? 600_000,
    logLevel: "off",
  });
  const queue = new PQueue({ concurrency: options.concurrency ?? 8 });
  const each = async (count: number, job: (i: number) => Promise<void>): Promise<void> => {
    let failure: TagprError | undefined;
    const run = async (i: number): Promise<void> => {
      if (failure) return;
      try {
        await job(i);
      } catch (error) {
        failure ??= endpointError(name, error);
      }
    };
    await Promise.all(Array.from({ length: count }, (_, i) => queue.add(() => run(i))));
    if (failure) throw failure;
  };
  return { name, api, each };
}
