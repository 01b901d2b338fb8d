import { expect, it } from "vitest";
import { pieceCodec } from "../engine/testing/fake-engine.ts";
import type { SampleRequest, SamplingClient } from "../engine/types.ts";
import type { ComputeRequest, Delta } from "./compute.ts";
import { engineCompute } from "./engine-compute.ts";

const codec = pieceCodec(["?", "comedy", "hm"]);
const request: ComputeRequest = { prompt: [1], n: 2, maxTokens: 2, temperature: 1, topP: 0.9, seed: 7 };
const collect = async (deltas: AsyncIterable<Delta>): Promise<Delta[]> => {
  const all: Delta[] = [];
  for await (const delta of deltas) all.push(delta);
  return all;
};

it("every choice comes whole: its text without the end of turn, its tokens with it, why it ended", async () => {
  const asked: SampleRequest[] = [];
  const sampler: SamplingClient = {
    sample: async (requests) => {
      asked.push(...requests);
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
  const params = { maxTokens: 2, temperature: 1, topP: 0.9, stop: [0] };
  expect(asked).toEqual([{ prompt: [1], numSamples: 2, seed: 7, params }]);
});

it("who is no longer wanted does not wait: the reason of the signal is thrown", async () => {
  const never: SamplingClient = { sample: () => new Promise(() => {}) };
  const gone = new AbortController();
  const answer = collect(engineCompute(never, codec).complete(request, gone.signal));
  gone.abort(new Error("the client left"));
  await expect(answer).rejects.toThrow("the client left");
  await expect(collect(engineCompute(never, codec).complete(request, gone.signal))).rejects.toThrow("left");
});
