import { Agent, request } from "undici";
import { makeApp } from "../../src/serve/app.ts";
import { questionOf } from "../../src/serve/ask.ts";
import { listen } from "../../src/serve/listen.ts";
import { prepare } from "../../src/serve/prepare.ts";
import { fakeCompute, fakeService, fakeTools, TOKEN } from "../../src/serve/testing/fake-service.ts";
import { median } from "../side-by-side.ts";

/** What the server costs beside the model's own computing. */
export interface Overhead {
  /** Requests a second: a list of models, behind routing, the token and the note of each request. */
  readonly routed: number;
  /** Processor milliseconds of one of these, the client's part included: what a busy machine disturbs least. */
  readonly routedCpu: number;
  /** The same of whole chat completions, whose stub says one word: with reading, retrieval, rendering, tokenizing. */
  readonly answered: number;
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
  const server = await listen(makeApp({ ...service, log: SILENT }).fetch, 0);
  const dispatcher = new Agent({ connections: 32 });
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
  const body = JSON.stringify({ messages: [{ role: "user", content: QUERY }], tagpr: { items: ITEMS } });
  const get = async () => request(`${server.url}/v1/models`, { dispatcher, headers });
  const post = async () => request(`${server.url}/v1/chat/completions`, { dispatcher, method: "POST", headers, body });
  await rate(get, requests / 10);
  const cpu = process.cpuUsage();
  const routed = await rate(get, requests);
  const { user, system } = process.cpuUsage(cpu);
  const routedCpu = (user + system) / 1000 / requests;
  const answered = await rate(post, Math.ceil(requests / 8));
  await server.close();
  return { routed, routedCpu, answered, ...(await rendering()) };
}

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** Requests a second of 32 at once. */
async function rate(one: () => ReturnType<typeof request>, requests: number): Promise<number> {
  let next = 0;
  const started = performance.now();
  const loop = async (): Promise<void> => {
    while (next++ < requests) {
      const { statusCode, body } = await one();
      await body.dump();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, loop));
  return requests / ((performance.now() - started) / 1000);
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
