import { TagprError } from "../core/errors.ts";
import { withoutSecrets } from "../core/secrets.ts";
import { retrieve } from "./futures.ts";
import type { EngineProfile } from "./profiles.ts";
import { parseJson, send, sendJson, type Transport } from "./transport.ts";

/** Calls `tick` every `ms` until the returned function is called; must not keep the process alive. */
export type Every = (tick: () => void, ms: number) => () => void;

/** One client's standing with one server: a session kept alive by heartbeats, opened when first needed. */
export interface Session {
  readonly transport: Transport;
  readonly profile: EngineProfile;
  readonly extensions: Readonly<Record<string, string>>;
  id(): Promise<string>;
  /** Counter of models and of sampling sessions, as the protocol wants them numbered. */
  nextModel(): number;
  nextSampler(): number;
  /** Posts JSON, waits for its future, and reads that as JSON. */
  run<T>(path: string, body: Readonly<Record<string, unknown>>, what?: string): Promise<T>;
  /** Only posts; for calls whose order counts and whose results are awaited together. */
  post(path: string, body: Readonly<Record<string, unknown>>): Promise<string>;
  readonly deadlineMs: number;
  /** Stops the heartbeat. */
  close(): void;
}

/** The SDK's figures. */
const HEARTBEAT_MS = 10_000;
const SDK_VERSION = "0.38.0";

interface SessionOptions {
  readonly transport: Transport;
  readonly profile: EngineProfile;
  readonly extensions: Readonly<Record<string, string>>;
  readonly every: Every;
  readonly deadlineMs: number;
}

export function makeSession({ profile, extensions, every, deadlineMs, ...options }: SessionOptions): Session {
  let opened: Promise<string> | undefined;
  /** Whether a beat was ever taken: not every server knows them. */
  let lived = false;
  const beat = async (id: string): Promise<number | undefined> => {
    const status = await heartbeat(options.transport, id);
    lived ||= status === 200;
    return status;
  };
  const transport: Transport = {
    ...options.transport,
    checkSession: async () => {
      if (!lived || opened === undefined) return;
      const status = await beat(await opened);
      if (status === 404 || status === 410) throw sessionGone(options.transport);
    },
  };
  let stop = (): void => {};
  let models = 0;
  let samplers = 0;

  const open = async (): Promise<string> => {
    const id = await createSession(options.transport);
    stop = every(() => void beat(id), HEARTBEAT_MS);
    return id;
  };
  const post = async (path: string, body: Readonly<Record<string, unknown>>): Promise<string> => {
    const { request_id } = await sendJson<{ request_id: string }>(transport, { path: `/api/v1/${path}`, body });
    return request_id;
  };
  return {
    transport,
    profile,
    extensions,
    deadlineMs,
    id: () => {
      opened ??= open();
      return opened;
    },
    nextModel: () => models++,
    nextSampler: () => samplers++,
    post,
    run: async <T>(path: string, body: Readonly<Record<string, unknown>>, what = path): Promise<T> => {
      const requestId = await post(path, body);
      return parseJson<T>(transport, what, await retrieve(transport, { requestId, what }, deadlineMs));
    },
    close: () => stop(),
  };
}

async function createSession(transport: Transport): Promise<string> {
  const answer = await sendJson<{ session_id?: string; error_message?: string | null }>(transport, {
    path: "/api/v1/create_session",
    body: { tags: ["tagpr"], user_metadata: null, sdk_version: SDK_VERSION, type: "create_session" },
  });
  if (answer.session_id === undefined || answer.error_message)
    throw new TagprError(
      "engine",
      `the engine at ${transport.url} opened no session: ${answer.error_message ?? "its answer holds no session_id"}`,
      { hint: "Check the key and the url of this engine in the config." },
    );
  return answer.session_id;
}

/** The status of one beat. A missed one is no failure of the run: if the server is gone, the next call says so. */
const heartbeat = (transport: Transport, id: string): Promise<number | undefined> =>
  send(transport, {
    path: "/api/v1/session_heartbeat",
    body: { session_id: id, type: "session_heartbeat" },
    repeatable: true,
    timeoutMs: HEARTBEAT_MS,
  }).then(
    ({ status }) => status,
    () => undefined,
  );

/** Servers end a session that is silent for minutes, with all its models: this computer slept, or the network was down. */
function sessionGone({ url }: Transport): TagprError {
  const what = `the engine at ${withoutSecrets(url)} has ended this client's session, and its models with it`;
  return new TagprError("engine_lost", what, {
    hint: "It does so after minutes of silence: the command was suspended, or the connection down. Run the same command again: it goes on from its last checkpoint.",
  });
}
