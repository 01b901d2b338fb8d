import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shell } from "../testing/shell.ts";

const SUITE = "config: presets/methods-quick.yaml\n";

describe("tagpr suite", () => {
  it.each([
    ["show: [mian]", /show: there is no mian \(did you mean main\?\)/],
    ["show: [main]\nmetods: all", /bad\.yaml:3:1: unknown key metods \(did you mean methods\?\)/],
    ["show: []", /bad\.yaml:2:1: show: /],
    ["show: [reward]\nrewards: [untrained]", /no method untrained/],
    ["show: [main]\nconfig: presets/none.yaml", /Map keys must be unique/],
    ["show: [main]\nseeds: [1.5]", /bad\.yaml:3:9: seeds\.0: /],
    ["show: [main]\nset: { guided.epoch: 2 }", /unknown key guided\.epoch \(did you mean epochs\?\)/],
    ["show: [main]\nmethods: [tagprr]", /no method tagprr \(did you mean tagpr\?\)/],
  ])("says what is wrong with %j, and writes nothing", async (text, said) => {
    const { cwd, tagpr } = shell();
    writeFileSync(join(cwd, "bad.yaml"), `${SUITE}${text}\n`);
    const { code, err } = await tagpr("suite", "bad.yaml", "--out", "o", "--dry-run");
    expect(err).toMatch(said);
    expect(code).toBe(2);
  });

  it("plans what would be trained and asked, by name from anywhere", async () => {
    const { tagpr } = shell();
    const { out, code } = await tagpr(
      "suite",
      "suites/ablation.yaml",
      "--out",
      "o",
      "--only",
      "ablation",
      "--dry-run",
      "--json",
    );
    const { works, total } = JSON.parse(out);
    expect(code).toBe(0);
    expect(works.map(({ what }: { what: string }) => what)).toEqual(["train own+seed-5", "ask own+seed-5"]);
    expect(total.queries).toBe(300 * 7);
  });

  it("refuses a folder that holds something else", async () => {
    const { cwd, tagpr } = shell();
    writeFileSync(join(cwd, "notes.txt"), "mine");
    const { err, code } = await tagpr("suite", "suites/main.yaml", "--out", cwd);
    expect(err).toMatch(/is no suite's folder/);
    expect(code).toBe(7);
  });
});
