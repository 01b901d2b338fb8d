import { describe, expect, it } from "vitest";
import { connectEngine } from "./client.ts";
import type { Fetch } from "./transport.ts";
import type { SampleRequest, StreamedTokens } from "./types.ts";

const REQUEST: SampleRequest = {
  prompt: [5, 6],
  numSamples: 2,
  seed: 3,
  params: { maxTokens: 4, temperature: 0, topP: 0.9, stop: [2] },
};
const LINES = [
  { request_id: "1" },
  { sample: 0, tokens: [7], stop_reason: null },
  { sample: 1, tokens: [8, 9], stop_reason: null },
  { sample: 1, tokens: [2], stop_reason: "stop" },
  { sample: 0, tokens: [7], stop_reason: "length" },
];
const TOKENS: StreamedTokens[] = [
  { sample: 0, tokens: [7], finish: null },
  { sample: 1, tokens: [8, 9], finish: null },
  { sample: 1, tokens: [2], finish: "stop" },
  { sample: 0, tokens: [7], finish: "length" },
];
const textOf = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

/** A server whose answer to `sample_stream` comes in these pieces. */
function server(pieces: Iterable<string> | AsyncIterable<string>) {
  const seen: { body?: unknown; ended: boolean } = { ended: false };
  const fetch: Fetch = async (url, { body, signal }) => {
    const json = (value: unknown): Response => Response.json(value);
    if (url.endsWith("get_server_capabilities")) return json({ extensions: { sample_stream: "1" } });
    if (url.endsWith("create_session")) return json({ session_id: "s" });
    if (url.endsWith("create_sampling_session")) return json({ sampling_session_id: "x" });
    seen.body = JSON.parse(String(body));
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of pieces) {
          signal?.throwIfAborted();
          yield new TextEncoder().encode(piece);
        }
      } finally {
        seen.ended = true;
      }
    };
    return { status: 200, headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(), body: bytes() };
  };
  return { fetch, seen };
}

async function stream(fetch: Fetch, signal = new AbortController().signal): Promise<AsyncIterable<StreamedTokens>> {
  const engine = await connectEngine({ url: "http://e", fetch, every: () => () => {} });
  const sampler = await engine.sampler("m");
  const answer = sampler.stream?.(REQUEST, signal);
  if (answer === undefined) throw new Error("the sampler does not stream");
  return answer;
}
const all = async (tokens: AsyncIterable<StreamedTokens>): Promise<StreamedTokens[]> => {
  const found: StreamedTokens[] = [];
  for await (const one of tokens) found.push(one);
  return found;
};

describe("streams of samples", () => {
  it.each([1, 7, 10_000])("read an answer that is cut anywhere: pieces of %i characters", async (size) => {
    const text = textOf(LINES);
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.slice(i * size, (i + 1) * size),
    );
    const { fetch, seen } = server(pieces);
    expect(await all(await stream(fetch))).toEqual(TOKENS);
    expect(seen.body).toEqual({
      sampling_session_id: "x",
      num_samples: 2,
      prompt: { chunks: [{ type: "encoded_text", tokens: [5, 6] }] },
      sampling_params: { max_tokens: 4, temperature: 0, top_p: 0.9, seed: 3, stop: [2] },
    });
  });

  it.each([
    ["an error of the engine's", [textOf([...LINES.slice(0, 2), { error: "no room", category: "user" }])], /no room/],
    ["an end before all samples have theirs", [textOf(LINES.slice(0, 4))], /ended before it was whole/],
    ["a line that is none", [`${textOf(LINES.slice(0, 2))}<html>\n`], /a line that is none/],
  ])("%s is a sentence", async (_, pieces, says) => {
    await expect(all(await stream(server(pieces).fetch))).rejects.toThrow(says);
  });

  it("a refusal is the engine's own words", async () => {
    const { fetch } = server([]);
    const refusing: Fetch = async (url, init) =>
      url.endsWith("sample_stream")
        ? Response.json({ detail: "top_p must be above 0" }, { status: 400 })
        : fetch(url, init);
    await expect(all(await stream(refusing))).rejects.toThrow("refused sample_stream: top_p must be above 0");
  });

  it("who stops reading, or aborts, ends the request", async () => {
    const endless = async function* (): AsyncGenerator<string> {
      for (;;) yield textOf([{ sample: 0, tokens: [7], stop_reason: null }]);
    };
    const left = server(endless());
    for await (const { tokens } of await stream(left.fetch)) {
      expect(tokens).toEqual([7]);
      break;
    }
    expect(left.seen.ended).toBe(true);
    const gone = new AbortController();
    const aborted = server(endless());
    const reading = (async () => {
      for await (const _ of await stream(aborted.fetch, gone.signal)) gone.abort(new Error("the client left"));
    })();
    await expect(reading).rejects.toThrow("the client left");
    expect(aborted.seen.ended).toBe(true);
  });

  it("are not promised where the engine does not announce them", async () => {
    const { fetch } = server([]);
    const old: Fetch = async (url, init) =>
      url.endsWith("get_server_capabilities") ? Response.json({ extensions: {} }) : fetch(url, init);
    const engine = await connectEngine({ url: "http://e", fetch: old, every: () => () => {} });
    expect((await engine.sampler("m")).stream).toBeUndefined();
  });
});
