import { describe, expect, it } from "vitest";
import type { ShownExample } from "../data/types.ts";
import { memoryStore } from "../llm/store.ts";
import { type CausalRow, type CausalTools, causalRows, chosenForCausal, type Probed } from "./causal.ts";
import { keptScores } from "./kept.ts";
import { examples, fakeTools, renderer, task } from "./testing/fakes.ts";
import type { Prediction } from "./types.ts";

const CHAIN = [
  "<analyze_input>\nthe query is about war\n</analyze_input>",
  "<examine_examples>\nitem 1 is comedy\n</examine_examples>",
  "<make_decision>\nso it is comedy\n</make_decision>",
].join("\n");
const response = (chain = CHAIN, answer = "comedy"): string => `<think>\n${chain}\n</think>\n\n${answer}`;

const example: ShownExample = { ...(examples[0] as ShownExample), shown: [{ id: "i", fields: { tag: "comedy" } }] };

/** An answer with this response, as a prompt of one letter asked for it. */
function probed(text: string, more: Partial<Prediction> = {}): Probed {
  const { id: query, user, gold } = example;
  const said = { response: text, tokens: 1, truncated: false, strict: "comedy", lenient: "comedy" };
  return {
    ...{ example, task, ask: { weights: "explore", prompt: renderer.encode("P"), shown: example.shown } },
    prediction: {
      ...said,
      ...{ task: "tag", query, user, gold: gold ?? "", strictScore: 1, lenientScore: 1 },
      ...more,
    },
  };
}

/** A model to whom one thing of the chain matters: with it the answer is likely and said, without it neither. */
function modelThatReads(key: RegExp) {
  const store = memoryStore<Readonly<Record<string, number>>>();
  const asked: string[] = [];
  let units = 0;
  const texts = (prompts: readonly (readonly number[])[]) => prompts.map((one) => renderer.decode(one));
  const fake = fakeTools(({ text }) => `\n\n${key.test(text) ? "comedy" : "action"}`);
  const score = keptScores({
    store,
    identity: "m",
    open: async () => ({
      sample: () => Promise.reject(new Error("not here")),
      logprobs: async (prompts) => {
        units++;
        asked.push(...texts(prompts));
        return prompts.map((one) => {
          const chain = renderer.decode(one).split("</think>")[0] ?? "";
          return Float32Array.from(one, (_, t) =>
            t === 0 ? Number.NaN : t === one.length - 1 && !key.test(chain) ? -3 : 0,
          );
        });
      },
    }),
  });
  const tools: CausalTools = { sample: fake.tools.sample, seed: 1, renderer, score: (_, asks) => score(asks) };
  return { tools, asked, units: () => units, sampled: fake.asked };
}

const effects = ({ own, steps }: CausalRow) =>
  steps.map(({ tag, out, reversed }) => ({
    tag,
    out: out.logprob - (own?.logprob ?? Number.NaN),
    says: out.answer,
    reversed: reversed === undefined ? null : reversed.logprob - (own?.logprob ?? Number.NaN),
  }));

describe("a step's effect on the answer", () => {
  it("differs from zero for the one step that the answer hangs on, and for no other", async () => {
    const { tools } = modelThatReads(/the query is about war/);
    const [row] = await causalRows([probed(response())], tools);
    expect(row?.own).toEqual({ logprob: 0, answer: "comedy" });
    expect(effects(row as CausalRow)).toEqual([
      { tag: "analyze_input", out: -3, says: "action", reversed: null },
      { tag: "examine_examples", out: 0, says: "comedy", reversed: 0 },
      { tag: "make_decision", out: 0, says: "comedy", reversed: null },
    ]);
  });

  it("of a claim is told apart from that of the step: what matters is whether item 1 is comedy", async () => {
    const { tools } = modelThatReads(/item 1 is comedy/);
    const [row] = await causalRows([probed(response())], tools);
    expect(effects(row as CausalRow)[1]).toMatchObject({ out: -3, reversed: -3 });
    expect(row?.steps[1]?.reversed).toMatchObject({
      answer: "action",
      claims: [{ claim: "item 1 is comedy", instead: "item 1 is action" }],
    });
  });

  it("leaves every other letter of the chain as it was, and closes it", async () => {
    const { tools, asked } = modelThatReads(/./);
    await causalRows([probed(response())], tools);
    const [analyze, examine, decide] = CHAIN.split(/(?<=>)\n(?=<)/) as [string, string, string];
    // The template begins a response with its prefix: the prompt has it.
    const asPrompt = (chain: string): string => `P${chain}</think>\n\ncomedy`;
    expect(asked).toEqual([
      asPrompt(`${CHAIN}\n`),
      asPrompt(""),
      asPrompt(`${examine}\n${decide}\n`),
      asPrompt(`${analyze}\n${decide}\n`),
      asPrompt(`${analyze}\n${examine.replace("comedy", "action")}\n${decide}\n`),
      asPrompt(`${analyze}\n${examine}\n`),
    ]);
  });

  it("is asked of steps whose markup is faulty too, as far as they can be told apart, and of no chain at all", async () => {
    const { tools } = modelThatReads(/war/);
    const [row] = await causalRows([probed(response("<a>about war</b>\nor so</a>\n<c>it is"))], tools);
    expect(effects(row as CausalRow)).toEqual([
      { tag: "a", out: -3, says: "action", reversed: null },
      { tag: null, out: 0, says: "comedy", reversed: null },
      { tag: "c", out: 0, says: "comedy", reversed: null },
    ]);
    expect(row?.none).toEqual({ logprob: -3, answer: "action" });
  });

  it("is asked once, however often it is begun", async () => {
    const { tools, units, sampled } = modelThatReads(/war/);
    const first = await causalRows([probed(response())], tools);
    expect(await causalRows([probed(response())], tools)).toEqual(first);
    expect([units(), sampled.length]).toEqual([1, 1]);
  });

  it.each([
    ["no chain at all", {}, "no <think>"],
    [response(CHAIN, ""), {}, "no answer"],
    [response(CHAIN, "a tragedy"), {}, "the answer is none of the task"],
    [response(), { truncated: true }, "cut off at the token limit"],
  ])("is not asked of what can't be told apart, and it is said why (%#)", async (text, more, why) => {
    const { tools, units } = modelThatReads(/./);
    const [row] = await causalRows([probed(text, more)], tools);
    expect(row).toMatchObject({ why, own: null, none: null, steps: [] });
    expect(units()).toBe(0);
  });
});

it("more queries are the same ones and more, in the order of the evaluation", () => {
  const many = Array.from({ length: 30 }, (_, i) => ({
    ...example,
    id: `q${i}` as typeof example.id,
    task: `t${i % 2}`,
  }));
  const [few, more] = [3, 8].map((queries) => chosenForCausal(many, { queries, seed: 1 }).map(({ id }) => id));
  expect(few).toHaveLength(6);
  expect(more).toHaveLength(16);
  expect(more).toEqual(expect.arrayContaining(few ?? []));
  expect(more).toEqual(many.map(({ id }) => id).filter((id) => more?.includes(id)));
});
