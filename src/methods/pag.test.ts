import { describe, expect, it } from "vitest";
import { examples, type FakeRequest, fakeTools, task } from "../eval/testing/fakes.ts";
import { pag } from "./pag.ts";
import { pagR } from "./pag-r.ts";

const items = ["old", "older", "new", "newest"].map((tag) => ({ id: tag, fields: { tag } }));
const [first] = examples.map((example) => ({ ...example, shown: items }));
if (first === undefined) throw new Error("no example");
const asksSummary = ({ text }: FakeRequest): boolean => text.includes("sum up");
const say = (request: FakeRequest): string => (asksSummary(request) ? "Likes\n comedy." : "comedy");

describe("PAG", () => {
  it("sums up all items first, then shows the summary above the newest half of them", async () => {
    const { tools, asked } = fakeTools(say);
    const [reply] = await pag.answer([first], tools);
    const [[summary], [answer]] = asked as [[FakeRequest], [FakeRequest]];
    expect(summary.text).toMatch(/^F\|/);
    for (const { id } of items) expect(summary.text).toContain(`tag: ${id}`);
    expect(summary.text).not.toContain(first.input);
    expect(answer.text).toContain("Summary of this user: Likes comedy.\n\nHistory of this user");
    expect(answer.text.split("\n").filter((line) => line.startsWith("["))).toEqual(["[1] tag: new", "[2] tag: newest"]);
    expect(answer.text).toMatch(new RegExp(`${first.input}$`));
    expect(reply).toMatchObject({
      ...{ response: "comedy", shown: items.slice(2) },
      made: { summary: "Likes comedy.", summary_of: items.map(({ id }) => id) },
      cost: { promptTokens: summary.prompt.length + answer.prompt.length, responses: 2 },
    });
  });

  it("makes a summary once a user and task: other queries with the same items, and PAG-R, ask for none", async () => {
    const cache = new Map();
    const { tools, asked } = fakeTools(say, { cache });
    await pag.answer([first, { ...first, id: examples[1]?.id ?? first.id, input: "another" }], tools);
    expect(asked.map((unit) => unit.length)).toEqual([1, 2]);
    const later = fakeTools(say, { cache });
    const [reply] = await pagR.answer([first], later.tools);
    expect(later.asked.flat().filter(asksSummary)).toEqual([]);
    expect(later.asked[0]?.[0]?.text).toMatch(/^T\|[\s\S]*Likes comedy/);
    expect(reply?.made?.summary).toBe("Likes comedy.");
  });

  it("a query that comes earlier is not told what the user did later", async () => {
    const { tools, asked } = fakeTools(say);
    await pag.answer([{ ...first, shown: items.slice(0, 2) }, first], tools);
    const summaries = asked.flat().filter(asksSummary);
    expect(summaries.map(({ text }) => text.includes("newest"))).toEqual([false, true]);
  });

  it("without items, or where nothing is said, it is asked as RAG is", async () => {
    const { tools, asked } = fakeTools((request) => (asksSummary(request) ? " " : "comedy"));
    const replies = await pag.answer([{ ...first, shown: [] }, first], tools);
    expect(replies.map(({ made, shown }) => [made?.summary, shown.length])).toEqual([
      ["", 0],
      ["", items.length],
    ]);
    expect(asked.at(-1)?.every(({ text }) => !text.includes("Summary of"))).toBe(true);
  });

  it("asks in the task's language, and for what matters to its kind", async () => {
    const seen = async (more: object): Promise<string> => {
      const tasks = new Map([[task.name, { ...task, ...more }]]);
      const { tools, asked } = fakeTools(say, { tasks });
      await pag.answer([first], tools);
      return asked[0]?.[0]?.text ?? "";
    };
    expect(await seen({ kind: "ordinal", labels: ["1", "2"] })).toContain("which grade");
    expect(await seen({ official: "LaMP_3", kind: "ordinal" })).toContain("product");
    expect(await seen({ language: "zh", kind: "generation" })).toContain("写作方式");
    expect(await seen({ language: "ko" })).toContain("in the language of the history");
  });
});
