import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { loadTask } from "../data/task-file.ts";
import type { QueryId, ShownExample } from "../data/types.ts";
import type { SampleRequest, SamplingClient } from "../engine/types.ts";
import type { Codec } from "../prompts/generate.ts";
import { distinctAccepted, rejectionBatches, type SampledBatch, sampleAccepted } from "./rejection.ts";

const tasks = [loadTask("LaMP_2")];
const tags = ["a"];
const EOS = 0;
/** Letters are tokens, so that a prompt can be read back. */
const codec: Codec = {
  encode: (text) => [...text].map((c) => c.codePointAt(0) ?? 0),
  decode: (ids) => String.fromCodePoint(...ids),
  eosIds: [EOS],
};
const examples = Array.from({ length: 8 }, (_, i): ShownExample => {
  const gold = i % 2 === 0 ? "comedy" : "action";
  return { task: "LaMP_2", id: `q${i}` as QueryId, user: null, input: gold, gold, shown: [], historyItems: 0 };
});
const promptOf = (example: ShownExample): readonly number[] => codec.encode(example.input);

/** Of three responses to a prompt the first is right, the second wrong, the third has no chain. */
const sampler = (seen: SampleRequest[]): SamplingClient => ({
  sample: (requests) => {
    seen.push(...requests);
    const say = (text: string) => {
      const tokens = [...codec.encode(text), EOS];
      return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
    };
    return Promise.resolve(
      requests.map(({ prompt }) => {
        const gold = codec.decode(prompt);
        return [`<think><a>so</a></think>${gold}`, "<think><a>so</a></think>classic", gold].map(say);
      }),
    );
  },
});

const base = configSchema.parse({});
const rl = (epochs: number) => ({ ...base.guided, epochs, batch: 4, rollouts: 3, max_tokens: 20 });

function options(seen: SampleRequest[] = []) {
  const stages = [
    { name: "guided", config: rl(1) },
    { name: "explore", config: rl(0.5) },
  ];
  return {
    sampler: sampler(seen),
    codec,
    promptOf,
    prefix: "",
    tasks,
    tags,
    chains: base.chains,
    examples,
    stages,
    seed: 7,
  };
}

async function all(from = 0, seen: SampleRequest[] = []): Promise<SampledBatch[]> {
  const out: SampledBatch[] = [];
  for await (const batch of sampleAccepted(options(seen), from)) out.push(batch);
  return out;
}

it("asks RL's own batches for as many responses as RL samples, and keeps what is right", async () => {
  const seen: SampleRequest[] = [];
  const batches = await all(0, seen);
  expect(batches.map(({ stage, batch }) => `${stage} ${batch}`)).toEqual(["guided 0", "guided 1", "explore 0"]);
  expect(rejectionBatches(options())).toBe(3);
  expect(seen.map(({ numSamples }) => numSamples)).toEqual(Array.from({ length: 8 + 4 }, () => 3));
  expect(batches.reduce((sum, { responses }) => sum + responses, 0)).toBe(12 * 3);
  for (const { accepted } of batches) {
    expect(accepted).toHaveLength(4);
    for (const { query, text } of accepted)
      expect(text).toBe(`<think><a>so</a></think>${examples.find(({ id }) => id === query)?.gold}`);
  }
});

it("goes on at any batch with the batches of an unbroken run", async () => {
  const whole = await all();
  for (const from of [1, 2, 3]) expect(await all(from)).toEqual(whole.slice(from));
});

it("keeps each response to a query once", async () => {
  // Explore's queries were among guided's, and this sampler says the same again.
  expect(distinctAccepted(await all())).toHaveLength(examples.length);
});
