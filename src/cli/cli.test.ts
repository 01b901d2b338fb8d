import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { TagprError } from "../core/errors.ts";
import { readJson, writeJson } from "../core/jsonl.ts";
import { STAGE_NAMES, type StageName, stageOf } from "../core/stages.ts";
import type { Engines } from "../engine/engines.ts";
import type { RunRecord } from "../model/record.ts";
import type { Stage } from "../run/stage.ts";
import type { App } from "./app.ts";
import { main } from "./cli.ts";
import { generatedPages } from "./commands/docs.ts";
import { type Io, wantsColour } from "./io.ts";
import { buildProgram } from "./program.ts";
import { fixedMeasure } from "./testing/fixed-measure.ts";

const offline = (): Promise<never> => Promise.reject(new Error("no engine here"));

let cwd: string;
let closed: number;
let ran: string[];
/** What a stage does besides writing its output. */
let act: Partial<Record<StageName, () => Promise<void> | void>>;
let pressCtrlC: () => void;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "project-"));
  closed = 0;
  ran = [];
  act = {};
  hardware = "cpu: one of the tests";
  writeFileSync(join(cwd, "my.yaml"), "name: mine\nguided: {epochs: 3}\n");
  const roles = "teacher: {kind: self}\njudge: {kind: rules}\ntagger: {kind: rules}\n";
  writeFileSync(join(cwd, "own.yaml"), `name: own\n${roles}`);
});

let hardware = "";
const parts: Pick<App, "stages" | "openEngines" | "measure"> = {
  measure: () => fixedMeasure(hardware),
  openEngines: (): Engines => ({
    policy: offline,
    reward: offline,
    embeddings: offline,
    close: () => {
      closed++;
      return Promise.resolve();
    },
  }),
  stages: STAGE_NAMES.map(
    (name, i): Stage => ({
      name,
      writes: ["out.json"],
      config: (config) => (name === "guided" ? config.guided : null),
      reads: () => STAGE_NAMES.slice(Math.max(0, i - 1), i).map((before) => `${before}/out.json`),
      run: async ({ dir, config }) => {
        ran.push(name);
        await act[name]?.();
        writeJson(join(dir, "out.json"), name === "guided" ? config.guided : name);
      },
    }),
  ),
};

/** A folder in LaMP's layout, with nothing in it. */
function lampFolder(name: string): void {
  for (const split of ["train", "dev"]) {
    writeJson(join(cwd, name, `${split}_questions.json`), []);
    writeJson(join(cwd, name, `${split}_outputs.json`), { task: "LaMP_4", golds: [] });
  }
}

async function tagpr(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const io: Io = {
    env: {},
    cwd,
    argv,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    terminal: false,
    colour: false,
    onStop: (stop) => {
      pressCtrlC = () => stop("SIGINT");
      return () => {};
    },
  };
  return { code: await main(argv, io, parts), ...said };
}

describe("tagpr run", () => {
  it("says once what `auto` came to, keeps it, and refuses other hardware until told", async () => {
    const record = () => readJson<RunRecord>(join(cwd, "r", "run.json"));
    const first = await tagpr("run", "my.yaml", "--out", "r");
    expect(first.err).toContain(
      "computes on cpu in float32 (cpu: one of the tests; a group of this run takes 2.00 times",
    );
    expect(first.err).toMatch(/Measures in which type[\s\S]*computes on/);
    expect(first.err.match(/Measures in which type/g)).toHaveLength(1);
    const typed = ["policy", "reward", "embeddings"].flatMap((role) => ["--set", `engines.${role}.dtype=float32`]);
    const given = await tagpr("run", "my.yaml", "--out", "typed", ...typed);
    expect(given.err).toContain("computes on");
    expect(given.err).not.toContain("Measures in");
    expect(record().machine).toMatchObject({ dtype: "float32", also: [] });
    expect(record().config.engines.policy.dtype).toBe("auto");
    expect((await tagpr("run", "my.yaml", "--out", "r")).err).not.toContain("computes on");
    hardware = "cpu: another";
    const refused = await tagpr("run", "r");
    expect(refused.code).toBe(7);
    expect(refused.err).toMatch(/begun on other hardware[\s\S]*--any-hardware/);
    expect((await tagpr("run", "r", "--any-hardware")).code).toBe(0);
    expect(record().machine?.also).toEqual(["cpu: another"]);
  });

  it("executes the stages, records the run, and does nothing the second time", async () => {
    const first = await tagpr("run", "my.yaml", "--out", "r", "--seed", "4");
    expect(first).toMatchObject({ code: 0 });
    expect(ran).toEqual([...STAGE_NAMES]);
    expect(first.out).toMatch(/Report: r\/report\/index\.html/);
    const record = readJson<RunRecord>(join(cwd, "r", "run.json"));
    expect(record).toMatchObject({ seed: 4, argv: ["run", "my.yaml", "--out", "r", "--seed", "4"] });
    expect(record.config.guided.epochs).toBe(3);
    ran = [];
    const second = await tagpr("run", "r");
    expect(second.code).toBe(0);
    expect(second.err).toMatch(/done before, nothing changed/);
    expect(ran).toEqual([]);
    expect(closed).toBe(2);
  });

  it("redoes from where --set changes something, and says so", async () => {
    await tagpr("run", "my.yaml", "--out", "r");
    ran = [];
    const { err } = await tagpr("run", "my.yaml", "--out", "r", "--set", "guided.epochs=5");
    // Of what follows only the stage that reads what changed.
    expect(ran).toEqual(["guided", "explore"]);
    expect(err).toMatch(/guided: its config or inputs changed; done again/);
  });

  it("with --dry-run prints the plan and starts and writes nothing", async () => {
    writeFileSync(join(cwd, "paper.yaml"), readFileSync("presets/paper.yaml"));
    const before = readdirSync(cwd);
    const plan = await tagpr("run", "paper.yaml", "--dry-run", "--assume", "response_tokens=800");
    expect(plan).toMatchObject({ code: 0 });
    for (const part of [/8×A100 80GB, h/, /8×H200 141GB, h/, /optimizer/, /guided +3380/, /response_tokens=800/])
      expect(plan.out).toMatch(part);
    const json = await tagpr("run", "paper.yaml", "--dry-run", "--json");
    expect(JSON.parse(json.out)).toMatchObject({ name: "paper", machines: ["8×A100 80GB", "8×H200 141GB"] });
    expect(ran).toEqual([]);
    expect(readdirSync(cwd)).toEqual(before);
    expect(await tagpr("run", "paper.yaml", "--dry-run", "--assume", "acepted=1")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/accepted/),
    });
    expect(await tagpr("run", "paper.yaml", "--assume", "accepted=1")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--dry-run/),
    });
  });

  it("names an unknown key, a missing file and a bad stage, and starts nothing", async () => {
    writeFileSync(join(cwd, "bad.yaml"), "guided:\n  epocs: 3\n");
    expect(await tagpr("run", "bad.yaml")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/bad\.yaml:2:3: unknown key guided\.epocs \(did you mean epochs\?\)/),
    });
    expect(await tagpr("run", "none.yaml")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no file .*none\.yaml/),
    });
    expect(await tagpr("run", "quickstart")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no file .*quickstart\n.*presets\/\{.*quickstart.*\}\.yaml\.$/m),
    });
    const stage = await tagpr("run", "my.yaml", "--only", "data,chain");
    expect(stage).toMatchObject({ code: 2, err: expect.stringMatching(/no stage chain \(did you mean chains\?\)/) });
    expect(await tagpr("run", "my.yaml", "--seed", "x")).toMatchObject({ code: 2 });
    expect(await tagpr("rum", "my.yaml")).toMatchObject({ code: 2, err: expect.stringMatching(/Did you mean run\?/) });
    expect(readdirSync(cwd).sort()).toEqual(["bad.yaml", "my.yaml", "own.yaml"]);
  });

  it("--data puts folders into the config", async () => {
    for (const name of ["movies", "news"]) lampFolder(name);
    await tagpr("run", "own.yaml", "--out", "r", "--data", "movies", "news");
    const { config } = readJson<RunRecord>(join(cwd, "r", "run.json"));
    expect(config.data).toMatchObject({ source: "files", task: "", paths: [join(cwd, "movies"), join(cwd, "news")] });
  });

  it("--data keeps the task of a config for files, and drops that of a synthetic one", async () => {
    for (const split of ["train", "dev"]) {
      writeJson(join(cwd, "bare", `${split}_questions.json`), []);
      writeJson(join(cwd, "bare", `${split}_outputs.json`), []);
    }
    lampFolder("news");
    const roles = readFileSync(join(cwd, "own.yaml"), "utf8");
    const given = async (data: string, ...argv: string[]) => {
      writeFileSync(join(cwd, "own.yaml"), `${roles}data: {${data}}\n`);
      const { code, err } = await tagpr("run", "own.yaml", "--out", "r", "--only", "data", ...argv);
      const path = join(cwd, "r", "run.json");
      return { code, err, task: code === 0 ? readJson<RunRecord>(path).config.data.task : null };
    };
    const files = "source: files, task: LaMP_4";
    expect(await given(files, "--data", "bare")).toMatchObject({ code: 0, task: "LaMP_4" });
    expect(await given("task: synthetic_tag", "--data", "news")).toMatchObject({ code: 0, task: "" });
    expect(await given("task: synthetic_tag", "--data", "bare")).toMatchObject({
      code: 3,
      err: expect.stringMatching(/bare: no outputs file names its task\n.*--set data\.task=LaMP_4/),
    });
    expect(await given("task: synthetic_tag", "--data", "bare", "--set", "data.task=LaMP_4")).toMatchObject({
      task: "LaMP_4",
    });
    expect(await given("source: files, task: LaMP_5", "--data", "news")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/news holds LaMP_4, not LaMP_5\n.*--set 'data\.task=""'/),
    });
    expect(await given("source: files, task: LaMP_5", "--data", "news", "--set", 'data.task=""')).toMatchObject({
      task: "",
    });
  });

  it("a model that comes with TagPR is found from any folder, the reward model's too", async () => {
    await tagpr("run", "my.yaml", "--out", "r", "--only", "data", "--set", "prmu.model=models/nano");
    const { config } = readJson<RunRecord>(join(cwd, "r", "run.json"));
    expect(config.prmu.model).toBe(config.model);
    expect(config.model).toMatch(/^\/.*models\/nano$/);
    expect(config.engines.embeddings_model).toBe("all-minilm-l6-v2");
  });

  it("a folder that is no run is left alone, --fresh or not: the data that was given stays", async () => {
    mkdirSync(join(cwd, "data"));
    writeFileSync(join(cwd, "data", "train_questions.json"), "[]");
    for (const flags of [[], ["--fresh"]])
      expect(await tagpr("run", "own.yaml", "--out", ".", "--data", "data", ...flags)).toMatchObject({
        code: 7,
        err: expect.stringMatching(/is not a run of TagPR.*is not empty\n {2}Choose another folder with --out/),
      });
    expect(readdirSync(cwd).sort()).toEqual(["data", "my.yaml", "own.yaml"]);
    expect(readFileSync(join(cwd, "data", "train_questions.json"), "utf8")).toBe("[]");
  });

  it.each([
    ["profile.retriever=dense", "engines.embeddings_model=nope"],
    ["model=nope"],
    ["prmu.model=nope"],
    ["data.world.min_items=300"],
    ["judge.kind=self"],
    ["judge.kind=openai"],
    ["data.task=nope"],
    ["data.source=files", "data.paths=[nope]", "teacher.kind=self", "judge.kind=rules", "tagger.kind=rules"],
  ])("a value that can be seen to be wrong is neither kept nor does it clear anything: %s", async (...set) => {
    await tagpr("run", "my.yaml", "--out", "r", "--only", "data");
    const before = readFileSync(join(cwd, "r", "run.json"), "utf8");
    for (const line of [
      ["data", "r"],
      ["run", "r"],
      ["run", "r", "--fresh"],
    ]) {
      const { code, err } = await tagpr(...line, "--set", ...set);
      expect([2, 3]).toContain(code);
      expect(err).toMatch(/nope|300|self|URL/);
      expect(readFileSync(join(cwd, "r", "run.json"), "utf8")).toBe(before);
      expect(existsSync(join(cwd, "r", "data", "stage.json"))).toBe(true);
    }
    expect(ran).toEqual(["data"]);
  });

  it("nor is a task that the data contradicts", async () => {
    lampFolder("news");
    await tagpr("run", "own.yaml", "--out", "r", "--data", "news", "--only", "data");
    const before = readFileSync(join(cwd, "r", "run.json"), "utf8");
    const { code, err } = await tagpr("data", "r", "--set", "data.task=LaMP_5");
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(/news holds LaMP_4, not LaMP_5/) });
    expect(readFileSync(join(cwd, "r", "run.json"), "utf8")).toBe(before);
    expect(existsSync(join(cwd, "r", "data", "stage.json"))).toBe(true);
  });

  it("nor are responses for which the model has no room", async () => {
    const said = await tagpr("run", "own.yaml", "--out", "r", "--set", "guided.max_tokens=4000");
    expect(said).toMatchObject({
      code: 2,
      err: expect.stringMatching(/guided\.max_tokens: .* don't fit .*nano, 4096 tokens/),
    });
    expect(existsSync(join(cwd, "r"))).toBe(false);
    const data = await tagpr("run", "own.yaml", "--out", "r", "--set", "guided.max_tokens=4000", "--only", "data");
    expect(data.code).toBe(0);
  });

  it("a model that no wanted stage uses needn't be there", async () => {
    writeFileSync(join(cwd, "hub.yaml"), "model: nobody/none\nengines: {embeddings_model: nobody/other}\n");
    expect((await tagpr("run", "hub.yaml", "--out", "r", "--only", "data")).code).toBe(0);
    expect(await tagpr("run", "r", "--no-download")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/nobody\/none is not on this machine\n {2}Leave --no-download out/),
    });
  });

  it("a damaged run.json is named, and nothing is written over it", async () => {
    mkdirSync(join(cwd, "r"));
    writeFileSync(join(cwd, "r", "run.json"), "{}");
    for (const line of [
      ["run", "r"],
      ["run", "my.yaml", "--out", "r"],
      ["sft", "r"],
    ])
      expect(await tagpr(...line)).toMatchObject({ code: 7, err: expect.stringMatching(/is no record of a run/) });
    expect(readFileSync(join(cwd, "r", "run.json"), "utf8")).toBe("{}");
  });

  it("a second process on the same run is refused while the first lives", async () => {
    await tagpr("run", "my.yaml", "--out", "r", "--only", "data");
    writeFileSync(join(cwd, "r", ".lock"), JSON.stringify({ pid: process.ppid, host: hostname() }));
    const second = await tagpr("run", "my.yaml", "--out", "r");
    expect(second).toMatchObject({ code: 7, err: expect.stringMatching(/r is in use by process \d+\n {2}Wait/) });
    expect(ran).toEqual(["data"]);
  });

  it("a failing stage ends in one sentence and a hint; what was done is kept, the engines and the lock are gone", async () => {
    act.sft = () => {
      throw new TagprError("environment", "can't write weights: the disk is full", { hint: "Make room." });
    };
    const failed = await tagpr("run", "my.yaml", "--out", "r");
    expect(failed.code).toBe(6);
    expect(failed.err).toMatch(/tagpr: can't write weights: the disk is full\n {2}Make room\.\n$/);
    expect(existsSync(join(cwd, "r", "sft", "stage.json"))).toBe(false);
    expect(existsSync(join(cwd, "r", ".lock"))).toBe(false);
    expect(closed).toBe(1);
    ran = [];
    act = {};
    expect((await tagpr("run", "my.yaml", "--out", "r")).code).toBe(0);
    expect(ran).toEqual(STAGE_NAMES.slice(2));
  });

  it("a fault of our own has a traceback only with --debug", async () => {
    act.data = () => {
      throw new TypeError("x is not a function");
    };
    const short = await tagpr("run", "my.yaml", "--out", "r");
    expect(short).toMatchObject({ code: 70, err: expect.stringMatching(/--debug/) });
    expect(short.err).not.toMatch(/cli\.test\.ts/);
    expect((await tagpr("run", "my.yaml", "--out", "r", "--debug")).err).toMatch(/cli\.test\.ts/);
  });

  it("Ctrl-C ends cleanly: code 130, engines closed, lock free, nothing sealed", async () => {
    act.sft = () =>
      new Promise<void>((_, reject) => {
        pressCtrlC();
        setImmediate(() => reject(new Error("the engine is gone")));
      });
    const stopped = await tagpr("run", "my.yaml", "--out", "r");
    expect(stopped).toMatchObject({ code: 130, err: expect.stringMatching(/goes on from the last checkpoint/) });
    expect(closed).toBe(1);
    expect(existsSync(join(cwd, "r", ".lock"))).toBe(false);
    expect(existsSync(join(cwd, "r", "sft", "stage.json"))).toBe(false);
  });

  it("--json gives one event a line and nothing else", async () => {
    act.data = () => {};
    const { out } = await tagpr("run", "my.yaml", "--out", "r", "--json");
    await tagpr("run", "my.yaml", "--out", "r", "--json", "--fresh");
    for (const line of out.split("\n").filter(Boolean)) expect(JSON.parse(line)).toHaveProperty("event");
  });
});

describe("a stage alone", () => {
  it("works on the run's own config, and on sealed inputs only", async () => {
    expect(await tagpr("chains", "r")).toMatchObject({ code: 7, err: expect.stringMatching(/holds no run/) });
    expect((await tagpr("data", "r", "--config", "my.yaml")).code).toBe(0);
    expect((await tagpr("chains", "r")).code).toBe(0);
    expect(await tagpr("guided", "r")).toMatchObject({
      code: 7,
      err: expect.stringMatching(/guided needs prmu.*\n.*tagpr prmu/),
    });
    expect(ran).toEqual(["data", "chains"]);
  });
});

describe("tagpr config", () => {
  it("shows defaults, checks, and describes", async () => {
    const show = await tagpr("config", "show", join(cwd, "my.yaml"), "--set", "seed=9");
    expect(show.out).toMatch(/^seed: 9$/m);
    expect(show.out).toMatch(/^ {2}rollouts: 16$/m);
    expect(await tagpr("config", "check", join(cwd, "my.yaml"))).toMatchObject({ code: 0 });
    expect(JSON.parse((await tagpr("config", "schema")).out)).toHaveProperty("properties.guided");
  });

  it("finds keys that can't work together, all of them, as --dry-run and a run do", async () => {
    const text = "data: {source: files, paths: [x], strata: {seen: 3}}\ntagger: {kind: self}\n";
    writeFileSync(join(cwd, "odd.yaml"), text);
    for (const line of [["config", "check"], ["run", "--dry-run"], ["run"]]) {
      const { code, err } = await tagpr(...line, "odd.yaml");
      expect(code).toBe(2);
      for (const part of [/teacher\.kind: scripted/, /judge\.kind: scripted/, /tagger\.kind: self/, /data\.strata/])
        expect(err).toMatch(part);
    }
    expect(existsSync(join(cwd, "runs"))).toBe(false);
  });

  it("what a command can still bring is said, and is no fault before a run begins", async () => {
    writeFileSync(join(cwd, "own.yaml"), `${readFileSync(join(cwd, "own.yaml"), "utf8")}data: {source: files}\n`);
    const check = await tagpr("config", "check", "own.yaml");
    expect(check).toMatchObject({
      code: 0,
      out: expect.stringMatching(/no fault found; still to be given:.*--data DIR/s),
    });
    expect(await tagpr("run", "own.yaml")).toMatchObject({ code: 2, err: expect.stringMatching(/no folder is given/) });
  });

  it.each([
    ["model=nope", 2, /no model "nope"/],
    ["prmu.model=nope", 2, /no model "nope"/],
    ["model=models/nanoo", 2, /no folder models\/nanoo \(did you mean models\/nano\?\)/],
    ["rewards={own: {mine: {module: nope.ts}}}", 2, /rewards\.own\.mine\.module: there is no module .*nope\.ts/],
    ["guided.max_tokens=4000", 2, /guided\.max_tokens: .* don't fit/],
    ["data={source: files, paths: [nope]}", 3, /nope is not there/],
    ["data={source: files, paths: [news], task: LaMP_5}", 2, /news holds LaMP_4, not LaMP_5/],
  ])("check finds what a run would not find, or not so: %s", async (set, code, says) => {
    lampFolder("news");
    expect(await tagpr("run", "own.yaml", "--set", set)).toMatchObject({ code, err: expect.stringMatching(says) });
    expect(await tagpr("config", "check", "own.yaml", "--set", set)).toMatchObject({
      code,
      err: expect.stringMatching(says),
    });
  });

  it("a weight for a task that the files don't hold is found before a run begins, and by check", async () => {
    lampFolder("news");
    const set = (task: string) => ["--set", "data={source: files, paths: [news]}", `rewards={of: {${task}: {tag: 0}}}`];
    const roles = ["teacher.kind=self", "judge.kind=rules", "tagger.kind=rules"];
    for (const line of [["run"], ["config", "check"]])
      expect(await tagpr(...line, "own.yaml", ...set("LaMP_5"), ...roles)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/rewards\.of\.LaMP_5: the run has no task LaMP_5.*LaMP_4/s),
      });
    expect(await tagpr("config", "check", "own.yaml", ...set("LaMP_4"), ...roles)).toMatchObject({ code: 0 });
  });

  it("a scorer's key that isn't set ends a run before it begins; check tells it, which is no fault", async () => {
    const set = ["--set", "rewards={own: {mine: {url: 'http://127.0.0.1:9', key_env: NO_SUCH_KEY}}}"];
    const says = /rewards\.own\.mine: the environment variable NO_SUCH_KEY is not set/;
    expect(await tagpr("run", "own.yaml", ...set)).toMatchObject({ code: 6, err: expect.stringMatching(says) });
    const check = await tagpr("config", "check", "own.yaml", ...set);
    expect(check).toMatchObject({ code: 0, out: expect.stringMatching(says) });
    expect(check.out.match(/NO_SUCH_KEY is/g)).toHaveLength(1);
  });

  it("check tells a hub's model that isn't here, which is no fault: it can be fetched", async () => {
    const check = await tagpr("config", "check", "own.yaml", "--set", "model=nobody/none", "prmu.model=nobody/other");
    expect(check).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /still to be given:.*nobody\/none is not on this machine.*A run downloads it.*nobody\/other is not/s,
      ),
    });
  });

  it("every preset is without fault", async () => {
    const presets = fileURLToPath(new URL("../../presets/", import.meta.url));
    for (const file of readdirSync(presets)) expect((await tagpr("config", "check", presets + file)).err).toBe("");
  });
});

describe("docs/configuration.md", () => {
  it("says what a group of keys is, and where the methods of eval stand", async () => {
    const { out } = await tagpr("config", "schema", "--markdown");
    expect(out).toMatch(
      /^\| `data\.users\.\*` \| \| \| Synthetic world: users of each split.* \|\n\| `data\.users\.train` /m,
    );
    expect(out).toContain("choose from: [methods.md](methods.md)");
  });
});

describe("help", () => {
  it("is printed and is no failure", async () => {
    const help = await tagpr("--help");
    expect(help.code).toBe(0);
    const listed = STAGE_NAMES.filter((name) => stageOf(name).ablation === null);
    for (const name of [...listed, "run", "doctor", "engine", "config"])
      expect(help.out).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect((await tagpr("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("and the page of commands have the exit codes and the environment", async () => {
    const page = readFileSync(new URL("../../docs/commands.md", import.meta.url), "utf8");
    for (const text of [(await tagpr("--help")).out, page]) {
      expect(text).toMatch(/^Exit codes: 0 done, 2 usage/m);
      expect(text).toMatch(/^ {2}TAGPR_PYTHON /m);
    }
    expect(page).toMatch(/^By hand: /m);
  });

  it("the generated pages of docs/ are up to date (npm run docs)", () => {
    const io: Io = {
      env: {},
      cwd,
      argv: [],
      out: () => {},
      err: () => {},
      terminal: false,
      colour: false,
      onStop: () => () => {},
    };
    const pages = generatedPages(buildProgram({ io, outcome: { code: 0 }, ...parts }));
    for (const [name, text] of Object.entries(pages))
      expect(readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8")).toBe(text);
  });
});

it("colour is for terminals and for who asks, not for machines that only set CI", () => {
  const terminal = { isTTY: true, hasColors: () => true };
  expect(wantsColour({}, terminal)).toBe(true);
  expect(wantsColour({ CI: "true" }, {})).toBe(false);
  expect(wantsColour({ FORCE_COLOR: "1" }, {})).toBe(true);
  expect(wantsColour({ FORCE_COLOR: "0" }, terminal)).toBe(false);
  expect(wantsColour({ FORCE_COLOR: "1", NO_COLOR: "1" }, terminal)).toBe(false);
});
