import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJsonl } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import { makeExamples } from "../../prompts/testing/tiny-world.ts";
import { tellCuts } from "./cuts.ts";

it("every prompt that lost something stands in cuts.jsonl, and a sentence counts them", () => {
  const dir = mkdtempSync(join(tmpdir(), "cuts-"));
  const [first, second] = makeExamples(2, () => "action");
  if (first === undefined || second === undefined) throw new Error("two examples");
  const cut = [{ item: "7", field: "text", from: 90, to: 40 }];
  const said: string[] = [];
  const progress = { ...silent, say: (line: string) => said.push(line) };
  const config = configSchema.parse({ prompt: { max_tokens: 64 } });
  tellCuts({ dir, config, progress }, { cutOf: ({ id }) => (id === second.id ? cut : []) }, [first, second]);
  expect(readJsonl(join(dir, "cuts.jsonl"))).toEqual([{ task: second.task, query: second.id, cut }]);
  expect(said).toEqual(["1 of 2 prompts are cut to fit prompt.max_tokens (64): cuts.jsonl says where"]);
});
