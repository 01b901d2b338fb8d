import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TagprError } from "./errors.ts";
import { appendJsonl, guardDisk, readJsonl, streamJsonl, writeAtomic, writeJsonl } from "./jsonl.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tagpr-jsonl-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("rows come back as they went in, whole or streamed", async () => {
  const path = join(dir, "a", "rows.jsonl");
  const rows = Array.from({ length: 5000 }, (_, i) => ({ i, text: "五 é\n".repeat(i % 7) }));
  writeJsonl(path, rows.slice(0, 4000));
  appendJsonl(path, rows.slice(4000));
  expect(readJsonl(path)).toEqual(rows);
  const streamed: unknown[] = [];
  for await (const row of streamJsonl(path)) streamed.push(row);
  expect(streamed).toEqual(rows);
});

test("only a line feed ends a line, and a byte order mark is none of the first", async () => {
  const path = join(dir, "rows.jsonl");
  const rows = [{ text: "one\u2028two\u2029three\rfour" }, { text: "五".repeat(50_000) }, { text: "" }];
  writeFileSync(path, `\uFEFF${rows.map((row) => JSON.stringify(row)).join("\r\n")}`);
  expect(readJsonl(path)).toEqual(rows);
  const streamed: unknown[] = [];
  for await (const row of streamJsonl(path)) streamed.push(row);
  expect(streamed).toEqual(rows);
});

test("a broken line is named by file and number", () => {
  const path = join(dir, "rows.jsonl");
  writeFileSync(path, '{"a":1}\n{"a":\n');
  expect(() => readJsonl(path)).toThrow(`${path}:2: not a JSON line`);
});

test("bytes that are no UTF-8 are refused with their line, never replaced", async () => {
  const path = join(dir, "rows.jsonl");
  writeFileSync(path, Buffer.from('{"a":"é"}\n{"a":"\xe9"}\n', "latin1"));
  expect(() => readJsonl(path)).toThrow(`${path}:1: bytes that are no UTF-8`);
  await expect(streamJsonl(path).next()).rejects.toThrow(`${path}:1: bytes that are no UTF-8`);
});

test("a write that fails leaves the old file as it was", () => {
  const path = join(dir, "rows.jsonl");
  writeAtomic(path, "old");
  const failing = function* (): Generator<unknown> {
    yield { a: 1 };
    throw new Error("interrupted");
  };
  expect(() => writeJsonl(path, failing())).toThrow("interrupted");
  expect(readFileSync(path, "utf8")).toBe("old");
});

test("a full disk is one clear sentence with what to do", () => {
  const full = (): never => {
    throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
  };
  expect(() => guardDisk("/x/rows.jsonl", full)).toThrow(TagprError);
  expect(() => guardDisk("/x/rows.jsonl", full)).toThrow("can't write /x/rows.jsonl: the disk is full");
  expect(existsSync(join(dir, "rows.jsonl.part"))).toBe(false);
});
