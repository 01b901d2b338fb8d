import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { type LockWorld, lockRun } from "./lock.ts";

const world = (pid: number, alive: number[] = [], host = "here"): LockWorld => ({
  pid,
  host,
  alive: (other) => alive.includes(other),
});
const folder = (): string => mkdtempSync(join(tmpdir(), "lock-"));

it("a second living process is refused, and named the first", () => {
  const run = folder();
  const release = lockRun(run, world(1));
  expect(() => lockRun(run, world(2, [1]))).toThrow(/is in use by process 1$/);
  release();
  expect(existsSync(join(run, ".lock"))).toBe(false);
  lockRun(run, world(2, [1]));
});

it("a dead process's lock is taken over, and so is one that was never finished", () => {
  const run = folder();
  lockRun(run, world(1));
  expect(() => lockRun(run, world(2))).not.toThrow();
  writeFileSync(join(run, ".lock"), "");
  expect(() => lockRun(run, world(3, [2]))).not.toThrow();
});

it("another machine's lock is left alone: its processes can't be seen from here", () => {
  const run = folder();
  lockRun(run, world(1, [], "there"));
  expect(() => lockRun(run, world(2))).toThrow(/is in use on there/);
});
