import type { Reply } from "./post.ts";
import { retryAfter } from "./retry-after.ts";
import { bodyOf, sentenceOf } from "./sentence.ts";

/** What one answer means for the request, and `said`, the server's own words. */
export type Verdict =
  /** A 200 whose JSON says no error; whether it can be used, its reader knows. */
  | { readonly kind: "answer"; readonly body: unknown }
  /** Too much to do: the same again later. `after`: milliseconds that it asks for. */
  | { readonly kind: "busy"; readonly status: number; readonly said: string; readonly after: number | null }
  /** The service failed. */
  | { readonly kind: "failed"; readonly status: number; readonly said: string }
  /** A 200 that is no answer, or half of one. It may have been paid for. */
  | { readonly kind: "unusable"; readonly said: string }
  /** This request as it stands is not taken. `why`: what of it, where the answer says so. */
  | { readonly kind: "refused"; readonly status: number; readonly said: string; readonly why: "content" | null }
  /** Nothing that could be asked would be answered: key, money, address, model. */
  | { readonly kind: "closed"; readonly status: number; readonly said: string };

/** Codes and words by which services refuse what a prompt says, or its length: no other request is to blame. */
const CONTENT =
  /content_filter|content_policy|content policy|moderation|flagged|safety|data_inspection_failed|sensitive|context_length|context length|maximum context|context window|too long|too many tokens|string_above_max_length/i;
const NO_MONEY = /insufficient_quota|insufficient_balance|insufficient balance|billing_not_active|billing_hard_limit/i;
/** Some services say it with a 400. */
const WRONG_KEY = /api.?key not valid|(invalid|incorrect).{0,4}api.?key/i;

export function verdictOf(reply: Reply, now: () => number): Verdict {
  const body = bodyOf(reply.text);
  const said = sentenceOf(reply.text);
  if (reply.status >= 200 && reply.status < 300) {
    if (body === undefined) return { kind: "unusable", said };
    const inside = errorInside(body);
    if (inside === null) return { kind: "answer", body };
    return ofStatus(inside, said, body, retryAfter(reply.headers, now));
  }
  return ofStatus(reply.status, said, body, retryAfter(reply.headers, now));
}

/** A gateway's error that comes with a 200 and no code of its own stays one of 200, and counts as a failure of the service. */
function ofStatus(status: number, said: string, body: unknown, after: number | null): Verdict {
  const words = `${said} ${codesOf(body)}`;
  if (NO_MONEY.test(words) || WRONG_KEY.test(words)) return { kind: "closed", status, said };
  if (status === 429 || status === 529 || (status >= 500 && after !== null))
    return { kind: "busy", status, said, after };
  if (status >= 500 || status === 200 || status === 408 || status === 409 || status === 425)
    return { kind: "failed", status, said };
  const content = CONTENT.test(words);
  if (status === 400 || status === 413 || status === 422 || (status === 403 && content))
    return { kind: "refused", status, said, why: content || status === 413 ? "content" : null };
  return { kind: "closed", status, said };
}

/** A gateway's error in a 200: its status, 200 where it has none; null where there is no error. */
function errorInside(body: unknown): number | null {
  const error = field(body, "error");
  if (error === undefined || error === null || error === "" || hasAnswer(body)) return null;
  const code = Number(field(error, "code") ?? field(error, "status"));
  return Number.isInteger(code) && code >= 400 && code < 600 ? code : 200;
}

const hasAnswer = (body: unknown): boolean => {
  const list = field(body, "choices") ?? field(body, "data");
  return Array.isArray(list) && list.length > 0;
};

/** Words of an error that are meant for programs. */
function codesOf(body: unknown): string {
  const error = field(body, "error") ?? body;
  return ["code", "type", "param"].map((name) => String(field(error, name) ?? "")).join(" ");
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
