import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SampleRequest, SamplingClient } from "../engine/types.ts";
import { type ChatCodec, selfTeacher } from "./self.ts";
import { fileStore } from "./store.ts";
import type { ChatRequest, ChatResult } from "./types.ts";

/** Characters are tokens. */
const codec: ChatCodec = {
  prompt: (messages, begun) => [...`${messages.map(({ content }) => content).join("|")}>${begun}`].map(code),
  decode: (tokens) => String.fromCodePoint(...tokens),
  eosIds: [0],
};
const code = (text: string): number => text.codePointAt(0) ?? 0;

/** Says what `reply` makes of the prompt's text, the seed and the sample's index. */
function fakeSampler(reply: (prompt: string, seed: number, i: number) => string) {
  const units: SampleRequest[][] = [];
  const sampler: SamplingClient = {
    sample: async (requests) => {
      units.push([...requests]);
      return requests.map(({ prompt, seed, numSamples }) =>
        Array.from({ length: numSamples }, (_, i) => {
          const tokens = [...reply(codec.decode(prompt), seed, i)].map(code);
          return { tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const };
        }),
      );
    },
  };
  return { sampler, units };
}

const ask = (content: string): ChatRequest => ({
  messages: [{ role: "user", content }],
  n: 2,
  temperature: 1,
  maxTokens: 8,
});
const all = ["a", "b", "c", "d", "e"].map(ask);

test("many prompts go out as one ordered unit, with seeds of their own", async () => {
  const { sampler, units } = fakeSampler((prompt, seed, i) => `${prompt}${seed}-${i}`);
  const model = selfTeacher({ name: "base", sampler, codec, seed: 1, batch: 2 });
  const results = await model.completeMany(all);
  expect(units.map((unit) => unit.length)).toEqual([2, 2, 1]);
  expect(new Set(units.flat().map((request) => request.seed)).size).toBe(5);
  expect(units[0]?.[0]?.params).toMatchObject({ maxTokens: 8, temperature: 1, stop: [0] });
  expect(results.map((result) => result.texts[0]?.[0])).toEqual(["a", "b", "c", "d", "e"]);
});

test("a killed run goes on after its last whole unit and gets the same samples", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "tagpr-self-")), "rollouts.jsonl");
  const make = (died: number) => {
    const whole = fakeSampler((prompt, seed, i) => `${prompt}${seed}-${i}`);
    let left = died;
    const sampler: SamplingClient = {
      sample: (requests) => (left-- > 0 ? whole.sampler.sample(requests) : Promise.reject(new Error("killed"))),
    };
    const store = fileStore<ChatResult[]>(path);
    return { model: selfTeacher({ name: "base", sampler, codec, seed: 1, batch: 2, store }), units: whole.units };
  };
  await expect(make(2).model.completeMany(all)).rejects.toThrow("killed");
  const again = make(9);
  const resumed = await again.model.completeMany(all);
  expect(again.units.length).toBe(1);
  const { sampler } = fakeSampler((prompt, seed, i) => `${prompt}${seed}-${i}`);
  expect(resumed).toEqual(await selfTeacher({ name: "base", sampler, codec, seed: 1, batch: 2 }).completeMany(all));
});

test("what one model said is never another's: weights, tokenizer and dtype are in the key", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "tagpr-self-")), "rollouts.jsonl");
  const asked = async (identity: string): Promise<string | undefined> => {
    const { sampler } = fakeSampler(() => `said by ${identity}`);
    const model = selfTeacher({ name: "base", identity, sampler, codec, seed: 1, store: fileStore(path) });
    return (await model.complete(ask("a"))).texts[0];
  };
  expect(await asked("old weights")).toContain("old weights");
  expect(await asked("new weights")).toContain("new weights");
});

test("a model that never closes its thoughts is made to answer", async () => {
  const { sampler } = fakeSampler((prompt, _, i) =>
    prompt.includes("</think>")
      ? "comedy\nAnd another thing"
      : i === 0
        ? "It is fun. They like fun. And so"
        : "Fun</think>x",
  );
  const model = selfTeacher({ name: "base", sampler, codec, seed: 1, forced: { thoughts: 20, answer: 5 } });
  const { texts } = await model.complete(ask("q"));
  expect(texts).toEqual(["<think>\nIt is fun. They like fun.\n</think>\n\ncomedy", "<think>\nFun\n</think>\n\ncomedy"]);
});
