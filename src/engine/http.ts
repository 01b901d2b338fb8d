import { Agent, request } from "undici";
import type { Fetch } from "./transport.ts";

/**
 * `fetch` for many small requests: undici's plain `request` on kept-alive connections takes a third of the time of the
 * global `fetch` (512 prompts posted and polled: 0.2 s against 0.6 s of processor time). A long poll has no time limit
 * of its own; the caller's signal ends it.
 */
export function keepAliveFetch(): Fetch {
  // Half-used connections are dropped before the servers at hand (uvicorn: 5 s) drop them.
  const dispatcher = new Agent({ connections: 64, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 3000 });
  const once: Fetch = async (url, { method = "GET", headers, body, signal }) => {
    const answer = await request(url, {
      dispatcher,
      method: method as "GET" | "POST" | "DELETE",
      headers: headers as Record<string, string>,
      body: (body ?? null) as string | Uint8Array | null,
      signal: signal ?? null,
    });
    return {
      status: answer.statusCode,
      headers: { get: (name) => answer.headers[name]?.toString() ?? null },
      arrayBuffer: () => answer.body.arrayBuffer(),
      body: answer.body,
    };
  };
  return async (url, init) => {
    const answer = await once(url, init);
    const location = answer.headers.get("location");
    if (init.method !== "GET" || answer.status < 300 || answer.status >= 400 || location === null) return answer;
    await answer.arrayBuffer();
    const target = new URL(location, url);
    // Another host gets no key of ours.
    const { headers: _, ...bare } = init;
    return once(target.href, target.origin === new URL(url).origin ? init : bare);
  };
}
