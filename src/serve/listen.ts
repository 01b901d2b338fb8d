import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { messageOf, TagprError } from "../core/errors.ts";

export interface Listening {
  readonly url: string;
  /** Takes no more connections, and ends those that are idle. */
  stopTaking(): void;
  /** Waits so many milliseconds for what is being written, and ends every connection. */
  close(patience?: number): Promise<void>;
}

/** A client that is slower than this with its headers, or with its whole request, is let go (milliseconds). */
const SLOW = { headersTimeout: 15_000, requestTimeout: 60_000 };
const CONNECTIONS = 1024;

/** Serves on loopback; port 0 takes any free one. @throws TagprError `environment` where the port is taken */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<Listening> {
  const server = createServer(SLOW, getRequestListener(fetch));
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch((error: unknown) => {
    throw new TagprError("environment", `port ${port} of 127.0.0.1 can't be listened on: ${messageOf(error)}`, {
      hint: "Take another with --port, or 0 for any free one.",
      cause: error,
    });
  });
  const address = server.address();
  const bound = address !== null && typeof address === "object" ? address.port : port;
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  return {
    url: `http://127.0.0.1:${bound}`,
    stopTaking: () => {
      server.close();
      server.closeIdleConnections();
    },
    close: async (patience = 0) => {
      server.close();
      const timer = setTimeout(() => server.closeAllConnections(), patience);
      await closed;
      clearTimeout(timer);
    },
  };
}
