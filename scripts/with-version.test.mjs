import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../setup/setup.mjs";
import { withVersion } from "./with-version.mjs";

const read = (/** @type {string[]} */ ...path) => readFileSync(join(ROOT, ...path), "utf8");

describe("npm version", () => {
  it("moves the number in the engine's project and the citation, and nothing else", () => {
    const project = 'name = "a"\nversion = "0.1.0"\ndependencies = ["b==0.1.0"]\n';
    expect(withVersion(project, "1.2.3", "2027-01-02")).toBe(project.replace('"0.1.0"', '"1.2.3"'));
    const citation = "cff-version: 1.2.0\nversion: 0.1.0\ndate-released: 2026-11-29\n";
    expect(withVersion(citation, "1.2.3", "2027-01-02")).toBe(
      "cff-version: 1.2.0\nversion: 1.2.3\ndate-released: 2027-01-02\n",
    );
    expect(() => withVersion("no line", "1.2.3", "2027-01-02")).toThrow(/no line/);
  });

  it("the three places agree", () => {
    const { version } = JSON.parse(read("package.json"));
    for (const file of [read("engine", "pyproject.toml"), read("CITATION.cff")])
      expect(withVersion(file, version, /^date-released: (.*)$/m.exec(file)?.[1] ?? "")).toBe(file);
  });
});
