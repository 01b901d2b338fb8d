import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { packageRoot } from "../../src/core/installation.ts";
import { makeApp } from "../../src/serve/app.ts";
import { questionOf } from "../../src/serve/ask.ts";
import { listen } from "../../src/serve/listen.ts";
import { prepare } from "../../src/serve/prepare.ts";
import { fakeCompute, fakeService, fakeTools, TOKEN } from "../../src/serve/testing/fake-service.ts";
import { median } from "../side-by-side.ts";
import type { Hammer, Hammered } from "./hammer.ts";

/** Requests a second, asked by a client in a process of its own, and milliseconds of processor that the server took for each. */
export interface Rate {
  readonly perSecond: number;
  readonly cpu: number;
}

/** What the server costs beside the model's own computing. */
export interface Overhead {
  /** A list of models, behind routing, the token, the note of each request and its line of log. */
  readonly routed: Rate;
  /** Whole chat completions, whose stub says one word: with reading, retrieval, rendering, tokenizing. */
  readonly answered: Rate;
  /** Milliseconds: a prompt of nano's, from question to token ids; its tokens; and their text to ids alone. */
  readonly prepared: number;
  readonly tokens: number;
  readonly tokenized: number;
}

const ITEM = { description: "a quiet film about two brothers who find an old map and leave the town", tag: "classic" };
const ITEMS = Array.from({ length: 20 }, (_, i) => ({ ...ITEM, description: `${ITEM.description} ${i}, `.repeat(4) }));
const QUERY = "a late picture about lawyers before dawn";

export async function overhead(requests: number): Promise<Overhead> {
  const { service } = await fakeService({
    compute: fakeCompute({ say: () => "<think>\n</think>\n\ncomedy", piece: 99 }),
  });
  const log = pino({ base: null }, { write: () => {} });
  const server = await listen(makeApp({ ...service, log }).fetch, 0);
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ messages: [{ role: "user", content: QUERY }], tagpr: { items: ITEMS } });
  const routed = await rate({ url: `${server.url}/v1/models`, method: "GET", headers, requests });
  const url = `${server.url}/v1/chat/completions`;
  const answered = await rate({ url, method: "POST", headers, body, requests: Math.ceil(requests / 8) });
  await server.close();
  return { routed, answered, ...(await rendering()) };
}

async function rate(asked: Hammer): Promise<Rate> {
  const args = ["--import", "tsx", join(import.meta.dirname, "hammer.ts"), JSON.stringify(asked)];
  const before = process.cpuUsage();
  const client = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], cwd: packageRoot() });
  const [said, [code]] = await Promise.all([text(client.stdout), once(client, "exit")]);
  if (code !== 0) throw new Error(`the client ended (${code})`);
  const { user, system } = process.cpuUsage(before);
  const { perSecond, all } = JSON.parse(said) as Hammered;
  return { perSecond, cpu: (user + system) / 1000 / all };
}

async function rendering(): Promise<Pick<Overhead, "prepared" | "tokens" | "tokenized">> {
  const tools = await fakeTools();
  const wish = { query: QUERY, items: { values: ITEMS, where: "bench" } };
  const question = questionOf(tools.model.tasks, null, wish);
  const { prompt } = await prepare(tools, question);
  const text = tools.renderer.decode(prompt);
  const times = async (work: () => unknown): Promise<number> => {
    const taken: number[] = [];
    for (let i = 0; i < 60; i++) {
      const started = performance.now();
      await work();
      taken.push(performance.now() - started);
    }
    return median(taken.slice(10));
  };
  const prepared = await times(() => prepare(tools, question));
  return { prepared, tokens: prompt.length, tokenized: await times(() => tools.renderer.encode(text)) };
}
