import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { checkFolder } from "./folder.ts";

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "folder-"));
});
const config = configSchema.parse({});
const put = (...parts: string[]): void => {
  mkdirSync(dirname(join(run, ...parts)), { recursive: true });
  writeFileSync(join(run, ...parts), "{}");
};

describe("a folder without run.json", () => {
  it.each([["notes.txt"], ["data", "train_questions.json"], ["weights", "x"], ["cache", "x"], ["sft"]])(
    "is refused when TagPR did not make what is in it: %s",
    (...parts) => {
      put(...parts);
      expect(() => checkFolder(run, config)).toThrow(/is not a run of TagPR \(it has no run\.json\) and is not empty$/);
    },
  );

  it("is taken when it is empty, isn't there, or holds leftovers of our own", () => {
    checkFolder(run, config);
    checkFolder(join(run, "none"), config);
    put(".lock");
    put("engine.log");
    mkdirSync(join(run, ".cleared-data"));
    mkdirSync(join(run, "cache"));
    symlinkSync(join("..", "store"), join(run, "weights"));
    checkFolder(run, config);
  });

  it("is taken when it is a run whose run.json was deleted", () => {
    for (const file of ["data/stage.json", "sft/begun.json", "cache/llm/x", "weights/x", "result.json"]) put(file);
    checkFolder(run, config);
  });
});

it("a run may hold what a person put beside the stages", () => {
  put("notes.txt");
  writeFileSync(join(run, "run.json"), JSON.stringify({ config }));
  checkFolder(run, config);
});

it("data, or its task file, inside a folder that the run clears is refused", () => {
  put("run", "data", "stage.json");
  const own = join(run, "run");
  const reading = (data: object) => configSchema.parse({ data: { source: "files", ...data } });
  for (const path of [join(own, "data"), join(own, "chains", "mine")])
    expect(() => checkFolder(own, reading({ paths: [path] }))).toThrow(/lies in .*which the run clears/);
  expect(() => checkFolder(own, reading({ paths: [run], task: join(own, "data", "task.yaml") }))).toThrow(/task\.yaml/);
  symlinkSync(join(own, "data"), join(run, "link"));
  expect(() => checkFolder(own, reading({ paths: [join(run, "link")] }))).toThrow(/link lies in/);
  checkFolder(own, reading({ paths: [join(run, "data"), join(own, "database")] }));
});
