import { existsSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { examples } from "../synthetic/examples.ts";
import { SHAPES } from "../synthetic/shapes.ts";
import { makeWorld } from "../synthetic/world.ts";
import { loadTask } from "../task-file.ts";
import type { Example, QueryId, UserId } from "../types.ts";
import { readLamp } from "./read.ts";
import { writeLamp } from "./write.ts";

const task = loadTask("LaMP_4");
const folder = () => mkdtempSync(join(tmpdir(), "write-"));
const text = fc.string({ unit: "grapheme", maxLength: 20 });
const gathered = async (dir: string, outputs: boolean): Promise<Example[]> => {
  const golds = outputs ? join(dir, "dev_outputs.json") : null;
  const found: Example[] = [];
  for await (const example of readLamp(task, join(dir, "dev_questions.json"), golds)) found.push(example);
  return found;
};

describe("writeLamp", () => {
  it("law: what is written is read back, whatever the texts", async () => {
    const item = fc.record({ text, title: text });
    const example = fc.record({ input: text, gold: text, profile: fc.array(item, { maxLength: 4 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(example, { minLength: 1, maxLength: 5 }), fc.boolean(), async (list, labelled) => {
        const written = list.map(
          ({ input, gold, profile }, i): Example => ({
            ...{
              task: task.name,
              id: `q${i}` as QueryId,
              user: `u${i}` as UserId,
              input,
              gold: labelled ? gold : null,
            },
            profile: profile.map((fields, k) => ({ id: `${i}-${k}`, date: `2018-01-${10 + k}`, fields })),
          }),
        );
        const dir = folder();
        expect(await writeLamp(dir, "dev", task, written)).toBe(list.length);
        expect(existsSync(join(dir, "dev_outputs.json"))).toBe(labelled);
        expect(await gathered(dir, labelled)).toEqual(written);
      }),
      { numRuns: 30 },
    );
  });

  it("a million users stream out: no more is held than a chunk and one user", async () => {
    const dir = folder();
    const part = join(dir, "train_questions.json.part");
    let [drawn, most] = [0, 0];
    const users = examples(makeWorld(0), SHAPES.tag, { split: "train", users: 1_000_000 });
    function* some(): Generator<Example> {
      for (const example of users) {
        if (drawn > 4e6) return;
        const size = JSON.stringify(example).length;
        yield example;
        drawn += size;
        most = Math.max(most, drawn - statSync(part).size);
      }
    }
    expect(await writeLamp(dir, "train", loadTask("synthetic_tag"), some())).toBeGreaterThan(200);
    // A chunk is one megabyte.
    expect(most).toBeLessThan(2e6);
  });

  it("leaves what stood there when the examples end in an error", async () => {
    const dir = folder();
    const [first] = examples(makeWorld(0), SHAPES.tag, { split: "dev", users: 1 });
    await writeLamp(dir, "dev", task, first === undefined ? [] : [first]);
    const before = readFileSync(join(dir, "dev_questions.json"), "utf8");
    function* broken(): Generator<Example> {
      yield* examples(makeWorld(1), SHAPES.tag, { split: "dev", users: 3 });
      throw new Error("the source is gone");
    }
    await expect(writeLamp(dir, "dev", task, broken())).rejects.toThrow("the source is gone");
    expect(readFileSync(join(dir, "dev_questions.json"), "utf8")).toBe(before);
    expect(existsSync(join(dir, "dev_questions.json.part"))).toBe(false);
  });
});
