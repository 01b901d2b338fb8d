import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { spawnEngine } from "../../engine/process.ts";
import type { App } from "../app.ts";
import { modelsDir } from "../engines.ts";
import { STOPPED } from "../failure.ts";
import { packageRoot } from "../package.ts";
import { pythonPath } from "../python.ts";
import { at, wholeNumber } from "./options.ts";

export function engineCommand({ io, outcome }: App): Command {
  const command = new Command("engine").description("the tensor engine by itself");
  command
    .command("serve")
    .description("serve the Tinker protocol on 127.0.0.1 until Ctrl-C")
    .addOption(
      // The page of commands is made from this text: it must not name a folder of one machine.
      new Option("--model <name...>", "base models that it serves: folders or names").default(
        [join(packageRoot(), "models", "nano")],
        "models/nano",
      ),
    )
    .addOption(new Option("--port <n>", "port; 0 takes any free one").argParser(wholeNumber).default(0))
    .option("--store <folder>", "where weights are kept", "runs/engine")
    .addOption(
      new Option("--dtype <type>", "compute type").choices(["float32", "bfloat16"] as const).default("float32"),
    )
    .addOption(new Option("--device <device>").choices(["cpu", "cuda"] as const).default("cpu"))
    .addOption(new Option("--threads <n>", "CPU threads; 0 = all cores").argParser(wholeNumber).default(0))
    .action(async ({ model: models, port, store, dtype, device, threads }) => {
      const wished = io.env.TAGPR_ENGINE_TOKEN;
      const token = wished === undefined || wished === "" ? randomBytes(24).toString("hex") : wished;
      const stopped = new Promise<keyof typeof STOPPED>((resolve) => io.onStop(resolve));
      const engine = await spawnEngine({
        python: pythonPath(io),
        store: at(io, store),
        models,
        modelsDir: modelsDir(),
        port,
        token,
        dtype,
        device,
        threads,
        env: io.env,
        onLog: (line) => io.err(`${line}\n`),
      });
      io.out(`${JSON.stringify({ url: engine.url, key: token })}\n`);
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
