import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { SpawnOptions } from "../process.ts";
import type { AdamParams, Datum } from "../types.ts";

export interface SlowTrainer {
  readonly pid: number;
  readonly enginePid: number;
  /** One step of training; the log-probs of each datum after it. */
  step(): Promise<number[][]>;
  end(): Promise<void>;
}

/** A program with an engine of its own, to be suspended between the steps that it is asked for. */
export async function startSlowTrainer(
  options: SpawnOptions & { readonly data: readonly Datum[]; readonly adam: AdamParams },
): Promise<SlowTrainer> {
  const script = fileURLToPath(new URL("./train-slowly.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify({ ...options, env: {} })], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await said.next();
    if (done) throw new Error("the program that trains has ended");
    return value;
  };
  const enginePid = Number(await line());
  return {
    ...{ pid: child.pid ?? -1, enginePid },
    step: async () => {
      child.stdin.write("\n");
      return JSON.parse(await line()) as number[][];
    },
    end: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
