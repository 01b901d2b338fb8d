import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { writeJsonl } from "../core/jsonl.ts";
import { streamShown } from "./shown.ts";

it("lines of now and of older runs, which held the whole history, read the same", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "shown-")), "test.jsonl");
  const item = (id: string) => ({ id, fields: { tag: "comedy" } });
  const question = { task: "LaMP_2", id: "q", user: null, input: "?", gold: null, shown: [item("b")] };
  writeJsonl(path, [
    { ...question, historyItems: 2 },
    { ...question, profile: [item("a"), item("b")] },
  ]);
  const read = [];
  for await (const example of streamShown(path)) read.push(example);
  expect(read).toEqual(Array(2).fill({ ...question, historyItems: 2 }));
});
