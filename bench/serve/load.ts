import { createParser } from "eventsource-parser";
import { Agent, request } from "undici";

/** One answer: milliseconds to its first token and to its end, and its tokens as the server counts them. */
export interface Answered {
  readonly first: number;
  readonly whole: number;
  readonly prompt: number;
  readonly tokens: number;
}

/** So many askers at once, each with its next request as soon as the last is answered. Times in milliseconds. */
export interface Load {
  readonly askers: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly tokensPerSecond: number;
  readonly first: { readonly p50: number; readonly p95: number };
  readonly whole: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly prompt: number;
}

export async function load(ask: (i: number) => Promise<Answered>, askers: number, requests: number): Promise<Load> {
  let next = 0;
  const answers: Answered[] = [];
  const started = performance.now();
  const one = async (): Promise<void> => {
    while (next < requests) answers.push(await ask(next++));
  };
  await Promise.all(Array.from({ length: askers }, one));
  const seconds = (performance.now() - started) / 1000;
  const sum = (pick: (one: Answered) => number): number => answers.reduce((all, one) => all + pick(one), 0);
  const firsts = answers.map(({ first }) => first);
  const wholes = answers.map(({ whole }) => whole);
  return {
    askers,
    requests,
    perSecond: requests / seconds,
    tokensPerSecond: sum(({ tokens }) => tokens) / seconds,
    first: { p50: quantile(firsts, 0.5), p95: quantile(firsts, 0.95) },
    whole: { p50: quantile(wholes, 0.5), p95: quantile(wholes, 0.95), p99: quantile(wholes, 0.99) },
    prompt: sum(({ prompt }) => prompt) / requests,
  };
}

/** The smallest value that this share of them does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const dispatcher = new Agent({ connections: 64, headersTimeout: 0, bodyTimeout: 0 });

/** Asks for a streamed completion, of a chat or of a text, and times what comes. Throws on anything but a whole answer. */
export async function streamed(url: string, body: object, headers: Record<string, string> = {}): Promise<Answered> {
  const started = performance.now();
  const reply = await request(url, {
    ...{ dispatcher, method: "POST", body: JSON.stringify({ ...body, stream: true }) },
    headers: { "content-type": "application/json", ...headers },
  });
  if (reply.statusCode !== 200) throw new Error(`${url} answered ${reply.statusCode}: ${await reply.body.text()}`);
  let [first, pieces, prompt, tokens] = [0, 0, 0, 0];
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === "[DONE]") return;
      const { choices = [], usage, error } = JSON.parse(data);
      if (error) throw new Error(`${url}: ${JSON.stringify(error)}`);
      const { text, delta } = choices[0] ?? {};
      const said = text || delta?.content || delta?.reasoning_content || "";
      if (said !== "" && pieces++ === 0) first = performance.now() - started;
      if (usage) [prompt, tokens] = [usage.prompt_tokens, usage.completion_tokens];
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of reply.body) parser.feed(decoder.decode(bytes, { stream: true }));
  return { first, whole: performance.now() - started, prompt, tokens: tokens || pieces };
}
