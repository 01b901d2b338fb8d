import { setTimeout as delay } from "node:timers/promises";
import { monotonic } from "../core/awake.ts";
import { TagprError } from "../core/errors.ts";
import { embedTexts } from "./embeddings.ts";
import { exportWeights } from "./export.ts";
import { requireForTraining } from "./extensions.ts";
import { keepAliveFetch } from "./http.ts";
import { createModel, forget, type Locate, livingModel, openSampler, saved } from "./models.ts";
import { checkTrainable, guessProfile, PROFILES, type ProfileName } from "./profiles.ts";
import { type Every, makeSession } from "./session.ts";
import { isTinkerPath } from "./tinker-path.ts";
import { type Fetch, sendJson, type Transport } from "./transport.ts";
import type { Engine, TrainingClient } from "./types.ts";

export interface ConnectOptions {
  /** `http://127.0.0.1:8000`, without `/api/v1`. */
  readonly url: string;
  readonly key?: string;
  /** Which engine it is; left out, it is told from what the server announces. */
  readonly profile?: ProfileName;
  /** Longest wait for one result; an hour when left out. */
  readonly deadlineMs?: number;
  /** Of the adapters that the run trains, 0 = all parameters; for engines that then have no base model left to sample. */
  readonly rank?: number;
  /** Aborted with a `TagprError` as its reason when the process behind `url` has died. */
  readonly lost?: AbortSignal;
  /** Turns a model folder or name into the name by which the engine knows it; left out, it is sent as it is. */
  readonly locate?: Locate;
  readonly fetch?: Fetch;
  readonly sleep?: Transport["sleep"];
  readonly now?: Transport["now"];
  readonly every?: Every;
}

const HOUR_MS = 3_600_000;
const GOODBYE_MS = 5000;

/** A heartbeat must not keep a finished program alive. */
const everyUnref: Every = (tick, ms) => {
  const timer = setInterval(tick, ms);
  timer.unref();
  return () => clearInterval(timer);
};

const transportOf = (options: ConnectOptions): Transport => ({
  url: checkUrl(options.url),
  key: options.key ?? "",
  fetch: options.fetch ?? keepAliveFetch(),
  sleep: options.sleep ?? (async (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal })),
  now: options.now ?? monotonic,
  answerMs: options.deadlineMs ?? HOUR_MS,
  ...(options.lost === undefined ? {} : { lost: options.lost }),
});

function checkUrl(url: string): string {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new TagprError("usage", `the engine's url is ${url === "" ? "empty" : `"${url}"`}`, {
      hint: "Set engines.<role>.url to something like http://127.0.0.1:8000.",
    });
  return url.replace(/(?<!\/)\/+$/, "");
}

/** Connects to a Tinker server and asks what it can do; a session is opened when first needed. */
export async function connectEngine(options: ConnectOptions): Promise<Engine> {
  // With the API's root or without, as the official SDK takes it too.
  const transport = transportOf({ ...options, url: options.url.replace(/\/api\/v1\/*$/, "") });
  const announced = await sendJson<{ extensions?: Record<string, unknown> }>(transport, {
    method: "GET",
    path: "/api/v1/get_server_capabilities",
    repeatable: true,
  });
  const extensions = Object.fromEntries(Object.entries(announced.extensions ?? {}).map(([k, v]) => [k, String(v)]));
  const profile = options.profile === undefined ? guessProfile(transport.url, extensions) : PROFILES[options.profile];
  const session = makeSession({
    transport,
    profile,
    extensions,
    every: options.every ?? everyUnref,
    deadlineMs: options.deadlineMs ?? HOUR_MS,
  });
  const locate = options.locate ?? (async (model) => model);
  const loaded = new Set<TrainingClient>();
  const track = (client: TrainingClient): TrainingClient => {
    const tracked: TrainingClient = {
      ...client,
      unload: async () => {
        loaded.delete(tracked);
        await client.unload();
      },
    };
    loaded.add(tracked);
    return tracked;
  };
  /** Lives to be sampled alone, until another model is asked for: some servers hold one at a time. */
  let lent: TrainingClient | null = null;
  const giveBack = async (): Promise<void> => {
    const last = lent;
    lent = null;
    await last?.unload();
  };
  const close = async (): Promise<void> => {
    // A server that serves one tenant would stay taken until the session times out; one that is stuck is left alone.
    const enough = new AbortController();
    const patience = transport.sleep(GOODBYE_MS, enough.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled([...loaded].map((client) => client.unload())), patience]);
    enough.abort();
    session.close();
  };
  return {
    capabilities: { extensions, gspo: profile.gspo },
    train: async (wanted) => {
      requireForTraining(session, wanted);
      checkTrainable(profile, wanted);
      await giveBack();
      return track(await createModel(session, wanted, locate));
    },
    sampler: async (modelOrPath) => {
      const asItStands = profile.samplesSaved || (!isTinkerPath(modelOrPath) && options.rank !== 0);
      if (asItStands) return openSampler(session, modelOrPath, locate);
      await giveBack();
      lent = track(await livingModel(session, modelOrPath, locate));
      return lent.sampler();
    },
    embed: async (model, texts, told) => embedTexts(transport, await locate(model), texts, told),
    export: (path, dir) => exportWeights(session, path, dir),
    saved: (model) => saved(session, model),
    forget: (path) => forget(session, path),
    close,
  };
}
