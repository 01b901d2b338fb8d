import { Agent, fetch } from "undici";

/** What an endpoint's client needs of `fetch`; the global one will do in tests. */
export type Fetch = (url: string, init: PostInit) => Promise<HttpReply>;

export interface PostInit {
  readonly method: "POST";
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** A redirect comes back as it is: who follows it has to look where it goes. */
  readonly redirect: "manual";
}

export interface HttpReply {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** For a connection alone: where nobody takes one, that is said soon. */
const CONNECT_MS = 7000;

/**
 * `fetch` without time limits on answers. The global one gives up on headers, and on a silent body, after five minutes,
 * whatever the caller's signal allows: a long answer would be thrown away, asked again, and paid again.
 */
export function patientFetch(): Fetch {
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { timeout: CONNECT_MS } });
  return (url, init) => fetch(url, { ...init, dispatcher });
}
