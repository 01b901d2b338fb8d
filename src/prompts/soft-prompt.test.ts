import { expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { QueryId } from "../data/types.ts";
import { fitPrompt } from "./budget.ts";
import { loadRenderer } from "./renderer.ts";
import { softPrompt } from "./soft-prompt.ts";

it("two soft tokens stand in front of the question, and the rest is the plain prompt's", () => {
  const renderer = loadRenderer("models/nano");
  const task = loadTask("LaMP_2");
  for (const input of ["Which tag? description: A war film.", "0 is a number", "x", "0", "x0"]) {
    const example = { task: task.name, id: "q" as QueryId, user: null, input, gold: null };
    const style = { reasoning: false, tags: [] };
    const plain = fitPrompt({ task, example, items: [], style, renderer, maxTokens: 400 }).tokens;
    const { tokens } = softPrompt({ task, example, renderer, maxTokens: 400 });
    expect(tokens.filter((token) => token >= 0)).toEqual(plain);
    const at = tokens.indexOf(-1);
    expect(tokens[at + 1]).toBe(-2);
    expect(renderer.decode(tokens.slice(at + 2)).startsWith(input)).toBe(true);
  }
});
