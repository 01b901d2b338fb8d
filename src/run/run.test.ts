import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { type Config, configSchema } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { openLoop, readSeal } from "../core/run-dir.ts";
import type { StageName } from "../core/stages.ts";
import type { Engines } from "../engine/engines.ts";
import { makeFlights } from "../llm/flights.ts";
import { type RunOptions, runStages } from "./run.ts";
import type { Stage, StageContext } from "./stage.ts";

const never = (): Promise<never> => Promise.reject(new Error("no engine here"));
const engines: Engines = { policy: never, reward: never, embeddings: never, close: () => Promise.resolve() };

let run: string;
let ran: string[];
let said: string[];
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "run-"));
  ran = [];
  said = [];
});

/** Each stage writes what it read and its part of the config, plus a clock that nobody may hang on. */
function stage(name: StageName, reads: string[], part: (config: Config) => unknown): Stage {
  return {
    name,
    config: part,
    reads: () => reads,
    writes: ["out.txt", "steps.txt"],
    run: ({ dir, config, run: root }) => {
      ran.push(name);
      const inputs = reads.map((file) => readFileSync(join(root, file), "utf8"));
      writeFileSync(join(dir, "out.txt"), JSON.stringify([inputs, part(config)]));
      appendFileSync(join(dir, "timings.jsonl"), `${ran.length}\n`);
      return Promise.resolve();
    },
  };
}

const stages: Stage[] = [
  stage("data", [], (c) => c.data.test),
  stage("chains", ["data/out.txt"], (c) => c.chains.tags),
  stage("sft", ["chains/out.txt"], (c) => c.sft.epochs),
  stage("prmu", ["sft/out.txt"], () => 0),
  stage("guided", ["sft/out.txt", "prmu/out.txt"], () => 0),
  stage("explore", ["guided/out.txt"], () => 0),
  stage("eval", ["sft/out.txt", "explore/out.txt"], () => 0),
  stage("report", ["eval/out.txt"], () => 0),
];
const ALL = stages.map(({ name }) => name);

function options(config: unknown = {}, more: Partial<RunOptions> = {}): RunOptions {
  return {
    run,
    config: configSchema.parse(config),
    stages,
    progress: { start: () => {}, update: () => {}, end: () => {}, say: (line) => said.push(line) },
    engines,
    modelDir: never,
    fetch: () => Promise.reject(new Error("offline")),
    flights: makeFlights(),
    secret: () => undefined,
    now: () => 0,
    ...more,
  };
}

describe("runStages", () => {
  it("does every stage once, and nothing the second time", async () => {
    await runStages(options());
    expect(ran).toEqual(ALL);
    const outcomes = await runStages(options());
    expect(ran).toEqual(ALL);
    expect(new Set(Object.values(outcomes))).toEqual(new Set(["unchanged"]));
  });

  it("redoes what a changed config touches, and says so; the stages before stay", async () => {
    await runStages(options());
    ran = [];
    await runStages(options({ sft: { epochs: 5 } }));
    expect(ran).toEqual(["sft", "prmu", "guided", "explore", "eval", "report"]);
    expect(said[0]).toBe("sft: its config or inputs changed; done again");
  });

  it("what would end a stage at once is found before anything of it is deleted", async () => {
    await runStages(options());
    const broken = stages.map((s) =>
      s.name === "sft" ? { ...s, check: async () => Promise.reject(new TagprError("data", "no such file")) } : s,
    );
    await expect(runStages(options({ sft: { epochs: 5 } }, { stages: broken }))).rejects.toThrow(/no such file/);
    expect(readFileSync(join(run, "sft", "out.txt"), "utf8")).not.toBe("");
    ran = [];
    await runStages(options());
    expect(ran).toEqual([]);
  });

  it("goes no further down than contents change", async () => {
    const shy = stages.map((s) => (s.name === "sft" ? { ...s, config: (c: Config) => c.sft.batch } : s));
    await runStages(options({}, { stages: shy }));
    ran = [];
    await runStages(options({ sft: { batch: 3 } }, { stages: shy }));
    expect(ran).toEqual(["sft"]);
  });

  it("another seed touches everything", async () => {
    await runStages(options());
    ran = [];
    await runStages(options({ seed: 1 }));
    expect(ran).toEqual(ALL);
  });

  it("redoes a stage whose outputs were changed by hand", async () => {
    await runStages(options());
    appendFileSync(join(run, "chains", "out.txt"), "x");
    ran = [];
    await runStages(options());
    expect(ran).toEqual(["chains"]);
    expect(said).toEqual(["chains: its files were changed; done again"]);
  });

  it("--fresh does everything again", async () => {
    await runStages(options());
    ran = [];
    await runStages(options({}, { fresh: true }));
    expect(ran).toEqual(ALL);
  });

  it("changed data outside the run is seen", async () => {
    let file = "a";
    const watching = stages.map((s) => (s.name === "data" ? { ...s, outside: async () => file } : s));
    await runStages(options({}, { stages: watching }));
    ran = [];
    file = "b";
    await runStages(options({}, { stages: watching }));
    expect(ran[0]).toBe("data");
  });
});

describe("an unfinished stage", () => {
  const broken = (when: () => boolean): Stage[] =>
    stages.map((s) =>
      s.name === "sft"
        ? {
            ...s,
            run: async (context) => {
              appendFileSync(join(context.dir, "steps.txt"), ".");
              if (when()) throw new Error("power cut");
              await s.run(context);
            },
          }
        : s,
    );

  it("is not sealed, keeps what it wrote, and goes on", async () => {
    let cut = true;
    const faulty = broken(() => cut);
    await expect(runStages(options({}, { stages: faulty }))).rejects.toThrow("power cut");
    expect(readSeal(run, "sft")).toBeNull();
    cut = false;
    ran = [];
    await runStages(options({}, { stages: faulty }));
    expect(ran[0]).toBe("sft");
    expect(readFileSync(join(run, "sft", "steps.txt"), "utf8")).toBe("..");
    expect(said).toEqual(["sft: goes on where it stopped"]);
  });

  it("begun for another config starts from nothing", async () => {
    let cut = true;
    const faulty = broken(() => cut);
    await expect(runStages(options({}, { stages: faulty }))).rejects.toThrow("power cut");
    cut = false;
    await runStages(options({ sft: { epochs: 9 } }, { stages: faulty }));
    expect(readFileSync(join(run, "sft", "steps.txt"), "utf8")).toBe(".");
  });

  it("adds its seconds over the attempts", async () => {
    let cut = true;
    let clock = 0;
    const faulty = broken(() => {
      clock += 4000;
      return cut;
    });
    const now = (): number => clock;
    await expect(runStages(options({}, { stages: faulty, now }))).rejects.toThrow("power cut");
    cut = false;
    await runStages(options({}, { stages: faulty, now }));
    expect(readSeal(run, "sft")?.seconds).toBe(8);
  });
});

describe("a stage whose engine dies", () => {
  /** Dies until it has written `checkpoints` checkpoints, one before each death. */
  const dying = (checkpoints: number): { stages: Stage[]; deaths: () => number } => {
    let deaths = 0;
    const mortal = (s: Stage): Stage => ({
      ...s,
      run: async (context) => {
        const log = openLoop(context.dir);
        log.opened(`model-${deaths}`);
        log.metrics({ deaths });
        if (deaths < checkpoints) log.checkpoint(deaths, "state");
        deaths++;
        throw new TagprError("engine_lost", "the engine died");
      },
    });
    return { stages: stages.map((s) => (s.name === "sft" ? mortal(s) : s)), deaths: () => deaths };
  };

  it("is given up after five deaths with nothing done between them; what a death itself leaves is nothing done", async () => {
    for (const checkpoints of [0, 3]) {
      const { stages: mortal, deaths } = dying(checkpoints);
      await expect(runStages(options({ seed: checkpoints }, { stages: mortal }))).rejects.toThrow("the engine died");
      expect(deaths()).toBe(5 + Math.max(0, checkpoints - 1));
    }
  });

  it("is sealed without what its attempts were", async () => {
    const log = (s: Stage): Stage["run"] => {
      return (context) => {
        openLoop(context.dir).opened("model-1");
        return s.run(context);
      };
    };
    const logging = stages.map((s) => (s.name === "sft" ? { ...s, run: log(s) } : s));
    await runStages(options({}, { stages: logging }));
    expect(existsSync(join(run, "sft", "models.jsonl"))).toBe(true);
    expect(Object.keys(readSeal(run, "sft")?.outputs ?? {})).toEqual(["out.txt"]);
  });
});

describe("a folder that no stage made", () => {
  it("is not cleared, neither by a stage that begins nor by a fresh start", async () => {
    mkdirSync(join(run, "chains"));
    writeFileSync(join(run, "chains", "mine.txt"), "years of work");
    for (const fresh of [false, true])
      await expect(runStages(options({}, { fresh }))).rejects.toThrow(/chains was not made by TagPR/);
    expect(readFileSync(join(run, "chains", "mine.txt"), "utf8")).toBe("years of work");
  });

  it("an empty one, or one whose beginning was cut short, is taken", async () => {
    mkdirSync(join(run, "data"));
    mkdirSync(join(run, "chains"));
    writeFileSync(join(run, "chains", "begun.json.part"), "{");
    await runStages(options());
    expect(ran).toEqual(ALL);
  });
});

describe("what a person put into a run", () => {
  const note = (...path: string[]): string => {
    const file = join(run, ...path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "mine");
    return file;
  };

  it("makes no stage stale when it is changed, and outlives every stage that is done again; both are said", async () => {
    await runStages(options());
    const notes = [note("sft", "notes.txt"), note("sft", "deep", "er.txt"), note("weights", "mine.bin")];
    ran = [];
    await runStages(options());
    expect(ran).toEqual([]);
    const again: (() => Promise<unknown>)[] = [
      () => runStages(options({ sft: { epochs: 5 } })),
      () => runStages(options({}, { fresh: true })),
    ];
    for (const once of again) {
      said = [];
      await once();
      expect(ran).toContain("sft");
      expect(said).toContain("sft: deep/er.txt, notes.txt in its folder are not TagPR's and stayed");
      for (const file of notes) expect(readFileSync(file, "utf8")).toBe("mine");
      expect(Object.keys(readSeal(run, "sft")?.outputs ?? {})).toEqual(["out.txt"]);
    }
    expect(said).toContain("weights: mine.bin in its folder is not TagPR's and stayed");
  });

  it("is never written over: a name that the stage claims and that stands there is refused", async () => {
    const claiming = stages.map((s) =>
      s.name === "sft" ? { ...s, run: async (context: StageContext) => context.claim(["plots/loss.svg"]) } : s,
    );
    await runStages(options());
    const mine = note("sft", "plots", "loss.svg");
    await expect(runStages(options({ sft: { epochs: 3 } }, { stages: claiming }))).rejects.toThrow(
      /loss\.svg was not made by TagPR, and sft would write over it/,
    );
    expect(readFileSync(mine, "utf8")).toBe("mine");
  });

  it("nor is the cache, with answers that were paid for, ever deleted", async () => {
    await runStages(options());
    const paid = [note("cache", "llm", "teacher.jsonl"), note("cache", "embeddings.jsonl")];
    await runStages(options({ sft: { epochs: 7 } }));
    await runStages(options({}, { fresh: true }));
    await runStages(options({}, { fresh: true, only: ["chains"] }));
    for (const file of paid) expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("only the store's own checkpoints go with a fresh start, and no link is followed", async () => {
    const checkpoint = join("weights", "m-1~train~0", "weights", "step-1");
    const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
    writeFileSync(join(elsewhere, "model.safetensors"), "theirs");
    await runStages(options());
    const own = ["engine.json", "model.safetensors", "tokenizer.json"].map((name) => note(checkpoint, name));
    const left = note("weights", "m-1~train~0", "weights", ".tmp-0123456789ab", "model.safetensors");
    const mine = [note(checkpoint, "notes.md"), note("weights", "mine", "model.safetensors")];
    symlinkSync(elsewhere, join(run, "weights", "link"));
    await runStages(options({}, { fresh: true }));
    for (const file of [...own, left]) expect(existsSync(file)).toBe(false);
    for (const file of [...mine, join(elsewhere, "model.safetensors")]) expect(existsSync(file)).toBe(true);
  });
});

describe("a stage alone", () => {
  it("runs on sealed inputs only", async () => {
    await expect(runStages(options({}, { only: ["chains"] }))).rejects.toThrow(/chains needs data/);
    await runStages(options({}, { only: ["data"] }));
    await runStages(options({}, { only: ["chains"] }));
    expect(ran).toEqual(["data", "chains"]);
  });

  it("does not trust inputs made for another config", async () => {
    await runStages(options({}, { only: ["data", "chains"] }));
    await expect(runStages(options({ chains: { tags: 4 } }, { only: ["sft"] }))).rejects.toThrow(
      /sft needs chains, which is not done for this config/,
    );
    rmSync(join(run, "chains"), { recursive: true });
    await expect(runStages(options({}, { only: ["sft"] }))).rejects.toThrow(/sft needs chains/);
    expect(existsSync(join(run, "sft"))).toBe(false);
  });
});
