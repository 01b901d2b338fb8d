import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { checkFolder } from "./folder.ts";
import { STAGES } from "./stages/index.ts";

let run: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "folder-"));
});
const config = configSchema.parse({});
/** What only TagPR writes. */
const OURS: Readonly<Record<string, object>> = {
  "stage.json": { stage: "data", key: "k", outputs: {}, seconds: 1 },
  "begun.json": { key: "k", seconds: 0 },
  "result.json": { rows: [], paired: [], details: {} },
};
const put = (...parts: string[]): void => {
  const path = join(run, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(OURS[basename(path)] ?? {}));
};

describe("a folder without run.json", () => {
  it.each([["notes.txt"], ["data", "train_questions.json"], ["weights", "x"], ["cache", "x"], ["sft"]])(
    "is refused when TagPR did not make what is in it: %s",
    (...parts) => {
      put(...parts);
      expect(() => checkFolder(run, config, STAGES)).toThrow(
        /is not a run of TagPR \(it has no run\.json\) and is not empty$/,
      );
    },
  );

  it("is taken when it is empty, isn't there, or holds leftovers of our own", () => {
    checkFolder(run, config, STAGES);
    checkFolder(join(run, "none"), config, STAGES);
    put(".lock");
    put("engine.log");
    mkdirSync(join(run, ".cleared-data"));
    mkdirSync(join(run, "cache"));
    symlinkSync(join("..", "store"), join(run, "weights"));
    checkFolder(run, config, STAGES);
  });

  it("no name of a folder proves that TagPR made it: a person's weights and result beside an empty data/ are refused", () => {
    for (const empty of ["data", "report", "sft"]) mkdirSync(join(run, empty));
    mkdirSync(join(run, "weights"));
    writeFileSync(join(run, "weights", "mine.bin"), "a year of work");
    writeFileSync(join(run, "result.json"), '{"mine": 1}');
    expect(() => checkFolder(run, config, STAGES)).toThrow(/is not a run of TagPR/);
  });

  it.each([
    ["begun.json", "{}"],
    ["begun.json", "not even JSON"],
    ["stage.json", '{"stage": "my theatre"}'],
  ])("nor does a %s that TagPR did not write: %s", (file, text) => {
    mkdirSync(join(run, "data"));
    writeFileSync(join(run, "data", file), text);
    expect(() => checkFolder(run, config, STAGES)).toThrow(expect.objectContaining({ code: "run" }));
  });

  it("is taken when it is a run whose run.json was deleted", () => {
    for (const file of ["data/stage.json", "sft/begun.json", "cache/llm/x", "weights/x", "result.json"]) put(file);
    checkFolder(run, config, STAGES);
  });
});

it("a run may hold what a person put beside the stages", () => {
  put("notes.txt");
  writeFileSync(join(run, "run.json"), JSON.stringify({ tagpr: "0.1.0", config }));
  checkFolder(run, config, STAGES);
});

it("a result.json of a person's is in the way, an evaluation's is not", () => {
  writeFileSync(join(run, "run.json"), JSON.stringify({ tagpr: "0.1.0", config }));
  put("result.json");
  checkFolder(run, config, STAGES);
  writeFileSync(join(run, "result.json"), '{"rows": "of beans"}');
  expect(() => checkFolder(run, config, STAGES)).toThrow(
    /result\.json was not made by TagPR, and eval would write over/,
  );
});

it("data, or its task file, inside a folder that the run clears is refused", () => {
  put("run", "data", "stage.json");
  const own = join(run, "run");
  const reading = (data: object) => configSchema.parse({ data: { source: "files", ...data } });
  for (const path of [join(own, "data"), join(own, "chains", "mine")])
    expect(() => checkFolder(own, reading({ paths: [path] }), STAGES)).toThrow(/lies in .*which the run writes/);
  expect(() => checkFolder(own, reading({ paths: [run], task: join(own, "data", "task.yaml") }), STAGES)).toThrow(
    /task\.yaml/,
  );
  symlinkSync(join(own, "data"), join(run, "link"));
  expect(() => checkFolder(own, reading({ paths: [join(run, "link")] }), STAGES)).toThrow(/link lies in/);
  checkFolder(own, reading({ paths: [join(run, "data"), join(own, "database")] }), STAGES);
});
