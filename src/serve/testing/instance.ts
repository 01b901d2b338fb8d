import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../../core/installation.ts";

/** A process of `tagpr serve` with a store, as it is run from a clone. */
export interface Instance {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it printed and logged. */
  readonly said: () => string;
  /** Status and JSON of a call; throws where the connection breaks. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: Called }>;
  readonly chat: (user: string) => Promise<{ status: number; body: Called }>;
  /** Ends it as a power cut would. */
  readonly kill: () => Promise<void>;
  /** Ends it as Ctrl-C would. */
  readonly stop: () => Promise<void>;
}

/** JSON of a server, whose shape a test states. */
type Called = Awaited<ReturnType<Response["json"]>>;

const TOKEN = "instances-token";

/** Starts the command on a free port; `flags` beside model, task, upstream and store. */
export async function startInstance(store: string, upstream: string, flags: readonly string[] = []): Promise<Instance> {
  const main = join(packageRoot(), "src", "cli", "main.ts");
  const args = ["--import", "tsx", main, "serve", "models/nano", "--task", "synthetic_tag", "--port", "0"];
  const limits = ["--key-limit", "0", "--user-limit", "0"];
  const child = spawn(process.execPath, [...args, "--upstream", upstream, "--store", store, ...limits, ...flags], {
    ...{ cwd: packageRoot(), env: { ...process.env, TAGPR_SERVE_TOKEN: TOKEN }, stdio: ["ignore", "pipe", "pipe"] },
  });
  let said = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const ready = /^ready (http:\S+)/m.exec(said)?.[1];
      if (ready !== undefined) resolve(ready);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    ended.then(() => reject(new Error(`it ended: ${said}`)));
  });
  const call: Instance["call"] = async (method, path, body) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const reply = await fetch(`${url}${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: await reply.json() };
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    ...{ url, process: child, said: () => said, call },
    chat: (user) =>
      call("POST", "/v1/chat/completions", { user, messages: [{ role: "user", content: "a film about love" }] }),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
  };
}
