import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { knownTasks, loadTask } from "./task-file.ts";
import { placeholders } from "./template.ts";

const write = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), "task-")), "mine.yaml");
  writeFileSync(path, text);
  return path;
};

const good = `name: mine
title: Mine
kind: classification
labels: [a, b]
itemFields: [text, {name: tag, label: true}]
corpus: "{text}"
query: {after: ":"}
item: "{text} | {tag}"
metric: accuracy
answer: one of the labels
`;

describe("loadTask", () => {
  it("reads every task that comes with TagPR, each under its own name", () => {
    expect(knownTasks()).toEqual(
      expect.arrayContaining(["lamp_1", "lamp_2", "lamp_2_old", "lamp_3", "lamp_4", "lamp_5", "lamp_7"]),
    );
    for (const name of knownTasks()) {
      const task = loadTask(name);
      expect(task.name.toLowerCase()).toBe(name.toLowerCase());
      const fields = task.itemFields.map((field) => field.name);
      expect(placeholders(task.item).every((field) => fields.includes(field))).toBe(true);
    }
  });

  it("accepts the command-line spelling of names", () => {
    expect(loadTask("LaMP-2-old").labels).toHaveLength(15);
    expect(loadTask("LaMP_2").labels[14]).toBe("true story");
    expect(loadTask("LaMP-3").itemFields).toContainEqual({ name: "score", aliases: ["rate"], label: true });
  });

  it("reads a person's own file by path, with an item field given as a bare name", () => {
    const task = loadTask(write(good));
    expect(task.itemFields[0]).toEqual({ name: "text", aliases: [], label: false });
    expect(task.official).toBeNull();
    expect(task.language).toBe("en");
  });

  it("suggests the nearest name for an unknown task", () => {
    expect(() => loadTask("LaMP_22")).toThrow(/unknown task LaMP_22 \(did you mean lamp_2\?\)/);
  });

  it("names file, line and nearest key of an unknown key, also inside a list", () => {
    expect(() => loadTask(write(good.replace("metric:", "metrik:")))).toThrow(
      /mine\.yaml:9:1: unknown key metrik \(did you mean metric\?\)/,
    );
    expect(() => loadTask(write(good.replace("metric:", "metrik:")))).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/docs\/data\.md/) }),
    );
    expect(() => loadTask(write(good.replace("label: true", "lable: true")))).toThrow(
      /mine\.yaml:5:\d+: unknown key itemFields\.1\.lable \(did you mean label\?\)/,
    );
  });

  it("names the line of a wrong value and of broken YAML", () => {
    expect(() => loadTask(write(good.replace("classification", "guessing")))).toThrow(/mine\.yaml:3:1: kind: /);
    expect(() => loadTask(write(good.replace("[a, b]", "[a, b")))).toThrow(/mine\.yaml:\d+:\d+: not YAML/);
    expect(() => loadTask(write(good.replace('item: "{text}', 'item: "{txt}')))).toThrow(
      /mine\.yaml:8:1: item: \{txt\} is no item field \(did you mean text\? there are text, tag\)/,
    );
    expect(() => loadTask(write(good.replace('item: "{text}', 'item: "{text')))).toThrow(
      /mine\.yaml:8:1: item: "\{text \| \{tag\}" is no place/,
    );
    expect(() => loadTask(write(`${good}prompt: 'As JSON: {"tag": 1} {text}'\n`))).toThrow(
      /mine\.yaml:11:1: prompt: .*"tag\\": 1.* is no place.*\{\{ or \}\}/,
    );
    expect(() => loadTask(write(good.replace("[a, b]", '["a ", b]')))).toThrow(
      /labels: a label begins or ends with white space/,
    );
    expect(() => loadTask(write(good.replace("[a, b]", "[a]")))).toThrow(/:4:1: labels: .* needs two labels/);
    expect(() => loadTask(write(good.replace("accuracy", "rouge1")))).toThrow(/:9:1: metric: .*accuracy, f1_macro/);
  });

  it("says when the file is missing", () => {
    expect(() => loadTask("nowhere/x.yaml")).toThrow(/no file nowhere\/x\.yaml/);
  });
});
