import { describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { examples, fakeTools, task } from "../eval/testing/fakes.ts";
import { methodOf } from "./index.ts";
import { medoid } from "./medoid.ts";

const config = configSchema.parse({});
const one = examples.slice(0, 1);
const think = (answer: string) => `so</think>${answer}`;

describe("majority@n", () => {
  const majority = methodOf("rag-r/majority@5", config);

  it("is the label that most samples give, of equals the one drawn first; unreadable ones don't vote", async () => {
    const asked = async (answers: readonly string[]) => {
      const { tools } = fakeTools(({ numSamples }, k) => (numSamples === 1 ? think("none") : think(answers[k] ?? "")));
      return (await majority.answer(one, tools))[0];
    };
    const reply = await asked(["action", "comedy", "?", "comedy", "?"]);
    expect(reply).toMatchObject({
      ...{
        response: "<think>\nso</think>comedy",
        made: { chosen: 1, answers: ["action", "comedy", null, "comedy", null] },
      },
      cost: { responses: 5 },
    });
    expect((await asked(["?", "action", "comedy", "comedy", "action"]))?.made?.chosen).toBe(1);
    expect((await asked(["a", "b", "c", "d", "e"]))?.made?.chosen).toBe(0);
  });

  it("of free text is the answer nearest to the others", async () => {
    const texts = ["a cat sat", "dogs run", "a cat sat down", "the cat sat down", "?"];
    const tasks = new Map([[task.name, { ...task, kind: "generation" as const, metric: "rougeL" as const }]]);
    const { tools } = fakeTools((_, k) => think(texts[k] ?? ""), { tasks });
    expect((await majority.answer(one, tools))[0]?.made?.chosen).toBe(2);
    expect(medoid([{ answer: null }], "english")).toBeNull();
  });

  it("draws nothing where eval.samples has drawn as many, at the evaluation's temperature", async () => {
    const draw = { n: 5, temperature: 0.6 };
    const { tools, asked } = fakeTools(() => think("comedy"), { draw });
    await methodOf("rag-r", config).answer(examples, tools);
    expect(asked).toHaveLength(1);
    await majority.answer(examples, tools);
    expect(asked).toHaveLength(1);
    await methodOf("rag-r/majority@4", config).answer(examples, tools);
    expect(asked[1]?.map(({ numSamples, params }) => [numSamples, params.temperature])).toEqual(
      examples.map(() => [4, 0.6]),
    );
  });
});

describe("best-of-n", () => {
  const best = methodOf("rag/best-of-3", config);
  const say = (_: unknown, k: number) => ["action", "?", "comedy"][k] ?? "";

  it("is the sample that the reward model prefers, and never one that can't be read", async () => {
    const logits: Record<string, number> = { action: -2, "?": 9, comedy: 1 };
    const { tools } = fakeTools(say, { reward: async (items) => items.map(({ text }) => logits[text] ?? 0) });
    const [reply] = await best.answer(one, tools);
    expect(reply).toMatchObject({ response: "comedy", made: { chosen: 2, logits: [-2, 9, 1] } });
    expect(best).toMatchObject({ scored: true, draws: false });
  });

  it("is refused by its name where there is no reward model", async () => {
    await expect(best.answer(one, fakeTools(say).tools)).rejects.toThrow(/rag\/best-of-3 needs the reward model/);
  });
});

it("only a row that draws samples can be chosen from, and of 2 samples to 256", () => {
  expect(methodOf("tagpr/best-of-8", config)).toMatchObject({ trains: ["explore"], label: "TagPR, best of 8" });
  expect(() => methodOf("r2p/majority@8", config)).toThrow(/r2p draws no samples/);
  expect(() => methodOf("rag-t/majority@8", config)).toThrow(/no method rag-t/);
  expect(() => methodOf("rag/majority@1", config)).toThrow(/no method rag\/majority@1/);
  expect(() => methodOf("rag/majority@257", config)).toThrow(/no method/);
});
