import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import { mostSaid, saidWords, shareOf } from "./said-words.ts";

const task = loadTask("synthetic_tag");

it("a word counts once a chain, Chinese is parted into words, and a word of two people alone is nobody's business", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "said-")), "tagpr.jsonl");
  const line = (user: string, chain: string) =>
    JSON.stringify({
      task: task.name,
      query: `q-${user}`,
      user,
      response: `<think><look>${chain}</look></think>comedy`,
    });
  const lines = [
    line("a", "Robots, robots and the 12 robots"),
    line("b", "robots 喜欢餐厅"),
    line("c", "ROBOTS 喜欢餐厅 secret"),
    line("d", "喜欢餐厅 secret"),
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  const words = await saidWords(path, [task]);
  expect(words.chains).toBe(4);
  expect(mostSaid(words, 9).toSorted()).toEqual(["robots", "喜欢", "餐厅"].toSorted());
  expect(shareOf(words, "robots")).toBe(0.75);
});
