import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeJsonl } from "./jsonl.ts";
import { hashJson, isSealed, openLoop, seal, stageDir } from "./run-dir.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tagpr-run-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const metrics = (): string => readFileSync(join(dir, "metrics.jsonl"), "utf8");

test("what stands after the last checkpoint is cut off and can be replayed to the same bytes", () => {
  const first = openLoop(dir);
  for (let step = 1; step <= 5; step++) {
    first.metrics({ step, loss: 1 / step });
    if (step === 3) first.checkpoint(step, "tinker://m/weights/3", { best: 0.5 });
  }
  const unbroken = metrics();
  const second = openLoop(dir);
  expect(second.last).toMatchObject({ step: 3, state: "tinker://m/weights/3", extra: { best: 0.5 } });
  expect(metrics().trim().split("\n")).toHaveLength(3);
  for (let step = 4; step <= 5; step++) second.metrics({ step, loss: 1 / step });
  expect(metrics()).toBe(unbroken);
});

test("a checkpoint line torn by a crash never counted", () => {
  const log = openLoop(dir);
  log.metrics({ step: 1 });
  log.checkpoint(1, "a");
  log.metrics({ step: 2 });
  appendFileSync(join(dir, "checkpoints.jsonl"), '{"step":2,"state":"b","lin');
  expect(openLoop(dir).last?.step).toBe(1);
  expect(metrics()).toBe('{"step":1}\n');
});

test("a log shorter than its checkpoint says is refused, not continued", () => {
  const log = openLoop(dir);
  log.metrics({ step: 1 });
  log.checkpoint(1, "a");
  writeFileSync(join(dir, "metrics.jsonl"), "");
  expect(() => openLoop(dir)).toThrow(/fewer than the 1 lines/);
});

test("a stage is sealed only with its key and its unchanged outputs", async () => {
  writeJsonl(join(stageDir(dir, "data"), "test.jsonl"), [{ a: 1 }]);
  await seal(dir, "data", "key", ["test.jsonl"], 1);
  expect(await isSealed(dir, "data", "key")).toBe(true);
  expect(await isSealed(dir, "data", "other")).toBe(false);
  appendFileSync(join(stageDir(dir, "data"), "test.jsonl"), "{}\n");
  expect(await isSealed(dir, "data", "key")).toBe(false);
});

test("the hash of a value does not depend on the order of keys", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(hashJson(reversed)).toBe(hashJson(value));
    }),
  );
});

test("checkpoints carry the format; those of format 1 are gone on from, those of a later one refused", () => {
  openLoop(dir).checkpoint(1, "a");
  const path = join(dir, "checkpoints.jsonl");
  expect(readFileSync(path, "utf8")).toMatch(/^\{"format":3,"step":1,/);
  const older = { step: 2, state: "b", lines: {}, extra: {} };
  writeJsonl(path, [older]);
  expect(openLoop(dir).last).toEqual(older);
  writeJsonl(path, [older, { ...older, format: 99 }]);
  expect(() => openLoop(dir)).toThrow(/checkpoints\.jsonl:2 is of format 99, this TagPR reads 1 to 3/);
});
