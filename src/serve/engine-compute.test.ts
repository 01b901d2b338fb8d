import { expect, it } from "vitest";
import { pieceCodec } from "../engine/testing/fake-engine.ts";
import type { SampleRequest, SamplingClient, StreamedTokens } from "../engine/types.ts";
import type { ComputeRequest, Delta } from "./compute.ts";
import { engineCompute } from "./engine-compute.ts";

const codec = pieceCodec(["?", "comedy", "hm"]);
const request: ComputeRequest = { prompt: [1], n: 2, maxTokens: 2, temperature: 1, topP: 0.9, seed: 7 };
const params = { maxTokens: 2, temperature: 1, topP: 0.9, stop: [0] };
const asked: SampleRequest = { prompt: [1], numSamples: 2, seed: 7, params };
const collect = async (deltas: AsyncIterable<Delta>): Promise<Delta[]> => {
  const all: Delta[] = [];
  for await (const delta of deltas) all.push(delta);
  return all;
};
const never = (): Promise<never> => new Promise(() => {});

it("tokens become text as they come: the end of turn is counted and not said", async () => {
  const seen: SampleRequest[] = [];
  const streamed: StreamedTokens[] = [
    { sample: 1, tokens: [3], finish: null },
    { sample: 0, tokens: [2], finish: null },
    { sample: 0, tokens: [0], finish: "stop" },
    { sample: 1, tokens: [3], finish: "length" },
  ];
  const sampler: SamplingClient = {
    sample: never,
    stream: async function* (one) {
      seen.push(one);
      yield* streamed;
    },
  };
  const deltas = await collect(engineCompute(sampler, codec).complete(request, new AbortController().signal));
  expect(deltas).toEqual([
    { choice: 1, text: "hm", tokens: 1, finish: null },
    { choice: 0, text: "comedy", tokens: 1, finish: null },
    { choice: 0, text: "", tokens: 1, finish: "stop" },
    { choice: 1, text: "hm", tokens: 1, finish: "length" },
  ]);
  expect(seen).toEqual([asked]);
});

it("who leaves ends the engine's stream", async () => {
  let ended = 0;
  const sampler: SamplingClient = {
    sample: never,
    stream: async function* () {
      try {
        for (;;) yield { sample: 0, tokens: [2], finish: null };
      } finally {
        ended++;
      }
    },
  };
  for await (const _ of engineCompute(sampler, codec).complete(request, new AbortController().signal)) break;
  expect(ended).toBe(1);
});

it("an engine that can't stream answers every choice whole", async () => {
  const seen: SampleRequest[] = [];
  const sampler: SamplingClient = {
    sample: async (requests) => {
      seen.push(...requests);
      return [
        [
          { tokens: [2, 0], logprobs: [-1, -1], stopReason: "stop" },
          { tokens: [3, 3], logprobs: [-1, -1], stopReason: "length" },
        ],
      ];
    },
  };
  const deltas = await collect(engineCompute(sampler, codec).complete(request, new AbortController().signal));
  expect(deltas).toEqual([
    { choice: 0, text: "comedy", tokens: 2, finish: "stop" },
    { choice: 1, text: "hmhm", tokens: 2, finish: "length" },
  ]);
  expect(seen).toEqual([asked]);
});

it("nor does who is no longer wanted wait for it: the reason of the signal is thrown", async () => {
  const sampler: SamplingClient = { sample: never };
  const gone = new AbortController();
  const answer = collect(engineCompute(sampler, codec).complete(request, gone.signal));
  gone.abort(new Error("the client left"));
  await expect(answer).rejects.toThrow("the client left");
  await expect(collect(engineCompute(sampler, codec).complete(request, gone.signal))).rejects.toThrow("left");
});
