import { describe, expect, it } from "vitest";
import { examples, type FakeRequest, fakeTools } from "../eval/testing/fakes.ts";
import { r2p } from "./r2p.ts";
import { firstFault, r2pWords } from "./r2p-words.ts";

const { levels } = r2pWords({ language: "en" });
const one = examples.slice(0, 1);
const room = { responseTokens: 900 };
/** What the fake model is made to go on from: the end of its prompt. */
const begunIn = ({ text }: FakeRequest): string => text.slice(text.lastIndexOf("query 0") + "query 0".length);
const isFinal = ({ text }: FakeRequest): boolean => text.includes("Answers given before:");
const made = (reply: { made?: Readonly<Record<string, unknown>> } | undefined) =>
  (reply?.made?.candidates ?? []) as { chain: string; answer: string; interventions: string[] }[];

describe("the template", () => {
  it.each([
    ["all levels", "Task: a\nProfile: b\nAnswer: c", null],
    ["marks around headings", "**Task:** a\n## Profile: b\n3. ANSWER: c", null],
    ["none", "I like it", { level: 0, keep: "I like it" }],
    ["one left out", "Task: a\nAnswer: c", { level: 1, keep: "Task: a\n" }],
    ["out of order", "Task: a\nAnswer: c\nProfile: b", { level: 1, keep: "Task: a\n" }],
    ["an empty one", "Task: a\nProfile:\nAnswer: c", { level: 1, keep: "Task: a\n" }],
    ["unfinished", "Task: a\nProfile: b", { level: 2, keep: "Task: a\nProfile: b" }],
    ["a word that is no heading", "Task: a\nprofiles: b\nAnswer: c", { level: 1, keep: "Task: a\nprofiles: b\n" }],
  ])("of a chain with %s", (_, chain, fault) => {
    expect(firstFault(chain, levels)).toEqual(fault);
  });

  it("has Chinese headings too", () => {
    const zh = r2pWords({ language: "zh-CN" }).levels;
    expect(firstFault("任务：甲\n画像：乙\n答案：丙", zh)).toBeNull();
    expect(firstFault("任务：甲\n答案：丙", zh)?.level).toBe(1);
  });
});

describe("R2P", () => {
  it("a chain that keeps to the template is left alone, and the candidates are shown to the model for one answer", async () => {
    const answers = ["comedy", "action", "action", "comedy", "action"];
    const { tools, asked } = fakeTools(
      (request, k) =>
        isFinal(request) ? "action" : ` what tag.\nProfile: likes it.\nAnswer: ${answers[k]}</think>${answers[k]}`,
      room,
    );
    const [reply] = await r2p.answer(one, tools);
    expect(asked.map((unit) => unit.map(({ numSamples }) => numSamples))).toEqual([[5], [1]]);
    expect(asked[0]?.[0]?.text).toMatch(/^T\|.*three levels[\s\S]*item-of-0[\s\S]*Task:$/);
    expect(asked[1]?.[0]?.text).toMatch(/^F\|[\s\S]*1\. comedy\n2\. action\n3\. action\n4\. comedy\n5\. action$/);
    expect(reply?.response).toBe("<think>\nTask: what tag.\nProfile: likes it.\nAnswer: action\n</think>\n\naction");
    expect(made(reply).map(({ interventions }) => interventions)).toEqual([[], [], [], [], []]);
    expect(reply?.cost.responses).toBe(6);
  });

  it("cuts a chain back to where it left the template, and goes on behind a correction", async () => {
    const { tools, asked } = fakeTools((request) => {
      if (isFinal(request)) return "comedy";
      return begunIn(request).endsWith("Profile:")
        ? " comedies.\nAnswer: comedy</think>comedy"
        : " a tag.\nAnswer: action</think>action";
    }, room);
    const [reply] = await r2p.answer(one, tools);
    expect(asked).toHaveLength(3);
    expect(begunIn(asked[1]?.[0] as FakeRequest)).toBe(
      "Task: a tag.\n\nBefore I decide I must say what the history shows of this user.\nProfile:",
    );
    expect(made(reply)[0]).toEqual({
      chain: expect.stringMatching(/^Task: a tag\.[\s\S]*Profile: comedies\.\nAnswer: comedy$/),
      answer: "comedy",
      interventions: ["profile"],
    });
  });

  it("one that never keeps to it is led through every level, closed, and answers within its tokens", async () => {
    const { tools, asked } = fakeTools(
      (request) =>
        isFinal(request) ? "" : begunIn(request).endsWith("</think>\n\n") ? "comedy" : " and so on.".repeat(30),
      room,
    );
    const [reply] = await r2p.answer(one, tools);
    const [first] = made(reply);
    expect(first?.interventions).toEqual(["profile", "answer", "close"]);
    expect(firstFault(first?.chain ?? "", levels)).toBeNull();
    // The model said nothing at last: the majority of its candidates.
    expect(reply?.response).toMatch(/<\/think>\n\ncomedy$/);
    for (const request of asked.flat().filter((request) => !isFinal(request)))
      expect(tools.renderer.encode(begunIn(request)).length + (request.params.maxTokens ?? 0)).toBeLessThanOrEqual(900);
  });

  it("is cut off after three corrections, whatever comes", async () => {
    const { tools, asked } = fakeTools((request) => (isFinal(request) ? "x" : "</think>"), room);
    const [reply] = await r2p.answer(one, tools);
    expect(made(reply)[0]?.interventions).toEqual(["task", "task", "task", "close"]);
    expect(asked).toHaveLength(6);
  });

  it("asks the same again after a kill, which is kept: nothing", async () => {
    const cache = new Map();
    const say = (request: FakeRequest, k: number) => (isFinal(request) ? "comedy" : ` a.\nProfile: b${k}.`);
    const first = fakeTools(say, { ...room, cache });
    const replies = await r2p.answer(examples, first.tools);
    const again = fakeTools(say, { ...room, cache });
    expect(await r2p.answer(examples, again.tools)).toEqual(replies);
    expect(again.asked).toEqual([]);
  });
});
