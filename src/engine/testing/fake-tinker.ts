import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Hono } from "hono";
import {
  ArrayRecordSchema,
  BatchedTensorSchema,
  DType,
  ForwardBackwardOutputSchema,
  type ForwardBackwardRequest,
  ForwardBackwardRequestSchema,
  SampledSequenceSchema,
  SampleResponseSchema,
  StopReason,
} from "../gen/tinker_pb.ts";
import type { Fetch } from "../transport.ts";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly loss?: ForwardBackwardRequest;
}

type Reply = { status?: number; json?: unknown; text?: string; bytes?: Uint8Array };

export interface FakeTinker {
  readonly fetch: Fetch;
  /** Every request, in order of arrival. */
  readonly seen: Seen[];
  /** Answers of the next polls, before the result of the future comes. */
  readonly polls: Reply[];
  /** Results of coming futures of a call, in place of the fake's own: `results.optim_step = [{…}]`. */
  readonly results: Record<string, Reply[]>;
  /** Errors that `fetch` throws at the next requests of a path. */
  readonly breaks: Record<string, Error[]>;
}

/** An in-process Tinker server: it numbers what it is sent and answers with it, so that order and merging show. */
export function fakeTinker(extensions?: Readonly<Record<string, string>>): FakeTinker {
  const seen: Seen[] = [];
  const polls: Reply[] = [];
  const results: Record<string, Reply[]> = {};
  const breaks: Record<string, Error[]> = {};
  const futures = new Map<string, Reply>();
  const app = new Hono().basePath("/api/v1");

  app.use(async (c, next) => {
    const proto = c.req.header("content-type") === "application/x-protobuf";
    const body = c.req.method === "POST" ? new Uint8Array(await c.req.arrayBuffer()) : null;
    seen.push({
      method: c.req.method,
      path: c.req.path.replace("/api/v1/", ""),
      headers: c.req.header(),
      ...(body !== null && proto ? { loss: fromBinary(ForwardBackwardRequestSchema, body) } : {}),
      ...(body !== null && !proto ? { json: JSON.parse(new TextDecoder().decode(body)) } : {}),
    });
    await next();
  });
  app.get("/get_server_capabilities", (c) => c.json({ supported_models: [], ...(extensions ? { extensions } : {}) }));
  app.post("/create_session", (c) => c.json({ session_id: "s1" }));
  app.post("/session_heartbeat", (c) => c.json({ type: "session_heartbeat" }));
  app.post("/create_sampling_session", (c) => c.json({ sampling_session_id: "sampling_1" }));
  app.post("/weights_info", (c) => c.json({ base_model: "the-base", is_lora: false, lora_rank: 0 }));
  app.delete("/training_runs/*", (c) => c.json({}));
  app.delete("/samplers/*", (c) => c.json({}));
  app.get("/training_runs/:id/checkpoints", (c) =>
    c.json({ checkpoints: [{ checkpoint_id: "weights/a", tinker_path: `tinker://${c.req.param("id")}/weights/a` }] }),
  );
  app.post("/retrieve_future", () => {
    const id = String(seen.at(-1)?.json?.request_id);
    return respond(polls.shift() ?? futures.get(id) ?? { status: 404, json: { detail: "Unknown request" } });
  });
  app.post("/:call", (c) => {
    const call = c.req.param("call");
    const request = seen.at(-1);
    const id = `r${futures.size + 1}`;
    if (request !== undefined) futures.set(id, results[call]?.shift() ?? ownResult(call, request));
    return c.json({ request_id: id });
  });
  return {
    seen,
    polls,
    results,
    breaks,
    fetch: async (url, init) => {
      const error = breaks[new URL(url).pathname.replace("/api/v1/", "")]?.shift();
      if (error !== undefined) throw error;
      return app.request(url, init);
    },
  };
}

function respond({ status = 200, json, text, bytes }: Reply): Response {
  if (bytes !== undefined)
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      status,
      headers: { "content-type": "application/x-protobuf" },
    });
  if (text !== undefined) return new Response(text, { status, headers: { "content-type": "text/plain" } });
  return Response.json(json, { status });
}

function ownResult(call: string, { loss, json }: Seen): Reply {
  if (loss !== undefined) return { bytes: lossResult(loss) };
  if (call === "asample") return { bytes: sampleResult(json ?? {}) };
  const path = `tinker://m1/${call === "save_weights" ? "weights" : "sampler_weights"}/${String(json?.path)}`;
  return { json: { model_id: "m1", path, sampling_session_id: "sampling_2", metrics: { "grad_norm:mean": 1 } } };
}

/** `logprobs[t]` = the t-th token of the datum; metrics that tell how parts were merged. */
function lossResult(request: ForwardBackwardRequest): Uint8Array {
  const rows = request.data.map(({ modelInput }) => {
    const [chunk] = modelInput;
    const bytes = chunk?.chunk.case === "encodedText" ? chunk.chunk.value.tokens.slice() : new Uint8Array();
    return Float32Array.from(new Int32Array(bytes.buffer));
  });
  const offsets = [0];
  for (const row of rows) offsets.push((offsets.at(-1) ?? 0) + row.byteLength);
  const data = new Uint8Array(offsets.at(-1) ?? 0);
  for (const [i, row] of rows.entries()) data.set(new Uint8Array(row.buffer), offsets[i]);
  const logprobs = create(BatchedTensorSchema, {
    data,
    offsets: new Uint8Array(BigInt64Array.from(offsets.map(BigInt)).buffer),
    dtype: DType.DTYPE_FLOAT32,
  });
  const record = create(ArrayRecordSchema, { fields: { logprobs }, numDatums: BigInt(rows.length) });
  const n = rows.length;
  return toBinary(
    ForwardBackwardOutputSchema,
    create(ForwardBackwardOutputSchema, {
      lossFnOutputs: [record],
      metrics: { "loss:sum": n, "seq:mean": request.seqId, "seq:min": request.seqId, "seq:max": request.seqId },
    }),
  );
}

/** Sample k of a prompt is its first token plus k, then its seed; a prompt's tokens have their negatives as log-probs. */
function sampleResult(json: Readonly<Record<string, unknown>>): Uint8Array {
  const { prompt, num_samples, sampling_params, prompt_logprobs } = json as {
    prompt: { chunks: { tokens: number[] }[] };
    prompt_logprobs?: boolean;
    num_samples: number;
    sampling_params: { seed: number };
  };
  const first = prompt.chunks[0]?.tokens[0] ?? 0;
  const sequences = Array.from({ length: num_samples }, (_, k) =>
    create(SampledSequenceSchema, {
      stopReason: k === 0 ? StopReason.STOP : StopReason.LENGTH,
      tokens: new Uint8Array(Int32Array.of(first + k, sampling_params.seed).buffer),
      logprobs: new Uint8Array(Float32Array.of(-1, -2).buffer),
    }),
  );
  const [, ...scored] = prompt.chunks[0]?.tokens ?? [];
  const promptLogprobs = new Uint8Array(Float32Array.from([Number.NaN, ...scored.map((token) => -token)]).buffer);
  return toBinary(
    SampleResponseSchema,
    create(SampleResponseSchema, { sequences, ...(prompt_logprobs === true ? { promptLogprobs } : {}) }),
  );
}
