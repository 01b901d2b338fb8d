import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { fixture } from "../core/testing/fixtures.ts";
import { connectEngine } from "./client.ts";
import { decodeLossResult, decodeSamples } from "./codec.ts";
import { DType, ForwardBackwardRequestSchema } from "./gen/tinker_pb.ts";
import { errorText } from "./transport.ts";
import type { Datum, Engine, LossName } from "./types.ts";

/** What a real SkyRL 0.4.0 server was sent and answered. */
const RECORD = fixture("skyrl", "exchanges.jsonl");

interface Tensor {
  readonly data: number[];
  readonly dtype: "float32" | "int64";
}
interface Decoded {
  readonly loss_fn_outputs?: Record<string, Tensor>[];
  readonly sequences?: { readonly tokens: number[]; readonly logprobs: number[]; readonly stop_reason: string }[];
}
interface Exchange {
  readonly label: string;
  readonly method: string;
  readonly path: string;
  readonly request: { readonly json?: Record<string, unknown>; readonly base64?: string };
  readonly response: {
    readonly status: number;
    readonly content_type: string;
    readonly text?: string;
    readonly base64?: string;
  };
  readonly decoded?: Decoded;
  readonly meaning?: {
    readonly loss_fn: LossName;
    readonly data: {
      readonly model_input: { readonly chunks: { readonly tokens: number[] }[] };
      readonly loss_fn_inputs: Record<string, Tensor>;
    }[];
  };
}

let exchanges: Exchange[] = [];
beforeAll(() => {
  exchanges = readFileSync(RECORD, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Exchange);
});

const find = (label: string): Exchange[] => exchanges.filter((exchange) => exchange.label === label);
const bytesOf = (base64: string | undefined): Uint8Array => new Uint8Array(Buffer.from(base64 ?? "", "base64"));
const datumsOf = (label: string): Datum[] =>
  (find(label)[0]?.meaning?.data ?? []).map(({ model_input, loss_fn_inputs }) => ({
    tokens: model_input.chunks[0]?.tokens ?? [],
    inputs: loss_fn_inputs,
  }));
const bodyOf = (exchange: Exchange): Uint8Array =>
  exchange.response.base64 === undefined
    ? new TextEncoder().encode(exchange.response.text)
    : bytesOf(exchange.response.base64);

/** A binary request with its arrays as numbers; the recording's JSON side has lost the sign of zero. */
function readable(bytes: Uint8Array): unknown {
  const { data, ...envelope } = fromBinary(ForwardBackwardRequestSchema, bytes);
  return {
    ...envelope,
    data: data.map(({ modelInput, lossFnInputs }) => ({
      modelInput,
      inputs: Object.entries(lossFnInputs).map(([name, { dtype, shape, encoding }]) => {
        const dense = encoding.case === "dense" ? encoding.value.slice() : new Uint8Array();
        const float = dtype === DType.DTYPE_FLOAT32;
        return { name, dtype, shape, values: float ? Array.from(new Float32Array(dense.buffer), (v) => v + 0) : dense };
      }),
    })),
  };
}

/** Answers as recorded, and holds every request against the recorded one. */
function replay({ compare } = { compare: true }): {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  jump(label: string): void;
} {
  let at = 0;
  return {
    jump: (label) => {
      at = exchanges.findIndex((exchange) => exchange.label === label);
    },
    fetch: async (url, init) => {
      const { pathname } = new URL(url);
      const here = exchanges.findIndex((e, i) => i >= at && e.path === pathname && e.method === init.method);
      const exchange = exchanges[here];
      if (exchange === undefined) throw new Error(`nothing recorded for ${init.method} ${pathname} from ${at}`);
      at = here + 1;
      if (compare && exchange.request.base64 === undefined)
        expect(typeof init.body === "string" ? JSON.parse(init.body) : null, exchange.label).toEqual(
          exchange.request.json ?? null,
        );
      else if (compare)
        expect(readable(init.body as Uint8Array), exchange.label).toEqual(readable(bytesOf(exchange.request.base64)));
      const { status, content_type } = exchange.response;
      return new Response(Buffer.from(bodyOf(exchange)), { status, headers: { "content-type": content_type } });
    },
  };
}

const connect = (fetch: ReturnType<typeof replay>["fetch"]): Promise<Engine> =>
  connectEngine({ url: "http://skyrl.test", fetch, profile: "skyrl", sleep: async () => {}, every: () => () => {} });
const decodedLogprobs = (label: string): (number[] | undefined)[] | undefined =>
  find(label)[1]?.decoded?.loss_fn_outputs?.map((output) => output.logprobs?.data);
const logprobs = (result: { outputs: readonly Readonly<Record<string, Float32Array>>[] }): number[][] =>
  result.outputs.map((output) => Array.from(output.logprobs ?? []));

const ADAM = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-12, weightDecay: 0, gradClipNorm: 0 };

describe("a recorded SkyRL server", () => {
  it("is sent exactly what it accepted, and its answers are read: train, sample, save, load", async () => {
    const tape = replay();
    const engine = await connect(tape.fetch);
    expect(engine.capabilities.extensions).toEqual({});
    const client = await engine.train({ model: "tiny-qwen3", rank: 8, seed: 1 });
    const first = await client.forward(datumsOf("forward only"), "cross_entropy");
    expect(logprobs(first)).toEqual(decodedLogprobs("forward only"));
    await client.forwardBackward(datumsOf("cross entropy"), "cross_entropy");
    expect((await client.optimStep(ADAM))["skyrl.ai/grad_norm"]).toBeCloseTo(11.864459, 5);
    const second = await client.forwardBackward(datumsOf("importance sampling"), "importance_sampling");
    expect(logprobs(second)).toEqual(decodedLogprobs("importance sampling"));
    await client.optimStep(ADAM);
    const sampler = await client.sampler();
    const [group] = await sampler.sample([
      { prompt: [1, 300, 301, 302], numSamples: 5, seed: 7, params: { maxTokens: 6, temperature: 1 } },
    ]);
    expect(group).toEqual(
      find("sample")[1]?.decoded?.sequences?.map(({ tokens, logprobs: nats, stop_reason }) => ({
        tokens,
        logprobs: nats,
        stopReason: stop_reason,
      })),
    );
    expect(await client.saveState("ck1")).toBe("tinker://model_9f613880/weights/ck1");
    const loaded = await engine.train({
      model: "tiny-qwen3",
      rank: 8,
      seed: 2,
      resume: "tinker://model_9f613880/weights/ck1",
    });
    const again = await loaded.forward(datumsOf("loaded model agrees"), "cross_entropy");
    expect(logprobs(again)).toEqual(decodedLogprobs("loaded model agrees"));
    await loaded.unload();
  });

  it("its refusals come through in its own words", async () => {
    const tape = replay({ compare: false });
    const client = await (await connect(tape.fetch)).train({ model: "tiny-qwen3", rank: 8, seed: 1 });
    tape.jump("error: loss not served");
    await expect(client.forwardBackward(datumsOf("error: loss not served"), "gspo")).rejects.toThrow(
      "Loss functions ['gspo'] are not supported by the JAX backend",
    );
  });

  it.each([
    ["error: JSON where protobuf is wanted", "requires a application/x-protobuf body"],
    ["error: full-parameter on JAX", "LoRA rank 0 must be between 1 and 8"],
    ["error: no lora_config", "lora_config: Field required"],
    ["error: unknown model", "Model not found"],
    ["error: unknown future", ""],
  ])("%s", (label, words) => {
    const exchange = find(label).at(-1);
    if (exchange === undefined) throw new Error(`no exchange "${label}"`);
    const { status, content_type } = exchange.response;
    const said = errorText({ status, contentType: content_type, bytes: bodyOf(exchange) });
    if (words === "") expect(said).toBe("");
    else expect(said).toContain(words);
  });

  it("every binary answer decodes to what the recording says it means", () => {
    const binary = exchanges.filter((exchange) => exchange.response.base64 !== undefined);
    expect(binary.length).toBeGreaterThan(4);
    for (const { label, response, decoded } of binary)
      if (decoded?.sequences !== undefined)
        expect(
          decodeSamples(bytesOf(response.base64)).map((s) => s.tokens),
          label,
        ).toEqual(decoded.sequences.map((s) => s.tokens));
      else
        expect(
          decodeLossResult(bytesOf(response.base64)).outputs.map((o) => Object.keys(o).sort()),
          label,
        ).toEqual(decoded?.loss_fn_outputs?.map((o) => Object.keys(o).sort()));
  });
});
