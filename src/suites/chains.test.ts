import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import { countChains, END, inOrder, START, UNTAGGED } from "./chains.ts";

const task = loadTask("synthetic_tag");
const file = (...chains: (readonly [string, string])[]): string => {
  const path = join(mkdtempSync(join(tmpdir(), "chains-")), "tagpr.jsonl");
  const lines = chains.map(([name, think]) =>
    JSON.stringify({ task: name, response: `<think>${think}</think>comedy` }),
  );
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
};

it("tags and what follows them are counted, of the asked tasks, text outside of tags too", async () => {
  const path = file(
    [task.name, "<look>a</look><decide>b</decide>"],
    [task.name, "<look>a</look><look>c</look>d<decide>b</decide>"],
    [task.name, ""],
    ["another", "<look>a</look>"],
  );
  const counts = await countChains(path, [task]);
  expect(counts).toMatchObject({ answers: 3, chains: 2 });
  expect(counts.tags.get("look")).toMatchObject({ chains: 2, times: 3 });
  expect(Object.fromEntries(counts.next.get("look") ?? [])).toEqual({ decide: 1, look: 1, [UNTAGGED]: 1 });
  expect(counts.next.get(START)?.get("look")).toBe(2);
  expect(counts.next.get("decide")?.get(END)).toBe(2);
  expect(inOrder(counts)).toEqual(["look", UNTAGGED, "decide"]);
});
