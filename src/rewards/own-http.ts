import { TagprError } from "../core/errors.ts";
import { type EndpointOptions, openEndpoint } from "../llm/endpoint.ts";
import { saidOf, whoIs } from "../llm/errors.ts";
import type { OwnScore } from "./own.ts";

export type HttpScorer = Omit<EndpointOptions, "role" | "model" | "setting"> & { readonly name: string };

/**
 * A signal that a server scores: `POST url/score` with `{"signal": name, "items": [OwnItem, …]}`, answered by
 * `{"scores": [number, …]}`. Tries, waits, redirects and keys are those of every endpoint ({@link openEndpoint}).
 */
export function httpScore({ name, ...options }: HttpScorer): OwnScore {
  const endpoint = openEndpoint({
    ...options,
    role: `rewards.own.${name}`,
    model: "",
    setting: (setting) => (setting === "url" ? `rewards.own.${name}.url` : null),
  });
  return async (items) => {
    const body = { signal: name, items };
    const asked = await endpoint.ask({ path: "score", body, read: readScores }).catch((error: unknown) => {
      throw error instanceof TagprError ? failed(name, error.message) : error;
    });
    if ("end" in asked) throw failed(name, `${whoIs(endpoint.name)} ${saidOf(endpoint.name, asked.end)}`);
    return asked.value;
  };
}

function readScores(body: unknown): readonly unknown[] {
  const scores: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "scores") : undefined;
  if (!Array.isArray(scores)) throw new Error('no {"scores": [number, …]}');
  return scores;
}

const failed = (name: string, what: string): TagprError =>
  new TagprError("llm", what, {
    hint: `Look at the scorer's log, and at url, key_env and timeout_seconds of rewards.own.${name}. Scores that came before are kept: the same command goes on from there.`,
  });
