import { describe, expect, it } from "vitest";
import type { ShownExample } from "../data/types.ts";
import { type EvaluateOptions, evaluateMethod } from "./evaluate.ts";
import { meanScore } from "./headline.ts";
import { buildResult } from "./result.ts";
import { swapProfiles } from "./swap.ts";
import { examples, fakeTools, task } from "./testing/fakes.ts";
import type { Method, Prediction, Reply } from "./types.ts";

/** Says the same to everyone; three samples beside it, the second of which is right about comedies. */
const method = (say: (example: ShownExample) => string, more: Partial<Reply> = {}): Method => ({
  ...{ name: "fake", label: "Fake", paper: "–", source: "a test", about: "", trains: [] },
  ...{ profile: true, reasoning: true },
  answer: async (asked, { draw }) =>
    asked.map((example) => ({
      ...{ response: say(example), tokens: 3, truncated: false, shown: example.shown, cut: [] },
      cost: { promptTokens: 10, sampledTokens: 3, responses: 1 },
      ...(draw === null
        ? {}
        : {
            samples: ["action", "comedy", "action"].map((answer) => ({
              ...{ response: `<think>so</think>${answer}`, tokens: 2, truncated: false },
            })),
          }),
      ...more,
    })),
});

const { tools } = fakeTools(() => "");
const options = (own: Method, more: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  ...{ method: own, tools, examples, batch: 2 },
  ...more,
});

async function all(given: EvaluateOptions): Promise<Prediction[][]> {
  const out: Prediction[][] = [];
  for await (const batch of evaluateMethod(given)) out.push([...batch]);
  return out;
}

describe("evaluateMethod", () => {
  it("asks batch after batch, and reads both ways", async () => {
    const batches = await all(
      options(method(({ id }) => `<think>so</think>${id === "q1" ? " Answer: action" : "comedy"}`)),
    );
    expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
    const [first, second] = batches.flat();
    expect(first).toMatchObject({ query: "q0", strict: "comedy", lenient: "comedy", strictScore: 1, lenientScore: 1 });
    expect(second).toMatchObject({ query: "q1", strict: null, lenient: "action", strictScore: 0, lenientScore: 1 });
  });

  it("keeps what a reply took, what was cut and what else was made; no more where there is no more", async () => {
    const cut = [{ item: "i0", field: null, from: 9, to: 0 }];
    const own = method(() => "<think>so</think>comedy", { cut, made: { summary: "likes comedies" } });
    expect((await all(options(own)))[0]?.[0]).toMatchObject({
      ...{ cut, made: { summary: "likes comedies" } },
      cost: { promptTokens: 10, sampledTokens: 3, responses: 1 },
    });
    const [[plain] = []] = await all(options(method(() => "<think>so</think>comedy")));
    for (const key of ["cut", "made", "sampled"]) expect(plain).not.toHaveProperty(key);
  });

  it("names the query without gold, and a method that leaves a query out", async () => {
    const broken = [{ ...examples[0], gold: null } as ShownExample];
    await expect(
      all(
        options(
          method(() => ""),
          { examples: broken },
        ),
      ),
    ).rejects.toThrow(/tag, query q0: no gold/);
    const lazy = { ...method(() => ""), answer: async () => [] };
    await expect(all(options(lazy))).rejects.toThrow(/fake gave 0 replies to 2 queries/);
  });
});

describe("samples", () => {
  it("stand beside the greedy answer, each read and scored, and make the score where they are the primary decoding", async () => {
    const sampling = { n: 3, temperature: 0.6, primary: true };
    const predictions = (
      await all(
        options(
          method(() => "<think>so</think>comedy"),
          { sampling },
        ),
      )
    ).flat();
    const [first] = predictions;
    expect(first?.sampled?.answers.map(({ strict }) => strict)).toEqual(["action", "comedy", "action"]);
    expect(first?.sampled).toMatchObject({ temperature: 0.6, primary: true });
    expect(meanScore(first as Prediction, "strict")).toBeCloseTo(1 / 3, 12);
    expect(meanScore({ ...first, sampled: { ...first?.sampled, primary: false } } as Prediction, "strict")).toBe(
      first?.strictScore,
    );
    const details = buildResult({
      ...{ predictions: { fake: predictions }, tasks: [task], comparisons: [] },
      ...{ reading: "strict", bootstrap: 20, seed: 1, seconds: 0, synthetic: [] },
    }).details.fake?.samples;
    expect(details).toMatchObject({ n: 3, primary: true, temperature: 0.6 });
    expect(details?.pass_at["1"]).toBeCloseTo(details?.avg_at_n ?? 0, 12);
    expect(details?.pass_at["3"]).toBe(1);
  });
});

describe("swapProfiles", () => {
  it("shows everyone another user's items, the same ones for the same seed", () => {
    const swapped = swapProfiles(examples, 3);
    for (const [i, example] of swapped.entries()) expect(example.shown).not.toEqual(examples[i]?.shown);
    expect(swapProfiles(examples, 3)).toEqual(swapped);
    expect(swapProfiles(examples.slice(0, 1), 3)[0]?.shown).toEqual([]);
  });
});
