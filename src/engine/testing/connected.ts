import { expect } from "vitest";
import { TagprError } from "../../core/errors.ts";
import { connectEngine } from "../client.ts";
import type { ProfileName } from "../profiles.ts";
import type { Datum, Engine, TrainingClient } from "../types.ts";
import type { FakeTinker } from "./fake-tinker.ts";

export const OURS = { ordered_batches: "1", gspo: "1" };
export const datum = (...tokens: number[]): Datum => ({
  tokens,
  inputs: { target_tokens: { dtype: "int64", data: tokens }, weights: { dtype: "float32", data: tokens.map(() => 1) } },
});
export const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1, gradClipNorm: 1 };

/** No pause takes time, and no patience ends. */
export const sleep = (_: number, signal?: AbortSignal): Promise<void> =>
  signal === undefined ? Promise.resolve() : new Promise(() => {});
export const connect = (
  fake: FakeTinker,
  profile?: ProfileName,
  more: { now?: () => number; rank?: number } = {},
): Promise<Engine> =>
  connectEngine({
    url: "http://engine.test/",
    key: "secret",
    fetch: fake.fetch,
    sleep,
    every: () => () => {},
    ...(profile === undefined ? {} : { profile }),
    ...more,
  });
export const train = async (fake: FakeTinker, profile?: ProfileName): Promise<TrainingClient> =>
  (await connect(fake, profile)).train({ model: "base", rank: 8, seed: 1 });
export const failure = async (promise: Promise<unknown>): Promise<TagprError> => {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TagprError);
  return error as TagprError;
};
export const calls = (fake: FakeTinker): string[] =>
  fake.seen.map((s) => s.path).filter((path) => path !== "retrieve_future");
