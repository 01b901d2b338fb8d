import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import { writeRanking } from "./ranking-file.ts";

const profile = ["apple", "pear", "apple pie", "plum"].map((text, i) => ({
  id: i,
  text,
  title: "t",
  date: `20${10 + i}`,
}));
const questions = (value: unknown) => {
  const dir = mkdtempSync(join(tmpdir(), "rank-"));
  writeFileSync(join(dir, "q.json"), JSON.stringify(value));
  return { questions: join(dir, "q.json"), out: join(dir, "deep", "rank.json") };
};
const ask = (id: string) => ({ id, input: "the article: apple", profile });
const task = loadTask("LaMP_4");

describe("writeRanking", () => {
  it("writes LaMP's file: query id to profile ids, best first", async () => {
    const paths = questions([ask("a"), ask("b")]);
    expect(await writeRanking({ task, ...paths, method: "recency", k: 2, seed: 0 })).toBe(2);
    expect(JSON.parse(readFileSync(paths.out, "utf8"))).toEqual({ a: ["3", "2"], b: ["3", "2"] });
    await writeRanking({ task, ...paths, method: "bm25", k: 99, seed: 0 });
    expect(JSON.parse(readFileSync(paths.out, "utf8")).a).toHaveLength(4);
  });

  it("an empty file of questions gives an empty ranking; a bad record leaves no file", async () => {
    const empty = questions([]);
    expect(await writeRanking({ task, ...empty, method: "recency", k: 2, seed: 0 })).toBe(0);
    expect(JSON.parse(readFileSync(empty.out, "utf8"))).toEqual({});
    const bad = questions([ask("a"), { id: "b" }]);
    await expect(writeRanking({ task, ...bad, method: "recency", k: 2, seed: 0 })).rejects.toThrow(/record 2 \(id b\)/);
    expect(existsSync(bad.out) || existsSync(`${bad.out}.part`)).toBe(false);
  });
});
