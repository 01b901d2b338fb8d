import { TagprError } from "../../core/errors.ts";
import { type ChatClientOptions, makeChatClient } from "../client.ts";
import type { ChatRequest } from "../types.ts";
import { fakeFetch } from "./fake-endpoint.ts";

export const ask = (content: string, more: Partial<ChatRequest> = {}): ChatRequest => ({
  ...{ messages: [{ role: "user", content }], n: 1, temperature: 1, maxTokens: 64, ...more },
});
export const many = (count: number, more: Partial<ChatRequest> = {}) =>
  Array.from({ length: count }, (_, i) => ask(`q${i}`, more));

/** A client of the fake with that manner; nothing is slept, waits are kept. */
export function open(model: string, more: Partial<ChatClientOptions> = {}) {
  const { fetch, served } = fakeFetch();
  const [said, waits]: [string[], number[]] = [[], []];
  const chat = makeChatClient({
    ...{ role: "teacher", url: "http://api.test/v1", key: "", model, fetch, concurrency: 1 },
    ...{ sleep: async (ms) => waits.push(ms), random: () => 1, say: (line) => said.push(line), ...more },
  });
  return { chat, served, said, waits };
}

export async function failure(work: Promise<unknown>): Promise<TagprError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (error instanceof TagprError) return error;
  throw new Error(`expected a TagprError, got ${JSON.stringify(error)}`);
}
