import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { type EmbeddedSettings, type Environment, PACKAGE_DIR, pythonPath } from "./process.ts";

/** One group of a run: tokens of its prompt and of a roll-out, roll-outs of a prompt; rank of the adapters, 0 = all parameters. */
export interface Work {
  readonly prompt: number;
  readonly completion: number;
  readonly rollouts: number;
  readonly rank: number;
}

const choice = z.object({
  device: z.enum(["cpu", "cuda"]),
  dtype: z.enum(["float32", "bfloat16"]),
  hardware: z.string(),
  measured: z.enum(["group", "product"]).optional(),
  seconds: z.record(z.string(), z.number()),
});

/** What `auto` came to on some hardware; `seconds`: of one group in each compute type, or of one product where that settled it; empty where nothing was measured. */
export type Choice = z.infer<typeof choice>;

export interface ChooseOptions extends Pick<EmbeddedSettings, "device" | "dtype" | "threads"> {
  readonly python: string;
  readonly env: Environment;
  /** The model's folder: its shape is measured, cut to two layers. */
  readonly folder: string;
  readonly work: Work;
}

/** Lets the engine measure this machine with the work of a run, for some seconds. @throws TagprError `environment`, `usage` */
export async function choose(options: ChooseOptions): Promise<Choice> {
  const { folder, device, dtype, threads, work } = options;
  const { prompt, completion, rollouts, rank } = work;
  const said = await ask(options, [
    ...["choose", "--model", folder, "--device", device, "--dtype", dtype],
    ...["--prompt", String(prompt), "--completion", String(completion)],
    ...["--rollouts", String(rollouts), "--rank", String(rank)],
    ...(threads > 0 ? ["--threads", String(threads)] : []),
  ]);
  return choice.parse(JSON.parse(said));
}

/** The hardware behind a device, in one line that is the same from start to start: `cpu: AMD EPYC, 2 threads, avx512_bf16`. */
export async function hardwareOf(
  options: Pick<ChooseOptions, "python" | "env">,
  device: Choice["device"],
): Promise<string> {
  return (await ask(options, ["hardware", "--device", device])).trim();
}

async function ask({ python, env }: Pick<ChooseOptions, "python" | "env">, argv: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(python, ["-m", "tagpr_engine", ...argv], {
      env: { ...env, PYTHONPATH: pythonPath(env) },
      cwd: PACKAGE_DIR,
      maxBuffer: 1 << 24,
    });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    const last =
      stderr
        .split("\n")
        .at(-1)
        ?.replace(/^tagpr_engine: /, "") || String(error);
    throw new TagprError("environment", `this machine can't be measured for \`auto\`: ${last}`, {
      hint: "Run `tagpr doctor`, or name engines.*.device and engines.*.dtype in the config.",
      cause: error,
    });
  }
}
