import type { Endpoint } from "./endpoint.ts";
import { type Ending, whoIs } from "./errors.ts";
import type { ChatRequest } from "./types.ts";

/** Fields that not every service takes. What it refuses is left out from then on, and that is said once. */
export type Optional = "n" | "seed" | "temperature" | "max_tokens";

/** Fields left out so far; `n`: samples are asked for one by one; `max_tokens`: it goes by its newer name. */
export type LeftOut = Set<Optional>;

/** The body of one HTTP request for up to `n` samples, the first of them the `from`-th of its request. */
export function bodyOf(model: string, request: ChatRequest, n: number, from: number, without: ReadonlySet<Optional>) {
  const limit = without.has("max_tokens") ? "max_completion_tokens" : "max_tokens";
  return {
    ...request.extra,
    model,
    messages: request.messages,
    ...(without.has("temperature") ? {} : { temperature: request.temperature }),
    ...(n > 1 && !without.has("n") ? { n } : {}),
    ...(request.seed === undefined || without.has("seed") ? {} : { seed: request.seed + from }),
    [limit]: request.maxTokens,
  };
}

const NAMED: readonly (readonly [Optional, RegExp])[] = [
  ["max_tokens", /max_completion_tokens/],
  ["temperature", /temperature/i],
  ["seed", /\bseed\b/i],
  ["n", /\bn\b|completion choice|multiple (choices|completions|samples)|number of (choices|completions|samples)/i],
];

/** The field that a refusal names, of those that were sent. */
export function refusedField(end: Ending, sent: readonly Optional[]): Optional | null {
  if (end.kind !== "refused" && end.kind !== "failed") return null;
  const found = NAMED.find(([field, pattern]) => sent.includes(field) && pattern.test(end.said));
  return found?.[0] ?? null;
}

/** The optional fields of a body, in the order in which they are tried without where a refusal names none. */
export function optionalIn(body: object): Optional[] {
  return (["n", "seed", "temperature", "max_tokens"] as const).filter((field) => field in body);
}

const INSTEAD: Readonly<Record<Optional, string>> = {
  n: "samples are asked for one by one",
  seed: "seed is left out, so the same samples can't be had again by asking",
  temperature: "temperature is left out, so the model's own holds",
  max_tokens: "max_tokens goes by the name max_completion_tokens",
};

/** Leaves a field out for good; says so the first time. */
export function leaveOut(endpoint: Endpoint, leftOut: LeftOut, field: Optional, why: string): void {
  if (leftOut.has(field)) return;
  leftOut.add(field);
  endpoint.say(`${whoIs(endpoint.name)} ${why}; ${INSTEAD[field]}`);
}
