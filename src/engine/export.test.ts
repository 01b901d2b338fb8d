import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { exportWeights } from "./export.ts";
import { keepAliveFetch } from "./http.ts";
import type { Session } from "./session.ts";

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});
const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
const session = (url: string): Session => {
  const transport = { url, key: "tml-8f2Kq1", fetch: keepAliveFetch(), sleep: async () => {}, now: () => 0 };
  return { transport, extensions: {} } as unknown as Session;
};
const folder = (): string => mkdtempSync(join(tmpdir(), "export-"));

it("unpacks the archive that another host hands out, without sending it our key", async () => {
  const source = folder();
  writeFileSync(join(source, "model.safetensors"), "weights".repeat(100_000));
  execFileSync("tar", ["-czf", join(source, "all.tar.gz"), "-C", source, "model.safetensors"]);
  const keys: (string | string[] | undefined)[] = [];
  const store = await serve((request, response) => {
    keys.push(request.headers["x-api-key"]);
    response.end(readFileSync(join(source, "all.tar.gz")));
  });
  const url = await serve((request, response) => {
    keys.push(request.headers["x-api-key"]);
    response.writeHead(302, { location: `${store}/file` }).end();
  });
  const target = join(folder(), "out");
  await exportWeights(session(url), "tinker://m/sampler_weights/one", target);
  expect(readdirSync(target)).toEqual(["model.safetensors"]);
  expect(readFileSync(join(target, "model.safetensors"), "utf8")).toHaveLength(700_000);
  expect(keys).toEqual(["tml-8f2Kq1", undefined]);
});

it("says why the server refuses, and leaves its key out of what it echoes", async () => {
  const url = await serve((_, response) => {
    response.writeHead(403).end(JSON.stringify({ detail: "Invalid API key: tml-8f2Kq1" }));
  });
  const target = join(folder(), "out");
  mkdirSync(target);
  const failed = exportWeights(session(url), "tinker://m/sampler_weights/one", target);
  await expect(failed).rejects.toThrow("refused export of tinker://m/sampler_weights/one: Invalid API key: [key]");
  expect(readdirSync(target)).toEqual([]);
});
