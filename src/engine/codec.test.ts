import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { decodePromptLogprobs } from "./codec.ts";
import { SampleResponseSchema } from "./gen/tinker_pb.ts";

const answer = (nats?: readonly number[]): Uint8Array => {
  const promptLogprobs = nats && new Uint8Array(Float32Array.from(nats).buffer);
  return toBinary(SampleResponseSchema, create(SampleResponseSchema, promptLogprobs ? { promptLogprobs } : {}));
};

it("log-probs of a prompt begin with the token that nothing stands before, whether the engine says so or leaves it out", () => {
  const expected = [Number.NaN, -1, -2];
  for (const nats of [
    [Number.NaN, -1, -2],
    [-1, -2],
  ])
    expect(Array.from(decodePromptLogprobs(answer(nats), 3))).toEqual(expected);
});

it.each([[undefined], [[-1]], [[-1, -2, -3, -4]]])("of other tokens are a fault of the engine: %j", (nats) => {
  expect(() => decodePromptLogprobs(answer(nats), 3)).toThrow(/log-probs of \d tokens of a prompt of 3/);
});
