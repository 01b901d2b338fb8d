import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFault, writeFault } from "./disk.ts";
import { TagprError } from "./errors.ts";
import { appendJsonl, guardDisk, readJson, readJsonl, streamJsonl, writeAtomic, writeJsonl } from "./jsonl.ts";

const dir = mkdtempSync(join(tmpdir(), "tagpr-disk-"));
const [file, folder] = [join(dir, "file"), join(dir, "folder")];
writeFileSync(file, "mine");
mkdirSync(folder);

const coded = (code: string): Error => Object.assign(new Error(`${code}: raw`), { code });
function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}

describe("a file in the place of a folder, or the reverse", () => {
  it.each([
    ["a file below a file", () => writeAtomic(join(file, "x.csv"), "x"), `${file} is a file, not a folder`],
    ["a file two below", () => appendJsonl(join(file, "a", "x.jsonl"), [1]), `${file} is a file, not a folder`],
    ["a folder that is a file", () => guardDisk(file, () => mkdirSync(file, { recursive: true })), `${file} is a file`],
    ["a file that is a folder", () => writeAtomic(folder, "x"), `${folder} is a folder, not a file`],
    ["rows to a folder", () => writeJsonl(folder, [1]), `${folder} is a folder, not a file`],
    ["rows added to a folder", () => appendJsonl(folder, [1]), `${folder} is a folder, not a file`],
  ])("%s is a usage error that names it, and nothing is left", (_, act, message) => {
    const error = thrown(act);
    expect(error).toBeInstanceOf(TagprError);
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(message) });
    expect(error).toHaveProperty("hint", expect.stringMatching(/--out/));
    expect(readdirSync(dir).sort()).toEqual(["file", "folder"]);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });
});

it("only a full disk is told to make room", () => {
  expect(writeFault("/x", coded("ENOSPC"))?.hint).toMatch(/Make room/);
  const denied = writeFault("/x", coded("EACCES"));
  expect(denied).toMatchObject({ code: "environment", message: "can't write /x: permission denied" });
  expect(denied?.hint).not.toMatch(/room/);
  expect(writeFault("/x", new TypeError("ours"))).toBeNull();
});

it("what can't be read is said without the system's own words", async () => {
  const nowhere = join(dir, "nowhere");
  expect(readFault("/x", coded("EACCES"))).toBe("/x can't be read: permission denied");
  for (const read of [readJson, readJsonl]) {
    expect(() => read(nowhere)).toThrow(`${nowhere} is not there`);
    expect(() => read(folder)).toThrow(`${folder} is a folder, not a file`);
    expect(() => read(join(file, "x"))).toThrow(`${file} is a file, not a folder`);
  }
  await expect(streamJsonl(nowhere).next()).rejects.toThrow(`${nowhere} is not there`);
  await expect(streamJsonl(folder).next()).rejects.toThrow(`${folder} is a folder, not a file`);
});
