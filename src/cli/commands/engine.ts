import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { enginePython, modelsDir, packageRoot } from "../../core/installation.ts";
import { spawnEngine } from "../../engine/process.ts";
import type { App } from "../app.ts";
import { ensureModels } from "../download-models.ts";
import { STOPPED } from "../failure.ts";
import { at, NO_DOWNLOAD, portNumber, wholeNumber } from "./options.ts";

export function engineCommand({ io, outcome }: App): Command {
  const command = new Command("engine").description("the tensor engine by itself");
  command
    .command("serve")
    .description(
      "serve the Tinker protocol on 127.0.0.1 until Ctrl-C; who has TAGPR_OBSERVER_TOKEN, where it is set, may look and change nothing",
    )
    .addOption(
      // The page of commands is made from this text: it must not name a folder of one machine.
      new Option("--model <name...>", "base models that it serves: folders or names").default(
        [join(packageRoot(), "models", "nano")],
        "models/nano",
      ),
    )
    .addOption(new Option("--port <n>", "port; 0 takes any free one").argParser(portNumber).default(0))
    .option("--token <token>", "what clients send; better set as TINKER_API_KEY, which no list of processes shows")
    .option("--store <folder>", "where weights are kept", "runs/engine")
    .addOption(
      new Option("--dtype <type>", "compute type").choices(["auto", "float32", "bfloat16"] as const).default("auto"),
    )
    .addOption(new Option("--device <device>").choices(["auto", "cpu", "cuda"] as const).default("auto"))
    .addOption(new Option("--threads <n>", "CPU threads; 0 = all cores").argParser(wholeNumber).default(0))
    .addOption(NO_DOWNLOAD)
    .action(async ({ model: models, download, port, token: given, store, dtype, device, threads }) => {
      const token = tokenOf(given, io);
      const wishes = models.map((name) => ({ name, weights: true }));
      if (!(await ensureModels({ io, outcome }, wishes, { download }))) return;
      // Until the engine is ready its log waits: when it can't start, the error says what is in it.
      const log: string[] = [];
      let say = (line: string): void => void log.push(line);
      const stopped = new Promise<keyof typeof STOPPED>((resolve) => io.onStop(resolve));
      const engine = await spawnEngine({
        python: enginePython(io.env),
        store: at(io, store),
        models,
        modelsDir: modelsDir(io.env),
        port,
        token: token.key,
        dtype,
        device,
        threads,
        env: io.env,
        onLog: (line) => say(line),
      });
      say = (line) => io.err(`${line}\n`);
      for (const line of log) say(line);
      if (!token.own) io.err(`TINKER_BASE_URL=${engine.url} TINKER_API_KEY=${token.key}\n`);
      io.out(`ready ${engine.url}\n`);
      // The signals of a closed engine and of Ctrl-C are the only ways out.
      const lost = new Promise<never>((_, reject) => {
        engine.lost.addEventListener("abort", () => reject(engine.lost.reason), { once: true });
      });
      const keepAlive = setInterval(() => {}, 1 << 30);
      try {
        outcome.code = STOPPED[await Promise.race([stopped, lost])];
      } finally {
        clearInterval(keepAlive);
        lost.catch(() => {});
        await engine.stop();
      }
    });
  return command as unknown as Command;
}

/** The SDK takes only keys that begin like this. */
const KEY_PREFIX = "tml-";

/** The user's own token, which is never shown, or one made up, which must be. */
function tokenOf(given: string | undefined, io: App["io"]): { key: string; own: boolean } {
  const wished = given ?? (io.env.TAGPR_ENGINE_TOKEN || io.env.TINKER_API_KEY);
  if (wished === undefined || wished === "") return { key: KEY_PREFIX + randomBytes(24).toString("hex"), own: false };
  if (!wished.startsWith(KEY_PREFIX))
    io.err(`The official tinker SDK takes only tokens that begin with ${KEY_PREFIX}; others do for other clients.\n`);
  return { key: wished, own: true };
}
