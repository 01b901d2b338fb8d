import { TagprError } from "../core/errors.ts";
import { type Answer, errorText, PollTimeout, parseJson, refusal, send, type Transport } from "./transport.ts";

/** One long poll; the SDK's own figure. */
const POLL_MS = 45_000;
const BARE_FAILURES = 3;

export interface Pending {
  readonly requestId: string;
  /** `forward_backward (gspo)`, for messages. */
  readonly what: string;
}

/**
 * Long-polls a future until its result is there. Every engine says "not yet" in its own way: HTTP 408, `try_again`, or
 * silence; and "failed" in its own way: HTTP 400/500 with `detail`, 200 with `error`, or a bare 500.
 */
export async function retrieve(transport: Transport, pending: Pending, deadlineMs: number): Promise<Answer> {
  let waited = 0;
  let last = transport.now();
  let bare = 0;
  for (;;) {
    if (waited > deadlineMs) throw overdue(transport, pending, deadlineMs);
    const answer = await poll(transport, pending.requestId, Math.min(POLL_MS, deadlineMs));
    // No poll lasts longer: what is beyond was this process's own sleep, in which nobody could have answered it.
    const now = transport.now();
    waited += Math.min(now - last, 2 * POLL_MS);
    last = now;
    if (answer === null || answer.status === 408) {
      await transport.sleep(10);
    } else if (answer.status >= 500 && errorText(answer) === "" && ++bare < BARE_FAILURES) {
      await transport.sleep(200 * bare);
    } else if (answer.status >= 400) {
      throw refusal(transport, pending.what, answer);
    } else if (isResult(transport, pending, answer)) {
      return answer;
    } else {
      await transport.sleep(200);
    }
  }
}

async function poll(transport: Transport, requestId: string, timeoutMs: number): Promise<Answer | null> {
  try {
    return await send(transport, {
      path: "/api/v1/retrieve_future",
      body: { request_id: requestId },
      repeatable: true,
      timeoutMs,
    });
  } catch (error) {
    if (error instanceof PollTimeout) return null;
    throw error;
  }
}

function isResult(transport: Transport, pending: Pending, answer: Answer): boolean {
  if (answer.contentType.startsWith("application/x-protobuf")) return true;
  const body = parseJson<{ type?: unknown; error?: unknown; category?: unknown }>(transport, pending.what, answer);
  if (body.type === "try_again") return false;
  if (body.error !== undefined && body.error !== null) throw refusal(transport, pending.what, answer);
  return true;
}

function overdue(transport: Transport, pending: Pending, deadlineMs: number): TagprError {
  const minutes = Math.round(deadlineMs / 60_000);
  return new TagprError(
    "engine",
    `the engine at ${transport.url} gave no result of ${pending.what} in ${minutes} min`,
    {
      hint: "The server is stuck or far too slow for this batch: look at its log, or use smaller batches.",
    },
  );
}
