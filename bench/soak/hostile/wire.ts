import { connect } from "node:net";
import type { Random } from "../../../src/core/random.ts";
import type { EngineProcess } from "../../../src/engine/process.ts";
import { engine, OBSERVER } from "./own-engine.ts";
import { hold, type Setting, type Trial } from "./trial.ts";

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(at: EngineProcess, path: string, init: RequestInit, token = at.token): Promise<Answer> {
  const headers = { "x-api-key": token, "content-type": "application/json", ...(init.headers ?? {}) };
  const answer = await fetch(`${at.url}${path}`, {
    method: "POST",
    ...init,
    headers,
    signal: AbortSignal.timeout(60_000),
  });
  return { status: answer.status, text: await answer.text() };
}

const alive = async (at: EngineProcess): Promise<void> => {
  const { status } = await ask(at, "/api/v1/healthz", { method: "GET" });
  hold(status === 200, `the engine answers ${status} when asked for its health`);
};

/** The answer of a request and, where it is a future, what that came to. */
async function outcome(at: EngineProcess, path: string, body: string, headers = {}): Promise<Answer> {
  const first = await ask(at, `/api/v1/${path}`, { body, headers });
  const id = /"request_id":\s*"([^"]+)"/.exec(first.text)?.[1];
  if (first.status !== 200 || id === undefined) return first;
  for (;;) {
    const answer = await ask(at, "/api/v1/retrieve_future", { body: JSON.stringify({ request_id: id }) });
    if (answer.status !== 408) return answer;
  }
}

const PATHS = [
  "create_session",
  "create_model",
  "asample",
  "optim_step",
  "save_weights",
  "load_weights",
  "weights_info",
]
  .concat(["get_info", "retrieve_future", "unload_model", "create_sampling_session", "export", "session_heartbeat"])
  .concat(["save_weights_for_sampler", "forward_backward", "telemetry", "client/config"]);
const VALUES = [
  "null",
  "1e400",
  "-1e400",
  "NaN",
  "[]",
  "{}",
  '"\\ud800"',
  '""',
  "true",
  "-1",
  "9007199254740993",
].concat([
  '"../../x"',
  '"\\u0000"',
  '"tinker://a/weights/../../x"',
  "[[[[[[]]]]]]",
  '{"__proto__": 1}',
  "1.5",
  `"${"x".repeat(3000)}"`,
]);
const KEYS = [
  "session_id",
  "model_id",
  "base_model",
  "lora_config",
  "sampling_params",
  "prompt",
  "num_samples",
  "path",
].concat([
  "tinker_path",
  "adam_params",
  "seq_id",
  "request_id",
  "model_seq_id",
  "optimizer",
  "user_embeddings",
  "model_role",
]);

function hostileBody(random: Random, session: string): string {
  const fields = Array.from({ length: random.int(6) }, () => `"${random.pick(KEYS)}": ${random.pick(VALUES)}`);
  if (random.next() < 0.7) fields.push(`"session_id": "${session}"`, '"base_model": "tiny"');
  const body = `{${fields.join(", ")}}`;
  return random.next() < 0.1 ? body.slice(0, random.int(body.length)) : body;
}

/** Requests of any kind: a sentence and a 4xx, never a crash. */
async function anyRequest({ random }: Setting): Promise<void> {
  const at = await engine();
  const opened = await ask(at, "/api/v1/create_session", { body: '{"tags": [], "sdk_version": "x"}' });
  const session = /"session_id":\s*"([^"]+)"/.exec(opened.text)?.[1] ?? "";
  for (let i = 0; i < 25; i++) {
    const path = random.pick(PATHS);
    const body = hostileBody(random, session);
    const { status, text } = await ask(at, `/api/v1/${path}`, { body });
    hold(status < 500, `${path} ${body.slice(0, 200)}: HTTP ${status} ${text.slice(0, 200)}`);
  }
  await alive(at);
}

/** Values that are no settings: refused, and no model is made of them. */
async function oddSettings({ random }: Setting): Promise<void> {
  const at = await engine();
  const opened = await ask(at, "/api/v1/create_session", { body: '{"tags": [], "sdk_version": "x"}' });
  const session = /"session_id":\s*"([^"]+)"/.exec(opened.text)?.[1] ?? "";
  const prompt = '"prompt": {"chunks": [{"type": "encoded_text", "tokens": [5]}]}, "base_model": "tiny"';
  const model = (lora: string): string =>
    `{"session_id": "${session}", "model_seq_id": ${random.int(1e6)}, "base_model": "tiny", "lora_config": ${lora}}`;
  const [path, body, headers] = random.pick<readonly [string, string, Record<string, string>]>([
    ["asample", `{${prompt}, "sampling_params": {"max_tokens": 2, "temperature": 1${"0".repeat(400)}}}`, {}],
    [
      "asample",
      `{${prompt}, "sampling_params": {"max_tokens": 2}}`,
      { "x-tagpr-batch": random.pick(["a/b/c", "a/1/0", "//", "a/-1/2", `a/${"9".repeat(5000)}/2`]) },
    ],
    ["create_model", model('{"rank": 4, "seed": NaN}'), {}],
    ["create_model", model('{"rank": NaN}'), {}],
    ["create_model", model('{"rank": 4, "train_mlp": "\\ud800"}'), {}],
  ]);
  const { status, text } = await outcome(at, path, body, headers);
  const refused = (status >= 400 && status < 500) || /"category":\s*"user"/.test(text);
  hold(
    refused,
    `${path} ${body.slice(0, 160)} ${JSON.stringify(headers).slice(0, 60)}: HTTP ${status} ${text.slice(0, 160)}`,
  );
  await alive(at);
}

/** Who has an observer's token, or none, changes nothing. */
async function lookersOn({ random }: Setting): Promise<void> {
  const at = await engine();
  const path = random.pick(PATHS);
  const looking = await ask(at, `/api/v1/${path}`, { body: "{}" }, OBSERVER);
  hold(looking.status === 403, `an observer's POST ${path}: HTTP ${looking.status}`);
  const seen = await ask(at, "/api/v1/training_runs", { method: "GET" }, OBSERVER);
  hold(seen.status === 200, `an observer can't look: HTTP ${seen.status}`);
  for (const token of ["", "x", `${at.token}x`, at.token.slice(1), OBSERVER.slice(1)]) {
    const { status } = await ask(at, `/api/v1/${path}`, { body: "{}" }, token);
    hold(status === 401, `${path} with a wrong token: HTTP ${status}`);
  }
}

/** Requests that stop halfway hold up nobody: who asks whole is answered. */
async function halfRequests({ random }: Setting): Promise<void> {
  const at = await engine();
  const { hostname, port } = new URL(at.url);
  const half = random.pick([
    "POST /api/v1/asample HTTP/1.1\r\nHost: x\r\n",
    "GET",
    `POST /api/v1/create_session HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${at.token}\r\nContent-Length: 500\r\n\r\n{`,
    "POST /api/v1/asample HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nx",
  ]);
  const sockets = Array.from({ length: 20 + random.int(40) }, () => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => {});
    socket.write(half);
    return socket;
  });
  try {
    await alive(at);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

export const WIRE: readonly Trial[] = [
  { point: 12, name: "requests that stop halfway", run: halfRequests },
  { point: 15, name: "requests of any kind", run: anyRequest },
  { point: 15, name: "values that are no settings", run: oddSettings },
  { point: 16, name: "lookers-on", run: lookersOn },
];
