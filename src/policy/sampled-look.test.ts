import { expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { loadTask } from "../data/task-file.ts";
import type { QueryId, ShownExample } from "../data/types.ts";
import type { SampleRequest, SamplingClient } from "../engine/types.ts";
import type { Codec } from "../prompts/generate.ts";
import type { Decodings, Setting } from "./rollout.ts";
import { validate } from "./validate.ts";

const EOS = 0;
const codec: Codec = {
  encode: (text) => [...text].map((c) => c.codePointAt(0) ?? 0),
  decode: (ids) => String.fromCodePoint(...ids),
  eosIds: [EOS],
};
const dev = ["comedy", "action"].map((gold, i): ShownExample => {
  return { task: "LaMP_2", id: `q${i}` as QueryId, user: null, input: gold, gold, shown: [], historyItems: 0 };
});
const base = configSchema.parse({});
const setting = (decodings?: Decodings): Setting => ({
  ...{ stage: "guided", codec, promptOf: ({ input }) => codec.encode(input), tasks: [loadTask("LaMP_2")], tags: ["a"] },
  ...{ rewards: base.rewards, config: base.guided, scorer: null },
  ...(decodings === undefined ? {} : { decodings }),
});

/** Greedy is wrong; at temperature t < 1 two of three samples are right, at 1 one of three. */
const sampler = (seen: SampleRequest[] = []): SamplingClient => ({
  sample: (requests) => {
    seen.push(...requests);
    return Promise.resolve(
      requests.map(({ prompt, numSamples, params: { temperature } }) =>
        Array.from({ length: numSamples }, (_, i) => {
          const right = temperature > 0 && (temperature < 1 ? i !== 1 : i === 1);
          const answer = right ? codec.decode(prompt) : "classic";
          const tokens = [...codec.encode(`<think><a>so</a></think>${answer}`), EOS];
          return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
        }),
      ),
    );
  },
});

const look = (decodings?: Decodings, seen?: SampleRequest[]) =>
  validate(setting(decodings), sampler(seen), dev, 0, () => 0);

it("a look is greedy alone unless more is asked for", async () => {
  const seen: SampleRequest[] = [];
  const { point, row } = await look(undefined, seen);
  expect(point.score).toBe(0);
  expect(row).not.toHaveProperty("avg_at_n");
  expect(seen).toHaveLength(dev.length);
  expect((await look({ samples: 0, temperatures: [0] })).row).toEqual(row);
});

it("samples beside it are told and choose nothing where greedy is the only decoding", async () => {
  const { point, row } = await look({ samples: 3, temperatures: [0] });
  expect(point.score).toBe(0);
  expect(row).toMatchObject({ greedy: 0, temperature: 0, samples: 3, pass_at_n: 1, majority_at_n: 0 });
  expect(row.avg_at_n).toBeCloseTo(1 / 3, 12);
});

it("of several decodings the best mean chooses the weights", async () => {
  const { point, row } = await look({ samples: 3, temperatures: [0, 0.5, 1] });
  expect(point.score).toBeCloseTo(2 / 3, 12);
  expect(row).toMatchObject({ greedy: 0, temperature: 0.5, pass_at_n: 1, majority_at_n: 1 });
  const { point: fixed } = await look({ samples: 3, temperatures: [1] });
  expect(fixed.score).toBeCloseTo(1 / 3, 12);
});
