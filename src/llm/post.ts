import { awakeTimeout } from "../core/awake.ts";
import { messageOf } from "../core/errors.ts";
import { withoutSecrets } from "../core/secrets.ts";
import type { Fetch, HttpReply } from "./http.ts";

/** A whole answer, of whatever status. */
export interface Reply {
  readonly status: number;
  readonly headers: HttpReply["headers"];
  readonly text: string;
}

/** Why no whole answer came. */
export class NoReply extends Error {
  /** `unreached`: the request never got there; `broken`: no whole answer came back; `elsewhere`: a redirect to another origin. */
  readonly kind: "unreached" | "broken" | "elsewhere";
  constructor(kind: NoReply["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

export interface Post {
  readonly url: string;
  readonly key: string;
  readonly body: object;
  readonly fetch: Fetch;
  /** For headers and body together. */
  readonly timeoutMs: number;
}

const MOST_HOPS = 3;

/**
 * One request to its end. A redirect within the origin is followed; one to another origin is refused, since key and prompts would go
 * where nobody configured them to go.
 * @throws NoReply
 */
export async function post({ url, key, body, fetch, timeoutMs }: Post): Promise<Reply> {
  const time = awakeTimeout(timeoutMs);
  let reached = false;
  const once = async (at: string, hops: number): Promise<Reply> => {
    const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json" };
    if (key !== "") headers.authorization = `Bearer ${key}`;
    const init = {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: time.signal,
      redirect: "manual",
    } as const;
    const reply = await fetch(at, init);
    reached = true;
    const location = reply.status >= 300 && reply.status < 400 ? reply.headers.get("location") : null;
    if (location === null || !URL.canParse(location, at))
      return { status: reply.status, headers: reply.headers, text: await reply.text() };
    const target = new URL(location, at);
    if (target.origin !== new URL(at).origin) throw new NoReply("elsewhere", withoutSecrets(target.href));
    if (hops === MOST_HOPS) throw new NoReply("elsewhere", `${withoutSecrets(target.href)}, in a circle`);
    return once(target.href, hops + 1);
  };
  try {
    return await once(url, 0);
  } catch (error) {
    if (error instanceof NoReply) throw error;
    if (time.signal.aborted) throw new NoReply("broken", `no whole answer within ${timeoutMs / 1000} s`);
    if (!reached && neverSent(error)) throw new NoReply("unreached", reasonOf(error));
    throw new NoReply("broken", `no whole answer, the connection was cut: ${reasonOf(error)}`);
  } finally {
    time.end();
  }
}

const NEVER_SENT =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT|ERR_TLS|ERR_SSL|bad port/;

/** `fetch` hides the reason in the cause. */
function neverSent(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return NEVER_SENT.test(`${code} ${messageOf(cause)}`);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause) || (cause instanceof Error && "code" in cause ? String(cause.code) : "no reason given");
}
