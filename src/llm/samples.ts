import { readCompletion } from "./completion.ts";
import type { Asked, Endpoint } from "./endpoint.ts";
import { type Ending, saidOf } from "./errors.ts";
import { bodyOf, type LeftOut, leaveOut, type Optional, optionalIn, refusedField } from "./quirks.ts";
import type { ChatRequest, ChatResult } from "./types.ts";

const PATH = "chat/completions";

/** What has been learnt of a service: fields that it refused, fields that it took. */
export interface Learnt {
  readonly leftOut: LeftOut;
  readonly taken: Set<Optional>;
}

/**
 * One answer of up to `n` samples. A refusal that names a field is asked again without it; one that names none is tried without
 * each optional field that the service has never taken, and without all of them.
 */
export async function askSamples(
  endpoint: Endpoint,
  learnt: Learnt,
  request: ChatRequest,
  part: { readonly n: number; readonly from: number; readonly keep: (result: ChatResult) => void },
): Promise<Asked<ChatResult>> {
  const { leftOut, taken } = learnt;
  const ask = async (without: ReadonlySet<Optional>, trial = false) => {
    const body = bodyOf(endpoint.name.model, request, part.n, part.from, without);
    const sent = optionalIn(body);
    const asked = await endpoint.ask({
      ...{ path: PATH, body, keep: part.keep },
      read: (answer) => readCompletion(answer, part.n),
      final: (end) => trial || refusedField(end, sent) !== null,
    });
    if ("value" in asked) learn(endpoint, learnt, sent, asked.value);
    return { asked, sent };
  };
  for (;;) {
    const { asked, sent } = await ask(leftOut);
    if ("value" in asked) return asked;
    const named = refusedField(asked.end, sent);
    if (named === null)
      return (
        (await askWithout(
          sent.filter((field) => field !== "max_tokens" && !taken.has(field)),
          asked.end,
        )) ?? asked
      );
    leaveOut(endpoint, leftOut, named, saidOf(endpoint.name, asked.end));
  }

  /** The same without each of the fields, then without all; null where that changes nothing. */
  async function askWithout(fields: readonly Optional[], end: Ending): Promise<Asked<ChatResult> | null> {
    const worth = end.kind === "refused" ? end.why === null : end.kind === "failed" && fields.includes("n");
    const apart = (end.kind === "failed" ? (["n"] as const) : fields).map((field) => [field]);
    const trials = worth ? [...apart, ...(end.kind === "refused" && fields.length > 1 ? [fields] : [])] : [];
    for (const trial of trials) {
      const { asked } = await ask(new Set([...leftOut, ...trial]), true);
      if (!("value" in asked)) continue;
      for (const field of trial) leaveOut(endpoint, leftOut, field, saidOf(endpoint.name, end));
      return asked;
    }
    return null;
  }
}

function learn(endpoint: Endpoint, { leftOut, taken }: Learnt, sent: readonly Optional[], { texts }: ChatResult): void {
  for (const field of sent) if (field !== "n" || texts.length > 1) taken.add(field);
  if (sent.includes("n") && texts.length === 1 && !taken.has("n"))
    leaveOut(endpoint, leftOut, "n", "gives one sample whatever n says");
}
