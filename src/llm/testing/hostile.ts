import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TagprError } from "../../core/errors.ts";
import { type Random, stream } from "../../core/random.ts";
import { type ChatClientOptions, makeChatClient } from "../client.ts";
import type { ChatRequest } from "../types.ts";
import { type Answering, fakeFetch } from "./fake-endpoint.ts";
import { completion, MANNERS, type Reply } from "./manners.ts";

const KEY = "sk-hostile-1234567890abcdef";

/**
 * One trial of the chat client against an endpoint that answers each request in another manner, drawn by the seed, or with JSON that
 * nobody means; then of a second process against an endpoint that answers well. What does not hold comes back in words.
 */
export async function tryEndpoint(seed: number): Promise<string[]> {
  const random = stream(seed, "hostile endpoint");
  const cacheDir = mkdtempSync(join(tmpdir(), "hostile-"));
  const path = join(cacheDir, "teacher.jsonl");
  const faults: string[] = [];
  const said: string[] = [];
  let whole: string[] = [];
  const good: Answering = (asked) => {
    const n = asked.n ?? 1;
    const texts = Array.from({ length: n }, (_, i) => `sample ${whole.length + i}`);
    whole = [...whole, ...texts];
    return { body: { choices: texts.map((content) => ({ message: { content } })), usage: { completion_tokens: n } } };
  };
  const client = (answer: Answering) => {
    const settings: ChatClientOptions = {
      ...{
        role: "teacher",
        url: "http://hostile.test/v1",
        key: KEY,
        model: "m",
        cacheDir,
        fetch: fakeFetch(answer).fetch,
      },
      ...{ concurrency: 1 + random.int(4), maxWait: 5000, say: (line) => said.push(line) },
      ...{ sleep: () => Promise.resolve(), random: () => random.next() },
    };
    return makeChatClient(settings);
  };
  const requests = Array.from({ length: 12 }, (_, i) => request(i, 1 + random.int(5)));
  const share = random.next();
  try {
    const hostile = client((asked, nth) => (random.next() < share ? good(asked, nth) : odd(random, asked, nth)));
    const results = await hostile.completeMany(requests).catch((error: unknown) => {
      if (!(error instanceof TagprError) || error.code !== "llm") faults.push(`threw ${String(error)}`);
      else said.push(error.message, error.hint ?? "");
    });
    for (const [i, result] of results?.entries() ?? [])
      if (result.texts.length !== requests[i]?.n && result.failed === undefined && result.refused === undefined)
        faults.push(`request ${i} has ${result.texts.length} samples and no reason`);
    const kept = existsSync(path) ? readFileSync(path, "utf8") : "";
    for (const text of whole) if (!kept.includes(`"${text}"`)) faults.push(`${text} was paid for and is lost`);
    for (const line of said)
      if (line.includes(KEY) || /\p{Cc}/u.test(line)) faults.push(`what is said holds the key or control characters`);

    const later = client(good);
    const again = await later.completeMany(requests);
    const short = again.filter(
      ({ texts, refused }, i) => texts.length < (requests[i]?.n ?? 0) && refused === undefined,
    );
    if (short.length > 0) faults.push(`${short.length} requests stay without an answer at an endpoint that answers`);
    const texts = again.flatMap((result) => result.texts).filter((text) => text.startsWith("sample "));
    if (new Set(texts).size !== texts.length) faults.push("a sample stands twice");
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
  return faults;
}

const request = (i: number, n: number): ChatRequest => ({
  ...{ messages: [{ role: "user", content: `q${i}` }], n, temperature: i % 2, maxTokens: 9 },
  ...(i % 3 === 0 ? { seed: i } : {}),
});

/** The reply of some manner, or an accident: of the body a part, or another value in some place of it. */
function odd(random: Random, asked: Parameters<Answering>[0], nth: number): Reply {
  const names = Object.keys(MANNERS);
  const reply = MANNERS[names[random.int(names.length)] ?? ""]?.(asked, nth) ?? completion(asked);
  const body = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body ?? "");
  const accident = random.int(4);
  if (accident === 0) return { ...reply, body: body.slice(0, random.int(body.length + 1)) };
  if (accident === 1) return { ...reply, body: JSON.stringify(spoilt(JSON.parse(safe(body)), random)) };
  if (accident === 2)
    return { status: [400, 401, 403, 404, 418, 429, 500, 503][random.int(8)] ?? 500, body: `\u001b[2J${KEY}` };
  return { ...reply, body };
}

const safe = (text: string): string => {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return "[]";
  }
};

const VALUES = [null, -1, "", "x", [], {}, true, 1e308, "\u0000\u001b[31m", [null], { text: 5 }];

function spoilt(value: unknown, random: Random): unknown {
  const other = VALUES[random.int(VALUES.length)];
  if (typeof value !== "object" || value === null || random.int(4) === 0) return other;
  const keys = Object.keys(value);
  const at = keys[random.int(Math.max(keys.length, 1))];
  if (at === undefined) return other;
  const changed = spoilt((value as Record<string, unknown>)[at], random);
  return Array.isArray(value) ? value.with(Number(at), changed) : { ...value, [at]: changed };
}
