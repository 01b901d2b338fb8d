import type { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { storeLost } from "../store/fault.ts";
import { KeyReused } from "../store/requests.ts";
import { UserGone } from "../store/user.ts";
import { LIMITS } from "./limits.ts";

/** A request that is not served, in OpenAI's words: HTTP status, kind, the field at fault. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 415 | 422 | 429 | 499 | 500 | 503 | 504;
  readonly message: string;
  readonly param?: string | null;
  readonly code?: string | null;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
}

/** How a {@link Refusal} travels from where it is noticed to where it is answered. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.message, cause === undefined ? {} : { cause });
    this.name = "Refused";
    this.refusal = refusal;
  }
}

const TYPES: Readonly<Record<Refusal["status"], string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "invalid_request_error",
  405: "invalid_request_error",
  408: "timeout_error",
  413: "invalid_request_error",
  415: "invalid_request_error",
  422: "invalid_request_error",
  429: "rate_limit_error",
  499: "client_error",
  500: "server_error",
  503: "server_error",
  504: "timeout_error",
};

/** The body of a refusal, as OpenAI's clients read it. */
export const errorOf = ({ status, message, param = null, code = null }: Refusal) => ({
  error: { message, type: TYPES[status], param, code },
});

/** Why a server that stops cuts off what it still answers. */
export const stopped = (): Refused =>
  new Refused({ status: 503, message: "the server stops", code: "stopping", retryAfter: LIMITS.retryAfter });

/** Why nobody is answered any more; 499 is nginx's number for it, which only the log sees. */
export const clientLeft = (): Refused => new Refused({ status: 499, message: "the client left", code: "client_left" });

/** What anything thrown while a request was served becomes. What no one foresaw is said to the log alone. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refused) return thrown.refusal;
  if (thrown instanceof TagprError) return ofTagpr(thrown);
  if (thrown instanceof UserGone)
    return { status: 404, message: "there is no such user. PUT /v1/users/{id} makes one.", code: "user_not_found" };
  if (thrown instanceof KeyReused) return { status: 422, message: thrown.message, code: "idempotency_key_reused" };
  if (storeLost(thrown))
    return { status: 503, message: "the store can't be reached", code: "store_lost", retryAfter: LIMITS.retryAfter };
  if (thrown instanceof DOMException && thrown.name === "TimeoutError")
    return { status: 504, message: "the answer took longer than this server allows", code: "deadline" };
  return { status: 500, message: "a fault in TagPR; the log has this request's id", code: "internal" };
}

function ofTagpr({ code, message, hint }: TagprError): Refusal {
  const told = hint === undefined ? message : `${message}. ${hint}`;
  if (code === "usage" || code === "data") return { status: 400, message: told, code: "invalid_value" };
  if (code === "engine_lost")
    return { status: 503, message: "the engine was lost, and is started again", code: "engine_lost", retryAfter: 5 };
  // Paths and log lines of this machine are for who runs the server.
  return { status: 500, message: "the model can't be asked; the log has this request's id", code };
}

/** The first thing that is wrong with a body, with the path of its field. */
export function invalid(error: z.ZodError): Refused {
  const [issue] = error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const param = path.reduce<string>(
    (at, key) => (typeof key === "number" ? `${at}[${key}]` : at === "" ? String(key) : `${at}.${String(key)}`),
    "",
  );
  const what = unknown === undefined ? (issue?.message ?? "is wrong") : "is no field of this API, or not served";
  return new Refused({
    status: 400,
    message: `${param === "" ? "the body" : param}: ${what}`,
    param: param || null,
    code: "invalid_value",
  });
}
