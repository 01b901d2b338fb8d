import { createServer, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Fetch } from "../http.ts";
import { type Asked, type Reply, replyTo } from "./manners.ts";

/** What a fake has been asked and has served; each sample of a 200 that went out whole is one that a person pays for. */
export interface Served {
  readonly requests: Asked[];
  readonly samples: () => number;
  /** Requests that are being answered now, and the most that were. */
  readonly flying: () => number;
  readonly most: () => number;
}

export type Answering = (asked: Asked, nth: number) => Reply | Promise<Reply>;

function counter(answer: Answering) {
  const requests: Asked[] = [];
  const nth = new Map<string, number>();
  const sums = { samples: 0, flying: 0, most: 0 };
  return {
    served: {
      requests,
      samples: () => sums.samples,
      flying: () => sums.flying,
      most: () => sums.most,
    } satisfies Served,
    begin: async (asked: Asked): Promise<Reply> => {
      requests.push(asked);
      const count = (nth.get(asked.model) ?? 0) + 1;
      nth.set(asked.model, count);
      sums.most = Math.max(sums.most, ++sums.flying);
      return answer(asked, count);
    },
    end: (reply: Reply): void => {
      sums.flying--;
      const { choices, data } = (typeof reply.body === "object" ? reply.body : {}) as {
        choices?: unknown[];
        data?: unknown[];
      };
      if ((reply.status ?? 200) === 200 && reply.ending === undefined)
        sums.samples += choices?.length ?? data?.length ?? 0;
    },
  };
}

const bytesOf = ({ body = "" }: Reply): string => (typeof body === "string" ? body : JSON.stringify(body));

export interface FakeEndpoint {
  /** Base URL, ending in /v1. */
  readonly url: string;
  readonly served: Served;
  close(): Promise<void>;
}

/**
 * An OpenAI-compatible endpoint on loopback whose model name chooses a provider's manner (`manners.ts`), or that answers
 * as `answer` says. By hand: `npx tsx src/llm/testing/serve.ts PORT`.
 */
export async function startFakeEndpoint(options: { port?: number; answer?: Answering } = {}): Promise<FakeEndpoint> {
  const { served, begin, end } = counter(options.answer ?? replyTo);
  const server = createServer(async (request, response) => {
    const asked = JSON.parse(await text(request).catch(() => "{}")) as Asked;
    const reply = await begin(asked);
    if (reply.after !== undefined) await delay(reply.after);
    say(response, reply);
    end(reply);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    served,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function say(response: ServerResponse, reply: Reply): void {
  if (reply.ending === "never") return;
  const bytes = Buffer.from(bytesOf(reply));
  const type = typeof reply.body === "string" ? "text/plain" : "application/json";
  response.writeHead(reply.status ?? 200, {
    "content-type": type,
    "content-length": String(bytes.length),
    ...reply.headers,
  });
  if (reply.ending === undefined) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, bytes.length >> 1), () => reply.ending === "cut" && response.destroy());
}

/** The same in a function, for tests that need no socket: no cut connections and no silence. */
export function fakeFetch(answer: Answering = replyTo): { readonly fetch: Fetch; readonly served: Served } {
  const { served, begin, end } = counter(answer);
  const fetch: Fetch = async (_, init) => {
    const reply = await begin(JSON.parse(init.body) as Asked);
    end(reply);
    return new Response(bytesOf(reply), { status: reply.status ?? 200, headers: { ...reply.headers } });
  };
  return { fetch, served };
}
