import { keepAliveFetch } from "../engine/http.ts";
import type { Compute } from "../serve/compute.ts";
import { upstreamCompute } from "../serve/upstream.ts";
import { requireNoSecrets } from "./commands/data/endpoint-flags.ts";
import type { Io } from "./io.ts";

/** Flags of a completion server that stands in the engine's place. */
export interface UpstreamFlags {
  readonly upstream?: string | undefined;
  readonly upstreamModel?: string | undefined;
  readonly upstreamKeyEnv: string;
}

/** The server of `--upstream`; undefined where none is named. @throws TagprError where it can't be reached, or names no model */
export async function openUpstream(
  io: Io,
  { upstream: url, upstreamModel: model, upstreamKeyEnv: keyName }: UpstreamFlags,
): Promise<Compute | undefined> {
  requireNoSecrets({ url, keyEnv: keyName }, { url: "--upstream", keyEnv: "--upstream-key-env" });
  if (url === undefined) return undefined;
  const named = model === undefined ? {} : { model };
  return upstreamCompute({ url, ...named, key: io.env[keyName] ?? "", keyName, fetch: keepAliveFetch() });
}
