import type { Config, EngineConfig } from "../core/config/schema.ts";
import { messageOf, TagprError } from "../core/errors.ts";
import { withoutSecrets } from "../core/secrets.ts";
import { connectEngine } from "./client.ts";
import { startEmbedded } from "./embedded.ts";
import type { Environment } from "./process.ts";
import type { Fetch } from "./transport.ts";
import type { Engine } from "./types.ts";

/** One engine a role, each started or connected to when first asked for. */
export interface Engines {
  policy(): Promise<Engine>;
  reward(): Promise<Engine>;
  embeddings(): Promise<Engine>;
  /** Ends every process that was started; safe to call twice. */
  close(): Promise<void>;
}

export interface OpenEnginesOptions {
  /** The Python that has the engine's requirements. */
  readonly python: string;
  /** Every base model that a role may ask for, folders or names, the policy's first: the embedded engine serves these. */
  readonly models: readonly string[];
  /** Of the adapters that are trained; 0 = all parameters. */
  readonly rank?: number;
  /** Where the embedded engine keeps weights: `RUN/weights`. */
  readonly store: string;
  /** Where prepared models are: `.cache/models`. */
  readonly modelsDir: string;
  readonly env: Environment;
  readonly onLog?: (line: string) => void;
  readonly fetch?: Fetch;
  /** Vectors from a remote provider of OpenAI's `/v1/embeddings`, which speaks no Tinker. */
  readonly embed: (at: { readonly url: string; readonly key: string; readonly keyName: string }) => Engine["embed"];
}

interface Running {
  readonly engine: Engine;
  readonly lost?: AbortSignal;
}

/**
 * Opens the engines of a config. Embedded roles with equal settings share one process. An engine that was lost is
 * started anew when its role is asked for again; what it had not saved is gone, so the caller goes back to its last
 * checkpoint.
 */
export function openEngines(config: Config["engines"], options: OpenEnginesOptions): Engines {
  const open = new Map<string, Promise<Running>>();
  const role = async (key: unknown, start: () => Promise<Running>): Promise<Engine> => {
    const name = JSON.stringify(key);
    const running = open.get(name) ?? start();
    if (!open.has(name)) {
      open.set(name, running);
      const drop = (): boolean => open.delete(name);
      running.then(({ lost }) => lost?.addEventListener("abort", drop, { once: true }), drop);
    }
    return (await running).engine;
  };
  const trainer = (settings: EngineConfig): Promise<Engine> =>
    role(settings, () => (settings.kind === "embedded" ? startLocal(settings, options) : connect(settings, options)));
  return {
    policy: () => trainer(config.policy),
    reward: () => trainer(config.reward),
    embeddings: () =>
      config.embeddings.kind === "embedded"
        ? trainer(config.embeddings)
        : role(["embeddings", config.embeddings], async () => ({ engine: embedder(config.embeddings, options) })),
    close: async () => {
      const all = [...open.values()];
      open.clear();
      const ended = await Promise.allSettled(all.map(async (running) => (await running).engine.close()));
      for (const end of ended) if (end.status === "rejected") options.onLog?.(messageOf(end.reason));
    },
  };
}

function startLocal(config: EngineConfig, options: OpenEnginesOptions): Promise<Running> {
  const { dtype, device, threads, recompute, token_budget: tokenBudget, cache_tokens: cacheTokens } = config;
  return startEmbedded({ ...options, dtype, device, threads, recompute, tokenBudget, cacheTokens });
}

async function connect(settings: EngineConfig, options: OpenEnginesOptions): Promise<Running> {
  const profile = settings.profile === "auto" ? {} : { profile: settings.profile };
  const rank = options.rank === undefined ? {} : { rank: options.rank };
  return { engine: await connectEngine({ ...address(settings, options), ...profile, ...rank }) };
}

const address = ({ url, key_env }: EngineConfig, { env, fetch }: OpenEnginesOptions) => ({
  url,
  key: env[key_env] ?? "",
  ...(fetch === undefined ? {} : { fetch }),
});

/** Any provider of OpenAI's `/v1/embeddings`; it speaks no Tinker. */
function embedder({ url, key_env }: EngineConfig, { env, embed }: OpenEnginesOptions): Engine {
  const refuse = async (): Promise<never> => {
    throw new TagprError("usage", `${withoutSecrets(url)} is configured for embeddings only`, {
      hint: "Ask the policy or the reward engine.",
    });
  };
  return {
    capabilities: { extensions: {}, gspo: false },
    embed: embed({ url, key: env[key_env] ?? "", keyName: key_env }),
    train: refuse,
    sampler: refuse,
    export: refuse,
    saved: refuse,
    forget: refuse,
    close: async () => {},
  };
}
