import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../../src/core/errors.ts";
import { makeChatClient } from "../../../src/llm/client.ts";
import { hold, type Setting, type Trial } from "./trial.ts";

interface Ask {
  readonly n: number;
  readonly content: string;
}
type Manner = (ask: Ask, call: number, response: ServerResponse) => void | Promise<void>;

/** A chat endpoint on loopback that behaves as `manner` says, and counts what it would bill. */
export async function serve(manner: Manner) {
  const seen = { calls: 0, keys: [] as string[] };
  const server = createServer((request, response) => {
    seen.keys.push(request.headers.authorization ?? "");
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(parts).toString() || "{}") as {
        n?: number;
        messages?: { content: string }[];
      };
      void manner({ n: body.n ?? 1, content: body.messages?.[0]?.content ?? "" }, seen.calls++, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${port}/v1`, seen, close };
}

export function choices(response: ServerResponse, texts: readonly string[]): void {
  if (!response.headersSent) response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      choices: texts.map((content) => ({ message: { content }, finish_reason: "stop" })),
      usage: { prompt_tokens: 3, completion_tokens: texts.length },
    }),
  );
}

export const client = (url: string, more: object = {}) =>
  makeChatClient({
    ...{ role: "teacher", url, key: "sk-secret", model: "m", concurrency: 2, identity: "soak" },
    // Only the waits between tries are skipped; what is waited for is real.
    ...{ fetch: globalThis.fetch, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 1)) },
    ...more,
  });

export const request = (content: string, n = 1) => ({
  ...{ messages: [{ role: "user" as const, content }], n, temperature: 1, maxTokens: 9 },
});

/** A server that gives one choice whatever n says, and fails in the middle: what it gave is never asked for again. */
async function samplesAreKept({ random, dir }: Setting): Promise<void> {
  const n = 3 + random.int(12);
  const good = 1 + random.int(n - 1);
  const status = random.pick([400, 401, 403, 500]);
  const sick = await serve((_, call, response) => {
    if (call < good) return choices(response, [`sample ${call}`]);
    response.statusCode = status;
    response.end(JSON.stringify({ error: { message: "no more" } }));
  });
  await client(sick.url, { cacheDir: dir })
    .complete(request("q", n))
    .catch(() => {});
  await sick.close();
  const well = await serve((_, call, response) => choices(response, [`later ${call}`]));
  const result = await client(well.url, { cacheDir: dir }).complete(request("q", n)).catch(messageOf);
  await well.close();
  if (status === 400 && typeof result !== "string" && "refused" in result) return;
  hold(typeof result !== "string", `after ${good} samples and a ${status} the next start failed: ${String(result)}`);
  hold(result.texts.length === n, `${result.texts.length} of ${n} samples came`);
  hold(
    well.seen.calls === n - good,
    `${good} samples were paid before a ${status}; ${well.seen.calls} of ${n} were asked for again`,
  );
}

const BAD: readonly ((response: ServerResponse) => void)[] = [
  (response) => response.end("<html>busy</html>"),
  (response) => response.end('{"choices": ['),
  (response) => response.end('{"choices": []}'),
  (response) => response.end('{"choices": [{"message": null}]}'),
  (response) => response.end("null"),
  (response) => response.end(""),
  (response) => {
    response.writeHead(200, { "content-length": "500" });
    response.write('{"choices"');
    response.socket?.destroy();
  },
  (response) => {
    response.statusCode = 500;
    response.end("oops");
  },
];

/** One query that always gets a bad answer is that query's outcome; it ends no run and blames no URL. */
async function oneBadAnswer({ random }: Setting): Promise<void> {
  const bad = random.pick(BAD);
  const server = await serve(({ content }, _, response) =>
    content === "q3" ? bad(response) : choices(response, [content]),
  );
  const asked = Array.from({ length: 8 }, (_, i) => request(`q${i}`));
  const results = await client(server.url).completeMany(asked).catch(messageOf);
  await server.close();
  hold(typeof results !== "string", `one bad answer ended everything: ${String(results)}`);
  const texts = results.map((result) => result.texts.length);
  hold(texts.filter((length) => length === 1).length === 7, `answers came for ${texts} of eight queries`);
}

/** A server that is busy for ever and names absurd waits: bounded, and not a hammer. */
async function absurdWaits({ random }: Setting): Promise<void> {
  const after = random.pick(["0", "-5", "1e9", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "", "NaN"]);
  const server = await serve((_, __, response) => {
    response.writeHead(429, { "retry-after": after });
    response.end("{}");
  });
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  const over = client(server.url, { sleep, maxWait: 60_000 })
    .complete(request("q"))
    .then(() => "", messageOf);
  const said = await Promise.race([over, new Promise<string>((resolve) => setTimeout(() => resolve("no end"), 5000))]);
  await server.close();
  hold(said !== "no end", `Retry-After: ${after}: it never ends`);
  hold(said !== "", `Retry-After: ${after}: a busy server is taken for an answer`);
  const waited = slept.reduce((sum, ms) => sum + ms, 0);
  hold(waited <= 120_000, `Retry-After: ${after}: it would wait ${waited} ms`);
  hold(server.seen.calls <= 40, `Retry-After: ${after}: asked ${server.seen.calls} times`);
}

/** A redirect to another origin gets neither the prompt nor the key. */
async function redirects({ random }: Setting): Promise<void> {
  const thief = await serve((_, __, response) => choices(response, ["thanks"]));
  const status = random.pick([301, 302, 303, 307, 308]);
  const server = await serve((_, __, response) => {
    response.writeHead(status, { location: `${thief.url}/chat/completions` });
    response.end();
  });
  await client(server.url)
    .complete(request("private"))
    .catch(() => {});
  await Promise.all([server.close(), thief.close()]);
  hold(
    thief.seen.calls === 0,
    `a ${status} to another origin was followed (key sent: ${thief.seen.keys.some((key) => key !== "")})`,
  );
}

/** Keys in the wrong place are refused, and not repeated. */
async function keysInUrls({ random }: Setting): Promise<void> {
  const secret = `sk-${random.int(1e9)}`;
  const url = random.pick([
    `http://user:${secret}@127.0.0.1:9/v1`,
    `http://127.0.0.1:9/v1?api_key=${secret}`,
    `http://127.0.0.1:9/v1?key=${secret}`,
  ]);
  let said = "";
  try {
    await client(url, { key: "" }).complete(request("q"));
  } catch (error) {
    said = `${messageOf(error)} ${error instanceof Error && "hint" in error ? String(error.hint) : ""}`;
  }
  hold(said !== "" && !/can't be reached/.test(said), "a key in a URL was not refused");
  hold(!said.includes(secret), "a key in a URL was repeated");
}

export const ENDPOINT: readonly Trial[] = [
  { point: 4, name: "samples paid before a failure", run: samplesAreKept },
  { point: 5, name: "one bad answer among good ones", run: oneBadAnswer },
  { point: 7, name: "absurd Retry-After", run: absurdWaits },
  { point: 9, name: "redirects to another origin", run: redirects },
  { point: 9, name: "keys in URLs", run: keysInUrls },
];
