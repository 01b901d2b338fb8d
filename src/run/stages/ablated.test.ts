import { cpSync, existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { ABLATIONS, ablated } from "../../core/ablations.ts";
import { reloadConfig } from "../../core/config/load.ts";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, readJsonl } from "../../core/jsonl.ts";
import { ABLATION_NAMES, ABLATION_STAGES, type StageName } from "../../core/stages.ts";
import type { Engines } from "../../engine/engines.ts";
import type { Result } from "../../eval/result-types.ts";
import { makeFlights } from "../../llm/flights.ts";
import { allNames, METHODS } from "../../methods/index.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { configFaults } from "../faults.ts";
import { stagesFor } from "../needed.ts";
import { runStages } from "../run.ts";
import { madeUpEngine } from "../testing/made-up-engine.ts";
import { STAGES } from "./index.ts";

const NANO = fileURLToPath(new URL("../../../models/nano", import.meta.url));
const renderer = loadRenderer(NANO);
const ABLATED = METHODS.map(({ name }) => name).filter((name) => name.startsWith("tagpr-"));
const rl = { batch: 8, updates: 1, rollouts: 4, max_tokens: 40, validate_every: 4, checkpoint_every: 1 };
const CONFIG = {
  model: NANO,
  data: { users: { train: 30, dev: 6, test: 6 }, chains: 24, rl: 24, prmu: 16, dev: 6, test: 6 },
  prompt: { max_tokens: 400 },
  teacher: { kind: "scripted" },
  judge: { kind: "scripted" },
  tagger: { kind: "scripted" },
  chains: { rollouts: 4, explore: 10, tags: 3 },
  sft: { batch: 16, epochs: 1 },
  prmu: { rollouts: 3, prp_pairs: 16, pqp_pairs: 16, batch: 8, max_tokens: 40 },
  guided: { ...rl, epochs: 1 },
  explore: { ...rl, epochs: 0.34 },
  eval: { methods: [...ABLATED, "tagpr"], max_tokens: 40, batch: 16, bootstrap: 20 },
};
/** Two answers of the world's labels, in a chain without tags: right now and then, and every tag reward is −1. */
const says = (pick: <T>(of: readonly T[]) => T): string =>
  `<think>so it is</think>${pick(["social commentary", "comedy", "action", "romance", "dystopia", "thriller"])}`;

/** Executes stages with engines that compute nothing; what each asked, and what was said. */
function world(run = mkdtempSync(join(tmpdir(), "ablated-")), onStep?: (steps: number) => void) {
  const { engine, asked } = madeUpEngine(renderer, says, onStep);
  const said: string[] = [];
  let rewards = 0;
  const engines: Engines = {
    policy: async () => engine,
    reward: async () => {
      rewards++;
      return engine;
    },
    embeddings: async () => engine,
    close: async () => {},
  };
  const go = (given: object = CONFIG, only?: readonly StageName[]) => {
    const config = configSchema.parse(given);
    return runStages({
      ...{ run, config, stages: STAGES, engines, only: only ?? stagesFor(STAGES, config) },
      progress: { start: () => {}, update: () => {}, end: () => {}, say: (line) => said.push(line) },
      modelDir: async (name) => (name === NANO ? NANO : name),
      fetch,
      flights: makeFlights(),
      secret: () => undefined,
      now: () => 0,
    });
  };
  return { run, go, asked, said, rewards: () => rewards };
}

const trainSteps = (run: string, stage: StageName): number =>
  readJsonl<{ kind: string }>(join(run, stage, "metrics.jsonl")).filter(({ kind }) => kind === "train").length;
const of = (ablation: string): StageName[] =>
  ABLATION_STAGES.filter((one) => one.ablation === ablation).map(({ name }) => name);

describe("an ablation", () => {
  const config = configSchema.parse(CONFIG);

  it("does anew what hangs on its settings, up to the stage that answers, and nothing else", () => {
    for (const ablation of ABLATION_NAMES) {
      const own = ablated(config, ablation);
      const changed = new Set<string>();
      for (const { name, config: part, reads } of STAGES.slice(0, 6)) {
        const differs = JSON.stringify([part(own), reads(own)]) !== JSON.stringify([part(config), reads(config)]);
        if (differs || reads(own).some((file) => changed.has(file.split("/")[0] ?? ""))) changed.add(name);
      }
      const expected = ablation === "single-stage" ? ["guided"] : [...changed];
      expect(of(ablation), ablation).toEqual(expected.map((stage) => `${stage}-${ablation}`));
    }
  });

  it("w/o Tag takes the tag reward's weight away wherever it stands", () => {
    const of = { synthetic_tag: { tag: 0.5 } };
    const weighed = configSchema.parse({ ...CONFIG, rewards: { of }, explore: { ...rl, rewards: { tag: 1, of } } });
    const { rewards, explore } = ablated(weighed, "no-tag");
    expect([rewards.tag, rewards.of.synthetic_tag?.tag]).toEqual([0, 0]);
    expect([explore.rewards.tag, explore.rewards.of.synthetic_tag?.tag]).toEqual([0, 0]);
  });

  it("has settings that the schema knows", () => {
    for (const ablation of Object.keys(ABLATIONS) as (keyof typeof ABLATIONS)[])
      expect(reloadConfig(ablated(config, ablation), "a config")).toEqual(ablated(config, ablation));
  });
});

it("an ablation of what a config does without anyway is refused, and all leaves it out", () => {
  const without = configSchema.parse({ ...CONFIG, prmu: { variant: "none" }, guided: { ...rl, from: "base" } });
  const said = configFaults(without).map(({ message }) => message);
  expect(said).toContain("eval.methods: tagpr-no-sft is TagPR itself, since the config has guided.from=base already");
  expect(said.some((message) => /tagpr-no-reward is TagPR itself/.test(message))).toBe(true);
  expect(said.some((message) => /tagpr-no-tag/.test(message))).toBe(false);
  expect(allNames(without).filter((name) => name.startsWith("tagpr-"))).toEqual([
    ...["tagpr-no-tag", "tagpr-single-stage", "tagpr-untagged", "tagpr-untrained-rm", "tagpr-no-user-embeddings"],
  ]);
});

describe("a run with every ablation", () => {
  let whole: ReturnType<typeof world>;
  beforeAll(async () => {
    whole = world();
    await whole.go();
  }, 120_000);

  it("has a row of each, with predictions of its own, beside TagPR's", () => {
    const { rows, paired } = readJson<Result>(join(whole.run, "result.json"));
    expect(rows.map(({ method, n }) => [method, n])).toEqual([...ABLATED, "tagpr"].map((name) => [name, 6]));
    for (const name of ABLATED) expect(paired.some(({ a, b }) => a === "tagpr" && b === name)).toBe(true);
  });

  it("shares what is equal with TagPR, and a second time does nothing", async () => {
    for (const stage of ["data-no-sft", "chains-untagged", "sft-no-sft", "prmu-no-tag", "explore-single-stage"])
      expect(existsSync(join(whole.run, stage))).toBe(false);
    const before = whole.asked.trained.length;
    expect(new Set(Object.values(await whole.go()))).toEqual(new Set(["unchanged"]));
    expect(whole.asked.trained).toHaveLength(before);
  });

  /** Those stages alone, as for the first time, on what the whole run has made. */
  async function alone(ablation: string, onStep?: (steps: number) => void) {
    const run = mkdtempSync(join(tmpdir(), "alone-"));
    for (const stage of ["data", "chains", "sft", "prmu", "cache"])
      cpSync(join(whole.run, stage), join(run, stage), { recursive: true });
    const own = world(run, onStep);
    return { ...own, done: () => own.go(CONFIG, of(ablation)) };
  }

  it("w/o SFT starts from the base, and no weights of SFT stand behind it", async () => {
    const own = await alone("no-sft");
    await own.done();
    const trained = own.asked.trained.filter(({ reward }) => reward === undefined).map(({ model }) => model);
    expect(trained).toEqual([NANO, readJson<{ path: string }>(join(own.run, "guided-no-sft/model.json")).path]);
    const sft = readJson<{ path: string }>(join(own.run, "sft/model.json")).path;
    expect([...own.asked.trained.map(({ model }) => model), ...own.asked.sampled]).not.toContain(sft);
  });

  it("w/o Tag earns and loses nothing by tags, and learns with chains that have them", () => {
    const totals = (stage: string) =>
      readJsonl<{ rewards?: { total: number; tag: number } }>(join(whole.run, stage, "samples.jsonl")).flatMap(
        ({ rewards }) => (rewards === undefined ? [] : [rewards]),
      );
    const [tagpr, without] = [totals("guided"), totals("guided-no-tag")];
    expect(tagpr).toHaveLength(without.length);
    for (const [i, { total, tag }] of without.entries()) {
      expect(tag).toBe(-1);
      expect(tagpr[i]?.total).toBeCloseTo(total - 0.1, 9);
    }
  });

  it("w/o Reward asks no reward model", async () => {
    const own = await alone("no-reward");
    await own.done();
    expect(own.rewards()).toBe(0);
    expect(readJson(join(own.run, "prmu-no-reward/scorer.json"))).toBeNull();
    const usual = await alone("no-tag");
    await usual.done();
    expect(usual.rewards()).toBeGreaterThan(0);
  });

  it("with another reward model shares the pairs' policy, and has a reward model of its own", () => {
    const rows = (stage: string) => readJson<{ rows: object | null }>(join(whole.run, stage, "scorer.json")).rows;
    expect(rows("prmu")).toBeTruthy();
    expect(rows("prmu-no-user-embeddings")).toBeFalsy();
    expect(trainSteps(whole.run, "prmu")).toBeGreaterThan(0);
    expect(trainSteps(whole.run, "prmu-untrained-rm")).toBe(0);
  });

  it("of one stage takes as many steps as TagPR's two", () => {
    expect(trainSteps(whole.run, "explore")).toBeGreaterThan(0);
    expect(trainSteps(whole.run, "guided-single-stage")).toBe(
      trainSteps(whole.run, "guided") + trainSteps(whole.run, "explore"),
    );
  });

  it("untagged learns chains without a tag, asked as TagPR is, and has an SFT and a reward model of its own", async () => {
    const own = await alone("untagged");
    await own.done();
    const chains = (texts: readonly string[]) => texts.map((text) => text.slice(text.lastIndexOf("<think>")));
    expect(own.asked.learnt.length).toBeGreaterThan(0);
    for (const chain of chains(own.asked.learnt)) expect(chain).not.toMatch(/<(?!think|\/think|\|)[a-z_]+>/);
    expect(chains(whole.asked.learnt).some((chain) => /<(?!think)[a-z_]+>/.test(chain))).toBe(true);
    const { path } = readJson<{ path: string }>(join(own.run, "sft-untagged/model.json"));
    expect(own.asked.sampled).toContain(path);
    expect(own.asked.trained.filter(({ reward }) => reward !== undefined).length).toBeGreaterThan(0);
  });

  it("killed in the midst of an ablation and begun again goes on there, and ends with the same numbers", async () => {
    const cut = await alone("no-sft", (steps) => {
      if (steps === 3) throw new Error("killed");
    });
    await expect(cut.done()).rejects.toThrow("killed");
    const again = world(cut.run);
    await again.go(CONFIG, of("no-sft"));
    expect(again.said).toContain("guided-no-sft: goes on where it stopped");
    expect(again.asked.trained.map(({ resume }) => resume)).toContain(
      (readJsonl(join(cut.run, "guided-no-sft/checkpoints.jsonl"))[1] as { state: string }).state,
    );
    for (const file of ["guided-no-sft/metrics.jsonl", "explore-no-sft/metrics.jsonl"])
      expect(readFileSync(join(cut.run, file), "utf8")).toBe(readFileSync(join(whole.run, file), "utf8"));
  });

  it("has what each took in its budget: w/o SFT the labels of RL and PRMU, w/o Reward those of SFT and RL", () => {
    const { rows } = readJson<Result>(join(whole.run, "result.json"));
    const labels = (method: string) => rows.find((row) => row.method === method)?.budget?.labels;
    expect(labels("tagpr-no-reward")).toBeLessThan(labels("tagpr") ?? 0);
    for (const name of ABLATED) {
      const budget = rows.find((row) => row.method === name)?.budget;
      expect(budget?.trained_tokens, name).toBeGreaterThan(0);
      expect(budget?.teacher_tokens, name).toBeGreaterThan(0);
    }
  });

  it("of which one is done again where a setting changes that it alone hangs on", async () => {
    const again = world(whole.run);
    const outcomes = await again.go({ ...CONFIG, rewards: { tag: 0.3 } });
    const done = Object.entries(outcomes).flatMap(([stage, what]) => (what === "done" ? [stage] : []));
    expect(done.filter((stage) => /guided/.test(stage))).toEqual([
      ...["guided", "guided-no-sft", "guided-no-reward", "guided-single-stage"],
      ...["guided-untrained-rm", "guided-no-user-embeddings"],
    ]);
    await world(whole.run).go();
  });
});
