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

  it("plans once what two runs train alike, and what two evaluations ask alike", async () => {
    const { cwd, tagpr } = shell();
    const shows = [
      "show: [main, reward, robustness]",
      "methods: [rag, rag-r, sft-r, tagpr]",
      "rewards: [long]",
      "variants: { long: { label: longer, set: { explore.epochs: 9 } } }",
      "profiles: { k: [8], retrievers: [recency] }",
    ].join("\n");
    writeFileSync(join(cwd, "s.yaml"), `${SUITE}${shows}\n`);
    const { out } = await tagpr("suite", "s.yaml", "--out", "o", "--dry-run", "--json");
    const works: { what: string; stages: string[]; queries: number; kept: number }[] = JSON.parse(out).works;
    const stagesOf = (what: string) => works.find((one) => one.what === `train ${what}+seed-5`)?.stages;
    expect(stagesOf("own")).toEqual(expect.arrayContaining(["data", "sft", "guided", "explore"]));
    expect(stagesOf("long")).toEqual(["explore"]);
    // Eight of the most recent items are what the config shows anyway.
    const same = works.filter(({ what }) => /\+k-8|\+recency/.test(what));
    expect(same.length).toBeGreaterThan(0);
    for (const { queries, kept } of same) expect([queries, kept > 0]).toEqual([0, true]);
  });

  it("refuses a folder that holds something else", async () => {
    const { cwd, tagpr } = shell();
    writeFileSync(join(cwd, "notes.txt"), "mine");
    const { err, code } = await tagpr("suite", "suites/main.yaml", "--out", cwd);
    expect(err).toMatch(/is no suite's folder/);
    expect(code).toBe(7);
  });
});
