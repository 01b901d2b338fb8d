import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** What a hub says of a repository that it does not give. */
export type Refusal = { readonly status: number; readonly code?: string };

export interface FakeHub {
  /** HF_ENDPOINT. */
  readonly url: string;
  /** `GET /api/models/…`, in order. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

const COMMIT = "c0ffee00".repeat(5);

/**
 * A Hugging Face hub on loopback: the parts of its API by which a model is described and fetched.
 * @param models folders by name, or how they are refused
 */
export async function startFakeHub(models: Readonly<Record<string, string | Refusal>>): Promise<FakeHub> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(models, request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}

function answer(
  models: Readonly<Record<string, string | Refusal>>,
  { method, url = "" }: IncomingMessage,
  response: ServerResponse,
): void {
  const path = decodeURIComponent(new URL(url, "http://hub").pathname).replace(/^\/api\/models/, "");
  const [, org = "", model = "", verb, ...rest] = path.split("/");
  const found = models[`${org}/${model}`] ?? { status: 404, code: "RepoNotFound" };
  if (typeof found !== "string") {
    response.writeHead(found.status, found.code === undefined ? {} : { "X-Error-Code": found.code }).end();
    return;
  }
  const files = readdirSync(found).sort();
  const json = (value: unknown): void => {
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
  };
  const bytes = (name: string): Buffer => readFileSync(join(found, name));
  if (verb === undefined || verb === "revision")
    json({
      ...{ id: `${org}/${model}`, modelId: `${org}/${model}`, sha: COMMIT, private: false, tags: [], downloads: 0 },
      siblings: files.map((name) => ({ rfilename: name, size: bytes(name).length, blobId: etag(bytes(name)) })),
    });
  else if (verb === "tree")
    json(files.map((name) => ({ type: "file", path: name, size: bytes(name).length, oid: etag(bytes(name)) })));
  else sendFile(bytes(rest.slice(1).join("/")), method === "HEAD", response);
}

const etag = (content: Buffer): string => createHash("sha1").update(content).digest("hex");

function sendFile(content: Buffer, headOnly: boolean, response: ServerResponse): void {
  response.writeHead(200, {
    "Content-Length": content.length,
    ETag: `"${etag(content)}"`,
    "X-Repo-Commit": COMMIT,
  });
  response.end(headOnly ? undefined : content);
}
