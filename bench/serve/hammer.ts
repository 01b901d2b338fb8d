/**
 * A client in a process of its own, so that what it costs is not the server's: `hammer.ts '{"url": …, "method": …}'` asks so
 * many requests, 32 at once, and prints {@link Hammered}. A process's start is not in the time, nor are its first requests.
 */
import { Pool } from "undici";

export interface Hammer {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly requests: number;
}

export interface Hammered {
  readonly perSecond: number;
  /** Requests that were asked, with those before the clock. */
  readonly all: number;
}

const CONNECTIONS = 8;
const AT_ONCE = 32;

async function hammer({ url, method, headers, body, requests }: Hammer): Promise<Hammered> {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: AT_ONCE / CONNECTIONS });
  const ask = async (): Promise<void> => {
    const reply = await pool.request({ ...{ path, method, headers }, ...(body === undefined ? {} : { body }) });
    await reply.body.dump();
    if (reply.statusCode !== 200) throw new Error(`${url} answered ${reply.statusCode}`);
  };
  const askAll = async (count: number): Promise<void> => {
    let next = 0;
    const loop = async (): Promise<void> => {
      while (next++ < count) await ask();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, loop));
  };
  const before = Math.ceil(requests / 4);
  await askAll(before);
  const started = performance.now();
  await askAll(requests);
  const perSecond = requests / ((performance.now() - started) / 1000);
  await pool.close();
  return { perSecond, all: before + requests };
}

console.log(JSON.stringify(await hammer(JSON.parse(process.argv[2] ?? "") as Hammer)));
