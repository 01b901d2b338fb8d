import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import type { Config } from "../core/config/schema.ts";
import { configSchema } from "../core/config/schema.ts";
import { type Engines, type OpenEnginesOptions, openEngines } from "./engines.ts";
import { makeTinyModel } from "./testing/tiny-model.ts";

/** A program in Python's place: a server that says under `extensions` who it is and how it was started. */
const PROGRAM = `#!${process.execPath}
const args = process.argv.slice(2).join(" ");
const server = require("node:http").createServer((request, response) => {
  if (request.headers["x-api-key"] !== process.env.TINKER_API_KEY) return response.writeHead(401).end('{"detail":"key"}');
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ extensions: { pid: String(process.pid), args } }));
});
server.listen(0, "127.0.0.1", () => console.log("ready http://127.0.0.1:" + server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
`;

const dir = mkdtempSync(join(tmpdir(), "tagpr-engines-"));
const python = join(dir, "python");
const model = join(dir, "tiny");
writeFileSync(python, PROGRAM);
chmodSync(python, 0o755);
makeTinyModel(model);

let opened: Engines | undefined;
afterEach(async () => {
  await opened?.close();
  opened = undefined;
});
process.once("exit", () => rmSync(dir, { recursive: true, force: true }));

type Part = { readonly [role in "policy" | "reward" | "embeddings"]?: Record<string, unknown> };
function open(part: Part, more: Partial<OpenEnginesOptions> = {}): Engines {
  const config: Config = configSchema.parse({ engines: part });
  opened = openEngines(config.engines, {
    ...{ python, models: [model, "not-there"], store: join(dir, "store"), modelsDir: join(dir, "models"), env: {} },
    embed: () => async () => [],
    ...more,
  });
  return opened;
}
const pidOf = async (engine: ReturnType<Engines["policy"]>): Promise<number> =>
  Number((await engine).capabilities.extensions.pid);
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("openEngines", () => {
  it("roles with equal settings share one process, others have their own; closing ends all", async () => {
    const engines = open({ reward: { dtype: "bfloat16" } });
    const [policy, reward, embeddings] = await Promise.all(
      [engines.policy(), engines.reward(), engines.embeddings()].map(pidOf),
    );
    expect(embeddings).toBe(policy);
    expect(reward).not.toBe(policy);
    await engines.close();
    expect([policy, reward].map((pid) => alive(pid ?? 0))).toEqual([false, false]);
    await engines.close();
  });

  it("is started as the config says, with the folders of the models that are there", async () => {
    const engine = await open({ policy: { dtype: "bfloat16", device: "cpu", threads: 3 } }).policy();
    const args = engine.capabilities.extensions.args ?? "";
    expect(args).toContain(`--model ${model} --store ${join(dir, "store")}`);
    expect(args).toContain("--dtype bfloat16 --device cpu --threads 3");
    expect(args).not.toContain("not-there");
  });

  it("a lost engine says so to pending calls, and the role's next use starts another", async () => {
    const engines = open({});
    const first = await engines.policy();
    const pid = await pidOf(engines.policy());
    process.kill(pid, "SIGKILL");
    await expect(first.sampler(model)).rejects.toThrow("the engine stopped (signal SIGKILL)");
    const second = await pidOf(engines.policy());
    expect(second).not.toBe(pid);
    expect(alive(second)).toBe(true);
  });

  it("an engine that is deaf to SIGTERM is killed, and waited for", () => {
    const deaf = join(dir, "deaf");
    const program =
      'process.on("SIGTERM", () => {});console.log("ready http://127.0.0.1:9");setInterval(() => {}, 1000);';
    writeFileSync(deaf, `#!${process.execPath}\n${program}\n`, { mode: 0o755 });
    const spawning = {
      python: deaf,
      models: [],
      store: dir,
      modelsDir: dir,
      dtype: "float32",
      device: "cpu",
      threads: 1,
    };
    const script = fileURLToPath(new URL("./testing/stop-engine.ts", import.meta.url));
    const args = ["--import", "tsx", script, JSON.stringify({ ...spawning, env: {} })];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe("stopped\n");
  }, 600_000);

  it("a remote role gets the key that its config names, and any provider can embed", async () => {
    const asked: { url: string; headers: Record<string, string> }[] = [];
    const engines = open(
      {
        policy: { kind: "remote", url: "http://far.test", key_env: "FAR_KEY" },
        embeddings: { kind: "remote", url: "http://embeddings.test/v1", key_env: "OTHER_KEY" },
      },
      {
        env: { FAR_KEY: "k1", OTHER_KEY: "k2" },
        fetch: async (url, init) => {
          asked.push({ url, headers: init.headers as Record<string, string> });
          return Response.json({ supported_models: [] });
        },
        embed: (at) => async (embedder, texts) => [[`${at.url} ${at.key} ${at.keyName}: ${embedder} ${texts}`.length]],
      },
    );
    await engines.policy();
    const vectors = await (await engines.embeddings()).embed("m", ["a", "b"]);
    expect(vectors).toEqual([["http://embeddings.test/v1 k2 OTHER_KEY: m a,b".length]]);
    expect(asked.map(({ url }) => url)).toEqual(["http://far.test/api/v1/get_server_capabilities"]);
    expect(asked[0]?.headers["X-API-Key"]).toBe("k1");
    await expect((await engines.embeddings()).sampler("m")).rejects.toThrow("for embeddings only");
  });

  it("a remote role without a url says which setting is missing", async () => {
    await expect(open({ policy: { kind: "remote" } }).policy()).rejects.toMatchObject({ code: "usage" });
  });
});
