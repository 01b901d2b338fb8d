import { describe, expect, it } from "vitest";
import { silent } from "../core/progress.ts";
import type { Task } from "../data/task.ts";
import type { QueryId, ShownExample, UserId } from "../data/types.ts";
import type { SampleRequest, SamplingClient } from "../engine/types.ts";
import type { Renderer } from "../prompts/renderer.ts";
import { type EvaluateOptions, evaluateMethod, swapProfiles, wholeBatches } from "./evaluate.ts";
import { meanScore } from "./headline.ts";
import { METHODS } from "./methods.ts";
import { buildResult } from "./result.ts";
import type { Prediction } from "./types.ts";

const task: Task = {
  name: "tag",
  title: "",
  kind: "classification",
  language: "en",
  labels: ["comedy", "action"],
  itemFields: [{ name: "tag", aliases: [], label: true }],
  corpus: "{tag}",
  query: { after: ":" },
  item: "tag: {tag}",
  official: null,
  metric: "accuracy",
  answer: "one of the tags",
};

const EOS = 0;
/** Letters are tokens, so that a prompt can be read back. */
const renderer: Renderer = {
  encode: (text) => [...text].map((c) => c.codePointAt(0) ?? 0),
  decode: (ids) => String.fromCodePoint(...ids.filter((id) => id !== EOS)),
  renderChat: (messages) => messages.map((m) => m.content).join("\n"),
  promptTokens: (messages, { thinking }) =>
    renderer.encode(`${thinking ? "T" : "F"}|${renderer.renderChat(messages, { thinking })}`),
  eosIds: [EOS],
  responsePrefix: "<think>\n",
  refusesSystem: false,
  controlTokensIn: () => [],
};

/** Answers what `say` makes of the prompt's text, and keeps what it was asked. */
function fakeSampler(say: (prompt: string) => string): { sampler: SamplingClient; asked: SampleRequest[][] } {
  const asked: SampleRequest[][] = [];
  const sampler: SamplingClient = {
    sample: (requests) => {
      asked.push([...requests]);
      return Promise.resolve(
        requests.map(({ prompt }) => {
          const tokens = [...renderer.encode(say(renderer.decode(prompt))), EOS];
          return [{ tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const }];
        }),
      );
    },
  };
  return { sampler, asked };
}

const examples: ShownExample[] = Array.from({ length: 5 }, (_, i) => {
  const shown = [{ id: `i${i}`, fields: { tag: `item-of-${i}` } }];
  const [id, user] = [`q${i}` as QueryId, `u${i}` as UserId];
  return {
    task: "tag",
    id,
    user,
    input: `query ${i}`,
    shown,
    historyItems: 1,
    gold: i % 2 === 0 ? "comedy" : "action",
  };
});

const options = (sampler: SamplingClient, more: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  method: METHODS["rag-r"],
  sampler,
  renderer,
  examples,
  tasks: [task],
  tags: ["analyze_input"],
  promptTokens: 10_000,
  responseTokens: 50,
  batch: 2,
  seed: 7,
  progress: silent,
  ...more,
});

async function all(given: EvaluateOptions): Promise<Prediction[][]> {
  const out: Prediction[][] = [];
  for await (const batch of evaluateMethod(given)) out.push([...batch]);
  return out;
}

describe("evaluateMethod", () => {
  it("asks greedily, a batch as one unit, and reads both ways", async () => {
    const { sampler, asked } = fakeSampler((prompt) =>
      prompt.includes("query 1") ? "so </think> Answer: action" : "so</think>comedy",
    );
    const batches = await all(options(sampler));
    expect(batches.map((batch) => batch.length)).toEqual([2, 2, 1]);
    expect(asked.flat().every(({ params }) => params.temperature === 0)).toBe(true);
    const [first, second] = batches.flat();
    expect(first).toMatchObject({ query: "q0", strict: "comedy", lenient: "comedy", strictScore: 1, lenientScore: 1 });
    expect(first?.response).toBe("<think>\nso</think>comedy");
    expect(second).toMatchObject({ query: "q1", strict: null, lenient: "action", strictScore: 0, lenientScore: 1 });
  });

  it("a resumed evaluation asks what is left, in the batches of an unbroken one", async () => {
    const whole = fakeSampler(() => "x</think>comedy");
    const predictions = (await all(options(whole.sampler))).flat();
    const done = wholeBatches(predictions.slice(0, 3), examples, 2);
    expect(done).toBe(2);
    const rest = fakeSampler(() => "x</think>comedy");
    expect((await all(options(rest.sampler, { done }))).flat()).toEqual(predictions.slice(2));
    expect(rest.asked).toEqual(whole.asked.slice(1));
  });

  it("standing predictions of other queries don't count", async () => {
    const predictions = (await all(options(fakeSampler(() => "x</think>comedy").sampler))).flat();
    expect(wholeBatches(predictions, examples, 2)).toBe(5);
    expect(wholeBatches(predictions.toReversed(), examples, 2)).toBe(0);
  });

  it("zero-shot shows no item, methods without reasoning think not and name no tags", async () => {
    const seen = async (method: keyof typeof METHODS): Promise<string> => {
      const { sampler, asked } = fakeSampler(() => "comedy");
      await all(options(sampler, { method: METHODS[method], examples: examples.slice(0, 1) }));
      return renderer.decode(asked[0]?.[0]?.prompt ?? []);
    };
    expect(await seen("zero-shot")).not.toContain("item-of-0");
    expect(await seen("zero-shot")).toMatch(/^F\|/);
    expect(await seen("rag")).toContain("item-of-0");
    expect(await seen("rag")).not.toContain("analyze_input");
    expect(await seen("tagpr")).toMatch(/^T\|.*analyze_input/);
    const { sampler } = fakeSampler(() => "comedy");
    const [[plain] = []] = await all(options(sampler, { method: METHODS.rag, examples: examples.slice(0, 1) }));
    expect(plain).toMatchObject({ response: "comedy", strict: "comedy" });
  });

  it("names the query without gold", async () => {
    const broken = [{ ...examples[0], gold: null } as ShownExample];
    await expect(all(options(fakeSampler(() => "").sampler, { examples: broken }))).rejects.toThrow(
      /tag, query q0: no gold/,
    );
  });
});

it("a prediction says what was cut from its prompt, and nothing where nothing was", async () => {
  const predictions = async (promptTokens: number) => {
    const made: Prediction[] = [];
    for await (const batch of evaluateMethod(options(fakeSampler(() => "x").sampler, { promptTokens })))
      made.push(...batch);
    return made;
  };
  // Room for the system prompt and the query, and for no item beside them.
  expect((await predictions(200))[0]?.cut).toEqual([{ item: "i0", field: null, from: 9, to: 0 }]);
  expect((await predictions(10_000))[0]).not.toHaveProperty("cut");
});

describe("swapProfiles", () => {
  it("shows everyone another user's items, the same ones for the same seed", () => {
    const swapped = swapProfiles(examples, 3);
    for (const [i, example] of swapped.entries()) expect(example.shown).not.toEqual(examples[i]?.shown);
    expect(swapProfiles(examples, 3)).toEqual(swapped);
    expect(swapProfiles(examples.slice(0, 1), 3)[0]?.shown).toEqual([]);
  });
});

describe("samples", () => {
  const sampling = { n: 3, temperature: 0.6, primary: true };
  /** Greedy says comedy; of three samples the second does. */
  const drawing = (seen: SampleRequest[] = []): SamplingClient => ({
    sample: (requests) => {
      seen.push(...requests);
      const say = (text: string) => {
        const tokens = [...renderer.encode(text), EOS];
        return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
      };
      return Promise.resolve(
        requests.map(({ numSamples }) =>
          (numSamples === 1 ? ["comedy"] : ["action", "comedy", "action"]).map((answer) => say(`so</think>${answer}`)),
        ),
      );
    },
  });

  it("stand beside the greedy answer, each read and scored, and make the score where they are the primary decoding", async () => {
    const seen: SampleRequest[] = [];
    const [[first] = []] = await all(options(drawing(seen), { sampling, batch: 2 }));
    expect(first?.sampled?.answers.map(({ strict }) => strict)).toEqual(["action", "comedy", "action"]);
    expect(first?.sampled).toMatchObject({ temperature: 0.6, primary: true });
    const right = first?.gold === "comedy" ? 1 / 3 : 2 / 3;
    expect(meanScore(first as Prediction, "strict")).toBeCloseTo(right, 12);
    expect(meanScore({ ...first, sampled: { ...first?.sampled, primary: false } } as Prediction, "strict")).toBe(
      first?.strictScore,
    );
    expect(seen.map(({ params }) => params.temperature)).toEqual([0, 0, 0.6, 0.6, 0, 0, 0.6, 0.6, 0, 0.6]);
    const details = buildResult({
      ...{ predictions: { tagpr: (await all(options(drawing(), { sampling }))).flat() }, tasks: [task] },
      ...{ reading: "strict", bootstrap: 20, seed: 1, seconds: 0, synthetic: [] },
    }).details.tagpr?.samples;
    expect(details).toMatchObject({ n: 3, primary: true, temperature: 0.6 });
    expect(details?.pass_at["1"]).toBeCloseTo(details?.avg_at_n ?? 0, 12);
    expect(details?.pass_at["3"]).toBe(1);
  });

  it("drawn otherwise are drawn again", async () => {
    const standing = (await all(options(drawing(), { sampling, batch: 2 }))).flat();
    expect(wholeBatches(standing, examples, 2, sampling)).toBe(5);
    expect(wholeBatches(standing, examples, 2, { ...sampling, temperature: 1 })).toBe(0);
    expect(wholeBatches(standing, examples, 2)).toBe(0);
  });
});
