import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { writeJson, writeJsonl } from "../core/jsonl.ts";
import { loadTask, tasksDir } from "../data/task-file.ts";
import { explainFile } from "./explain.ts";

const folder = (): string => mkdtempSync(join(tmpdir(), "explain-"));
const file = (text: string, name = "one.json"): string => {
  const path = join(folder(), name);
  writeFileSync(path, text);
  return path;
};
const text =
  "<think><analyze_input>A film.</analyze_input><examine_examples>[1] heist dystopia</examine_examples><make_decision>So.</make_decision></think>comedy";

describe("rewards explain", () => {
  it("explains a JSON file with the default weights", () => {
    const told = explainFile(file(JSON.stringify({ task: "LaMP_2", gold: "comedy", text })), { line: 1 });
    expect(told.signals.map((s) => [s.signal, s.value, s.weight])).toEqual([
      ["verifiable", 1, 1],
      ["format", 1, 0.1],
      ["repetition", 0, 0.1],
      ["tag", 0, 0.1],
      ["personalization", 0, 0.2],
      ["grounding", 0, 0],
    ]);
    expect(told.signals.at(-1)?.why).toMatch(/not known here/);
    expect(told.total).toBeCloseTo(1.1, 12);
    expect(told.title).toContain("default weights");
  });

  it("a task of one's own is named by the person, never by the file", () => {
    const own = file(
      readFileSync(join(tasksDir(), "lamp_2.yaml"), "utf8").replace("name: LaMP_2", "name: mine"),
      "own.yaml",
    );
    expect(() => explainFile(file(JSON.stringify({ task: own, gold: "comedy", text })), {})).toThrow(/unknown task/);
    const told = explainFile(file(JSON.stringify({ task: "mine", gold: "comedy", text })), { task: own });
    expect(told.total).toBeCloseTo(1.1, 12);
  });

  it("takes weights, tags and the shown items from the run that a samples.jsonl stands in", () => {
    const run = folder();
    const config = configSchema.parse({ rewards: { verifiable: 2 } });
    writeJson(join(run, "run.json"), { config });
    writeJson(join(run, "data", "tasks.json"), [loadTask("LaMP_2")]);
    writeJson(join(run, "chains", "tags.json"), { tags: ["analyze_input", "make_decision"] });
    writeJson(join(run, "prmu", "scorer.json"), { path: "x", rows: null, centre: { mean: 1, spread: 2 } });
    writeJsonl(join(run, "data", "rl.jsonl"), [
      { task: "LaMP_2", id: "q1", input: "?", shown: [{ id: "i", fields: { tag: "comedy", description: "a heist" } }] },
    ]);
    const path = join(run, "guided", "samples.jsonl");
    writeJsonl(path, [
      { kind: "batch", step: 1, queries: ["LaMP_2/q1"] },
      { task: "LaMP_2", query: "q1", gold: "comedy", response: text, logit: 1, rewards: { total: 9 } },
    ]);
    const told = explainFile(path, {});
    expect(explainFile(path, { line: 2 })).toEqual(told);
    expect(() => explainFile(path, { line: 1 })).toThrow(/samples\.jsonl:1 is no response: it has no text/);
    const by = Object.fromEntries(told.signals.map((s) => [s.signal, s]));
    expect(by.verifiable?.part).toBe(2);
    expect(by.tag?.why).toContain("examine_examples");
    expect(by.personalization?.value).toBe(0.5);
    expect(told.form.join("\n")).toMatch(/logged a total of 9\.000[\s\S]*item 1 is comedy, not dystopia/);
    expect(told.form.at(-1)).toMatch(/^the answer rests on ".*": false, item 1 is comedy, not dystopia$/);
    expect(by.grounding?.why).toMatch(/^0 of 1 statements are true; the answer rests on .* false/);
    expect(explainFile(path, { line: 2, stage: "explore" }).signals[4]?.weight).toBe(0);
  });

  it("says that the format fails, not that there is no reward model", () => {
    const run = folder();
    writeJson(join(run, "run.json"), { config: configSchema.parse({}) });
    const path = join(run, "guided", "samples.jsonl");
    writeJsonl(path, [{ task: "LaMP_2", gold: "comedy", response: "comedy", logit: null }]);
    expect(explainFile(path, {}).signals[4]?.why).toBe("0 because the format fails");
  });

  it.each([
    ["not JSON", "{", 1, /one\.json: not JSON/],
    ["no gold", JSON.stringify({ task: "LaMP_2", text }), 1, /gold: the true answer/],
    ["no text", JSON.stringify({ task: "LaMP_2", gold: "comedy" }), 1, /there is no text/],
    ["no such task", JSON.stringify({ task: "LaMP_9", gold: "x", text }), 1, /unknown task LaMP_9/],
  ])("bad input in one sentence: %s", (_, body, line, message) => {
    expect(() => explainFile(file(body), { line })).toThrow(message);
  });

  it("says which lines there are", () => {
    expect(() => explainFile(file("{}\n", "a.jsonl"), { line: 3 })).toThrow(/has 1 lines, none numbered 3/);
    expect(() => explainFile(file("{}"), { line: 5 })).toThrow(/one\.json is one JSON object: it has no line 5/);
    expect(() => explainFile("nowhere.json", { line: 1 })).toThrow(/nowhere\.json/);
  });
});
