import { describe, expect, it } from "vitest";
import { TINY_QWEN3 } from "../core/testing/fixtures.ts";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem, QueryId } from "../data/types.ts";
import type { Message } from "./chat.ts";
import { fitConversation } from "./conversation.ts";
import { loadRenderer } from "./renderer.ts";

const renderer = loadRenderer(TINY_QWEN3);
const MAX_CHARACTERS = 4000;
const words = (length: number): string => "a film about love, ".repeat(Math.ceil(length / 19)).slice(0, length);

/** Fits what strangers sent, and says how many characters were tokenized for it. */
function promptOf({ items = [], turns = [], input = "x" }: Partial<Sent>, maxCharacters = MAX_CHARACTERS) {
  let characters = 0;
  const counting = {
    ...renderer,
    encode: (text: string) => {
      characters += text.length;
      return renderer.encode(text);
    },
    promptTokens: (messages: readonly Message[], options: { thinking: boolean }) => {
      characters += messages.reduce((sum, { content }) => sum + content.length, 0);
      return renderer.promptTokens(messages, options);
    },
  };
  const example = { task: "LaMP_4", id: "q" as QueryId, user: null, input, gold: null };
  const style = { reasoning: true, tags: [] };
  const request = { task: loadTask("LaMP_4"), example, items, style, renderer: counting, maxTokens: 500 };
  const fitted = fitConversation({ ...request, maxCharacters }, turns);
  return { ...fitted, characters: () => characters };
}
interface Sent {
  readonly items: ProfileItem[];
  readonly turns: Message[];
  readonly input: string;
}

const item = (id: string, text: string, title = "t"): ProfileItem => ({ id, fields: { text, title } });

describe("a text a thousand times the budget", () => {
  const huge = words(1_000_000);
  const turns = Array.from(
    { length: 20 },
    (_, i): Message => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: words(50_000),
    }),
  );

  it.each([
    ["an item", { items: [item("a", huge), item("b", "short")] }],
    ["a title, which is never cut", { items: [item("a", "short", huge), item("b", "short")] }],
    ["the query", { input: huge }],
    ["the turns", { turns }],
    ["spaces, many to a token", { items: [item("a", `x${" ".repeat(1_000_000)}y`)] }],
  ])("costs no more than its beginning, and is told as cut: %s", (_, sent) => {
    const { tokens, cut, turnsCut, characters } = promptOf(sent);
    expect(tokens.length).toBeLessThanOrEqual(500);
    expect(cut.length + turnsCut.length).toBeGreaterThan(0);
    expect(characters()).toBeLessThan(20 * MAX_CHARACTERS);
  });

  it("is cut where it would be without the bound, its length estimated within a hundredth", () => {
    const input = words(20_000);
    const [bounded, unbounded] = [promptOf({ input }), promptOf({ input }, Number.POSITIVE_INFINITY)];
    expect(bounded.tokens).toEqual(unbounded.tokens);
    const [[cut], [exact]] = [bounded.cut, unbounded.cut];
    expect(cut).toEqual({ ...exact, from: expect.any(Number) });
    expect(Math.abs((cut?.from ?? 0) / (exact?.from ?? 1) - 1)).toBeLessThan(0.01);
  });
});

it("turns that all fit are not counted one by one", () => {
  const turns: Message[] = [
    { role: "user", content: "a film" },
    { role: "assistant", content: "comedy" },
  ];
  const { turnsCut, messages, characters } = promptOf({ turns });
  expect(turnsCut).toEqual([]);
  expect(characters()).toBe(messages.reduce((sum, { content }) => sum + content.length, 0));
});
