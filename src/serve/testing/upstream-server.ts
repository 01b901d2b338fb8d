import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SERVED } from "./completion-stub.ts";
import { CHAIN } from "./fake-service.ts";
import { vllmRefusal } from "./vllm-refusal.ts";

/** A completion server with vLLM's manners on loopback, which says the same to everybody at once, and refuses what vLLM refuses. */
export interface UpstreamServer {
  readonly url: string;
  /** Bodies of the completions that were asked for. */
  readonly asked: { readonly prompt: readonly number[]; readonly cache_salt?: string }[];
  readonly close: () => Promise<void>;
}

/** `keep: false` forgets what it was asked. */
export async function startUpstream({ keep = true } = {}): Promise<UpstreamServer> {
  const asked: UpstreamServer["asked"] = [];
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      response.end(JSON.stringify({ object: "list", data: [{ id: "served", object: "model" }] }));
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    if (keep) asked.push(body);
    const refused = vllmRefusal(body, SERVED);
    if (refused !== null) {
      response.writeHead(refused.status).end(await refused.text());
      return;
    }
    const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event({ choices: [{ index: 0, text: CHAIN, finish_reason: "stop" }] }));
    response.write(event({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 30 } }));
    response.end("data: [DONE]\n\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
