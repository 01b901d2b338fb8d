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
  const ask = async <T>(request: object, folder: string): Promise<T> =>
    askEngine<T>({ python, env, command: "verify", request }, (said) => {
      throw new TagprError("engine", `transformers can't open ${folder}: ${said}`, {
        hint: "The export is not usable; nothing was kept.",
      });
    });
  return {
    policy: (folder, items) => ask({ folder, policy: items }, folder),
    reward: (folder, items) => ask({ folder, reward: items }, folder),
  };
}

/** A chat as transformers renders it with a folder's template, or what the template said against it. */
export type RenderedChat = { readonly text: string; readonly ids: readonly number[] } | { readonly error: string };
export interface AskedChat {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly thinking: boolean;
}

/** What transformers makes of one folder's chats, `rendered[i]` of `chats[i]`; or why it can't open the folder. */
export type RenderedFolder = { readonly rendered: readonly RenderedChat[] } | { readonly error: string };

/** Chats rendered by transformers with the templates of model folders, one answer a folder. */
export function transformersChats(
  python: string,
  env: Environment,
  asked: readonly { readonly folder: string; readonly chats: readonly AskedChat[] }[],
): Promise<RenderedFolder[]> {
  return askEngine({ python, env, command: "render", request: asked }, (said) => {
    throw new TagprError("engine", `transformers can't be asked: ${said}`, { hint: "Run `npm run setup`." });
  });
}

interface EngineCall {
  readonly python: string;
  readonly env: Environment;
  readonly command: "verify" | "render";
  readonly request: object;
}

/** One call of the engine's command line, JSON in, JSON out; `failed` gets the last line that it said. */
async function askEngine<T>(
  { python, env, command, request }: EngineCall,
  failed: (said: string) => never,
): Promise<T> {
  const child = spawn(python, ["-m", "tagpr_engine", command], { env: { ...env, PYTHONPATH: pythonPath(env) } });
  const broken = new Promise<never>((_, reject) => child.once("error", reject));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdin.on("error", () => {}).end(JSON.stringify(request));
  const [out, said, code] = await Promise.race([Promise.all([text(child.stdout), text(child.stderr), ended]), broken]);
  if (code !== 0) failed(said.trim().split("\n").at(-1) ?? String(code));
  return JSON.parse(out) as T;
}
