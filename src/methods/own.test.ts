import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { examples, fakeTools } from "../eval/testing/fakes.ts";
import { ownMethod } from "./own.ts";

const module = (text: string, name = "mine.mjs"): string => {
  const path = join(mkdtempSync(join(tmpdir(), "own-")), name);
  writeFileSync(path, text);
  return path;
};
const ask = async (text: string, more = "") => {
  const { tools, asked } = fakeTools(() => "comedy");
  const method = ownMethod("own-mine", module(text) + more);
  const ready = await method.prepare?.({ examples, say: () => {} });
  return { replies: await method.answer(examples, tools), asked, method: ready };
};

describe("a method of one's own", () => {
  it("may be a function that gives texts: what a reply has besides is filled in", async () => {
    const { replies, method } = await ask("export default (examples) => examples.map(({ input }) => input);");
    expect(replies).toHaveLength(examples.length);
    expect(replies[1]).toEqual({
      ...{ response: "query 1", tokens: 7, truncated: false, shown: examples[1]?.shown, cut: [] },
      cost: { promptTokens: 0, sampledTokens: 0, responses: 0 },
    });
    expect(method).toMatchObject({ name: "own-mine", label: "mine", reasoning: false, external: true });
  });

  it("in TypeScript, by the name of its export, says what it is and uses the tools; what it took is counted for it", async () => {
    const path = module(
      `import type { Tools } from "tagpr";
       export const best = { label: "Best", reasoning: true, profile: false,
         answer: async (examples: readonly { id: string }[], tools: { encode?: never } & any) => {
           const drawn = await tools.sample("base", examples.map(() => ({ prompt: [65, 66], seed: 0 })));
           const store = tools.store("kept"); store.put("k", 1);
           return drawn.map(([one]: any) => ({ response: "<think>so</think>" + one.text, made: { n: 1 } }));
         } };`.replace(/^import.*$/m, ""),
      "best.ts",
    );
    const { tools, asked } = fakeTools(() => "comedy");
    const method = await ownMethod("own-best", `${path}#best`).prepare?.({ examples, say: () => {} });
    const replies = await method?.answer(examples, tools);
    expect(method).toMatchObject({ label: "Best", reasoning: true, profile: false });
    expect(asked).toHaveLength(1);
    expect(replies?.[0]).toMatchObject({ response: "<think>so</think>comedy", shown: [], made: { n: 1 } });
    // Equal prompts of one unit are one request; each reply has its share of all that was asked.
    expect(replies?.[0]?.cost).toEqual({ promptTokens: 2, sampledTokens: 7, responses: 1 });
  });

  it.each([
    ["export const answer = 1;", "", /own-mine: .* exports no default \(it has answer\)/],
    ["export default 1;", "", /neither a function nor an object with one called answer/],
    ["export const a = { answer: () => [], label: 3 };", "#a", /a of .*: label: /],
    ["export default (examples) => examples.slice(1);", "", /gave 4 replies to 5 examples/],
    ["export default () => 'x';", "", /gave no list of replies to 5 examples/],
    ["export default (e) => e.map(() => 7);", "", /tag, query q0: the reply is 7, neither/],
    [
      "export default (e) => e.map(() => ({ answer: 'x' }));",
      "",
      /query q0: the reply has no text as its response \(it has answer\)/,
    ],
    ["export default (e) => e.map(() => ({ response: 'x', tokens: 'y' }));", "", /can't be read: tokens/],
    ["export default () => { throw new Error('out of ideas'); };", "", /own-mine: .* failed: out of ideas/],
    ["syntax error", "", /can't be loaded/],
  ])("is refused with a sentence: %s", async (text, more, message) => {
    await expect(ask(text, more)).rejects.toThrow(message);
  });

  it("that stands nowhere is named", async () => {
    await expect(ownMethod("own-x", "/nowhere/x.ts").answer(examples, fakeTools(() => "").tools)).rejects.toThrow(
      /there is no module \/nowhere\/x\.ts/,
    );
  });
});
