import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { TagprError } from "../core/errors.ts";
import { type Environment, pythonPath } from "./process.ts";

/** A response to be read off a policy, and what an exported one says of it. */
export interface PolicyProbe {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
}
export interface PolicyAnswer {
  /** Nats a token of the response. */
  readonly logprobs: readonly number[];
  /** The greedy token at each place. */
  readonly best: readonly number[];
  /** Nats between the best and the second best. */
  readonly margin: readonly number[];
}

/** Whole input of a reward model; `row` of its user table, null without one. */
export interface RewardProbe {
  readonly tokens: readonly number[];
  readonly row: number | null;
}

/** How an exported folder answers when plain transformers opens it, in fp32 on the CPU. */
export interface Verifier {
  policy(folder: string, items: readonly PolicyProbe[]): Promise<PolicyAnswer[]>;
  reward(folder: string, items: readonly RewardProbe[]): Promise<{ readonly logit: number }[]>;
}

export function makeVerifier(python: string, env: Environment): Verifier {
  const ask = async <T>(request: unknown, folder: string): Promise<T> => {
    const child = spawn(python, ["-m", "tagpr_engine", "verify"], { env: { ...env, PYTHONPATH: pythonPath(env) } });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.stdin.on("error", () => {}).end(JSON.stringify(request));
    const [out, said, code] = await Promise.race([
      Promise.all([text(child.stdout), text(child.stderr), ended]),
      failed,
    ]);
    if (code !== 0)
      throw new TagprError("engine", `transformers can't open ${folder}: ${said.trim().split("\n").at(-1) ?? code}`, {
        hint: "The export is not usable; nothing was kept.",
      });
    return JSON.parse(out) as T;
  };
  return {
    policy: (folder, items) => ask({ folder, policy: items }, folder),
    reward: (folder, items) => ask({ folder, reward: items }, folder),
  };
}
