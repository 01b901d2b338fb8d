import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
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

it("a lock that was taken over is not given back by who held it before", () => {
  const run = folder();
  const first = lockRun(run, world(1));
  lockRun(run, world(2));
  first();
  expect(() => lockRun(run, world(3, [2]))).toThrow(/is in use by process 2$/);
});

it("leaves nothing beside the lock", () => {
  const run = folder();
  lockRun(run, world(1));
  lockRun(run, world(2));
  expect(readdirSync(run)).toEqual([".lock"]);
});

it("another machine's lock is left alone: its processes can't be seen from here", () => {
  const run = folder();
  lockRun(run, world(1, [], "there"));
  expect(() => lockRun(run, world(2))).toThrow(/is in use on there/);
});
