import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { readJson, readJsonl, writeJson } from "../../core/jsonl.ts";
import { silent } from "../../core/progress.ts";
import type { ShownExample } from "../../data/types.ts";
import type { SampleRequest } from "../../engine/types.ts";
import type { Result } from "../../eval/result-types.ts";
import type { Prediction } from "../../eval/types.ts";
import { makeFlights } from "../../llm/flights.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { stageKey } from "../key.ts";
import type { Stage, StageContext } from "../stage.ts";
import { dataStage } from "./data.ts";
import { evalStage } from "./evaluate.ts";
import { exploreStage, guidedStage } from "./rl.ts";
import { sftStage } from "./sft.ts";

const NANO = fileURLToPath(new URL("../../../models/nano", import.meta.url));
const renderer = loadRenderer(NANO);
const BASE = {
  model: NANO,
  data: { users: { train: 20, dev: 6, test: 30 }, chains: 20, rl: 24, prmu: 16, dev: 10, test: 40 },
  eval: { methods: ["zero-shot", "rag-r", "tagpr"], max_tokens: 20, batch: 16, bootstrap: 50 },
};

/** A run whose data is made, with tags and a trained model that nobody trained. */
async function begun(given: object = BASE): Promise<string> {
  const run = mkdtempSync(join(tmpdir(), "eval-"));
  for (const dir of ["data", "chains", "explore", "eval"]) mkdirSync(join(run, dir));
  await dataStage.run(contextOf(run, given, "data").context);
  writeJson(join(run, "chains", "tags.json"), { tags: ["analyze_input"] });
  for (const stage of ["sft", "guided", "explore"])
    writeJson(join(run, stage, "model.json"), {
      ...{ path: `tinker://m/sampler_weights/${stage}`, step: 1, score: null, state: null, made_by: "k" },
    });
  return run;
}

interface Said {
  readonly path: string;
  readonly text: string;
}

/** A context over a fake engine that says what `say` makes of a prompt, and what it was asked. `dies` after so many units. */
function contextOf(run: string, given: object, stage = "eval", say = (_: Said): string => "comedy", dies = 1e9) {
  const config = configSchema.parse(given);
  const asked: (SampleRequest & Said)[] = [];
  let units = 0;
  const sampler = async (path: string) => ({
    sample: async (requests: readonly SampleRequest[]) => {
      if (units++ >= dies) throw new Error("killed");
      return requests.map((request) => {
        const one = { ...request, path, text: renderer.decode(request.prompt) };
        asked.push(one);
        const tokens = [...renderer.encode(say(one)), renderer.eosIds[0] ?? 0];
        return Array.from({ length: request.numSamples }, () => ({
          ...{ tokens, logprobs: tokens.map(() => 0), stopReason: "stop" as const },
        }));
      });
    },
  });
  const never = (): Promise<never> => Promise.reject(new Error("not here"));
  const context: StageContext = {
    ...{ run, dir: join(run, stage), config, key: "k", progress: silent, flights: makeFlights() },
    ...{ modelDir: async () => NANO, fetch: never, secret: () => undefined, now: () => 0, spent: () => 0 },
    engines: { policy: async () => ({ sampler }) as never, reward: never, embeddings: never, close: async () => {} },
    claim: () => {},
  };
  return { context, asked };
}

const predictions = (run: string, name: string): Prediction[] => readJsonl(join(run, "eval", `${name}.jsonl`));
const resultOf = (run: string): Result => readJson(join(run, "result.json"));

describe("an evaluation", () => {
  it("has a row a method with its own predictions, n queries, and what it had and took", async () => {
    const run = await begun();
    const { context, asked } = contextOf(run, BASE);
    await evalStage.run(context);
    expect(resultOf(run).rows.map(({ method, n }) => [method, n])).toEqual([
      ["zero-shot", 40],
      ["rag-r", 40],
      ["tagpr", 40],
    ]);
    expect(new Set(asked.map(({ path }) => path))).toEqual(new Set([NANO, "tinker://m/sampler_weights/explore"]));
    for (const name of ["zero-shot", "rag-r", "tagpr"]) expect(predictions(run, name)).toHaveLength(40);
    const [zero, , tagpr] = resultOf(run).rows;
    expect(zero?.budget).toMatchObject({ labels: 0, teacher_tokens: 0, trained_tokens: 0, samples: 1, adapts: false });
    const labelled = new Set(["chains", "rl", "prmu"].flatMap((split) => ids(run, split)));
    expect(tagpr?.budget?.labels).toBe(labelled.size);
  });

  it("weights that stages handed on as they got them are asked once, and answer in every row", async () => {
    const run = await begun();
    for (const stage of ["guided", "explore"])
      writeJson(join(run, stage, "model.json"), {
        ...readJson<object>(join(run, "sft", "model.json")),
        made_by: stage,
      });
    const { context, asked } = contextOf(run, {
      ...BASE,
      eval: { ...BASE.eval, methods: ["sft-r", "guided", "tagpr"] },
    });
    await evalStage.run(context);
    expect(asked).toHaveLength(40);
    const [sft, ...others] = ["sft-r", "guided", "tagpr"].map((name) => predictions(run, name));
    expect(sft).toHaveLength(40);
    for (const rows of others) expect(rows).toEqual(sft);
  });

  it("killed after any unit and begun again asks what is left, and ends with the same bytes", async () => {
    const straight = await begun();
    const whole = contextOf(straight, BASE);
    await evalStage.run(whole.context);
    const run = await begun();
    const asked: unknown[] = [];
    for (const dies of [1, 2, 1, 1e9]) {
      const attempt = contextOf(run, BASE, "eval", undefined, dies);
      await evalStage.run(attempt.context).catch((error: unknown) => expect(String(error)).toMatch(/killed/));
      asked.push(...attempt.asked);
    }
    expect(asked).toEqual(whole.asked);
    for (const file of ["zero-shot.jsonl", "rag-r.jsonl", "tagpr.jsonl", "scores.json"])
      expect(readFileSync(join(run, "eval", file), "utf8")).toBe(readFileSync(join(straight, "eval", file), "utf8"));
  });

  it("computes a prompt once that a row and the samples of that row share", async () => {
    const given = { ...BASE, eval: { ...BASE.eval, methods: ["rag", "rag/majority@3"] } };
    const run = await begun(given);
    const { context, asked } = contextOf(run, given);
    const units: number[] = [];
    const policy = await context.engines.policy();
    const counted = async (path: string) => {
      const sampler = await policy.sampler(path);
      return {
        sample: (requests: readonly SampleRequest[]) => {
          units.push(requests.length);
          return sampler.sample(requests);
        },
      };
    };
    await evalStage.run({
      ...context,
      engines: { ...context.engines, policy: async () => ({ ...policy, sampler: counted }) as never },
    });
    expect(new Set(asked.map(({ text }) => text)).size).toBe(40);
    expect(units).toEqual([32, 32, 16]);
    expect(resultOf(run).rows.map(({ method }) => method)).toEqual(["rag", "rag/majority@3"]);
  });

  it("done again from nothing, or with more methods, asks only what nobody asked before", async () => {
    const run = await begun();
    await evalStage.run(contextOf(run, BASE).context);
    rmSync(join(run, "eval"), { recursive: true });
    const again = contextOf(run, { ...BASE, eval: { ...BASE.eval, bootstrap: 60 } });
    await evalStage.run(again.context);
    expect(again.asked).toEqual([]);
    const more = contextOf(run, { ...BASE, eval: { ...BASE.eval, methods: ["zero-shot", "rag", "rag-r", "tagpr"] } });
    await evalStage.run(more.context);
    expect(more.asked).toHaveLength(40);
    expect(predictions(run, "rag")).toHaveLength(40);
  });
});

const ids = (run: string, split: string): string[] =>
  readJsonl<ShownExample>(join(run, "data", `${split}.jsonl`)).map(({ id }) => id);

describe("eval.profile and eval.paths", () => {
  const wide = { ...BASE, eval: { ...BASE.eval, profile: { k: 2 } } };

  it("show other items of the same queries, with the ceilings of these", async () => {
    const run = await begun();
    const { context, asked } = contextOf(run, wide);
    await evalStage.run(context);
    const own = readJsonl<ShownExample>(join(run, "data", "test.jsonl"));
    const shown = readJsonl<ShownExample>(join(run, "eval", "data", "test.jsonl"));
    expect(shown.map(({ id, input, gold }) => ({ id, input, gold }))).toEqual(
      own.map(({ id, input, gold }) => ({ id, input, gold })),
    );
    for (const [i, { shown: items, historyItems }] of shown.entries()) {
      expect(items).toHaveLength(Math.min(2, historyItems));
      expect(items).toEqual(own[i]?.shown.slice(-2));
    }
    expect(asked.every(({ text }) => !text.includes("[3]"))).toBe(true);
    const before = readJson<Record<string, object>>(join(run, "data", "ceilings.json"));
    expect(readJson(join(run, "eval", "data", "ceilings.json"))).not.toEqual(before);
  });

  it("change no key of anything that was trained", async () => {
    const run = await begun();
    const keys = (given: object) =>
      Promise.all(
        [dataStage, sftStage, guidedStage, exploreStage].map((stage: Stage) => {
          const { context } = contextOf(run, given);
          return stage.reads(context.config).every((file) => existsSync(join(run, file)))
            ? stageKey(stage, context)
            : "";
        }),
      );
    const plain = await keys(BASE);
    expect(await keys(wide)).toEqual(plain);
    expect(await keys({ ...BASE, eval: { ...BASE.eval, paths: ["/nowhere"], base: "better" } })).toEqual(plain);
    const { context } = contextOf(run, BASE);
    expect(await stageKey(evalStage, contextOf(run, wide).context)).not.toBe(await stageKey(evalStage, context));
  });

  it("ask other folders, whatever the run's own data are", async () => {
    const run = await begun();
    const folder = join(run, "mine");
    const items = [{ id: "1", text: "Fine shoes.", score: "4", date: "2020-01-01" }];
    const input =
      "What is the score of the following review on a scale of 1 to 5? just answer with 1, 2, 3, 4, or 5 without further explanation. review: Good.";
    writeJson(join(folder, "dev_questions.json"), [{ id: "310", input, profile: items, user_id: "7" }]);
    writeJson(join(folder, "dev_outputs.json"), { task: "LaMP_3", golds: [{ id: "310", output: "5" }] });
    const { context } = contextOf(run, { ...BASE, eval: { ...BASE.eval, paths: [folder] } }, "eval", () => "5");
    await evalStage.run(context);
    expect(resultOf(run)).toMatchObject({ task: "LaMP_3", synthetic: false, rows: [{ n: 1 }, { n: 1 }, { n: 1 }] });
    expect(resultOf(run).rows[0]?.score).toBe(0);
  });

  it("choose on the run's own dev queries what is chosen, and show only what was asked about", async () => {
    const run = await begun();
    const folder = join(run, "mine");
    const input = "Which tag does this movie relate to? description: Two clerks stage a heist.";
    const profile = [{ id: "1", tag: "comedy", description: "Two clerks.", date: "2020-01-01" }];
    writeJson(join(folder, "dev_questions.json"), [{ id: "310", input, profile, user_id: "7" }]);
    writeJson(join(folder, "dev_outputs.json"), { task: "LaMP_2", golds: [{ id: "310", output: "comedy" }] });
    const { context } = contextOf(run, { ...BASE, eval: { ...BASE.eval, base: "better", paths: [folder] } });
    await evalStage.run(context);
    expect(resultOf(run)).toMatchObject({ task: "LaMP_2", rows: [{ n: 1 }, { n: 1 }, { n: 1 }] });
    expect(Object.keys(readJson<object>(join(run, "eval", "base.json")))).toContain("rag-r");
  });
});

describe("eval.base", () => {
  /** Right of some queries of dev where no tags are named. */
  const says =
    (run: string) =>
    ({ text }: Said): string =>
      text.includes("analyze_input")
        ? "<think>so</think>nothing"
        : `<think>so</think>${readJsonl<ShownExample>(join(run, "data", "dev.jsonl"))[0]?.gold}`;
  const given = (base: string) => ({ ...BASE, eval: { ...BASE.eval, methods: ["rag-r", "tagpr"], base } });
  const tagged = (asked: readonly Said[], path: string): number =>
    asked.filter((one) => one.path === path && one.text.includes("analyze_input")).length;

  it("better: base models are asked on dev with the tags and without, and keep what scores better; trained ones are told them", async () => {
    const run = await begun();
    const { context, asked } = contextOf(run, given("better"), "eval", says(run));
    await evalStage.run(context);
    const { "rag-r": tried } = readJson<Record<string, { named: number; unnamed: number }>>(
      join(run, "eval", "base.json"),
    );
    expect(tried?.unnamed).toBeGreaterThan(tried?.named ?? 1);
    expect(tagged(asked, NANO)).toBe(10);
    expect(tagged(asked, "tinker://m/sampler_weights/explore")).toBe(40);
    expect(resultOf(run).rows[0]?.budget?.tuning_trials).toBe(2);
  });

  it("unnamed: base models are told no tags, and where nothing is trained on chains none are needed", async () => {
    const run = await begun();
    const { context, asked } = contextOf(run, given("unnamed"), "eval", says(run));
    await evalStage.run(context);
    expect(tagged(asked, NANO)).toBe(0);
    const free = configSchema.parse({ ...BASE, eval: { methods: ["rag-r", "sft"], base: "unnamed" } });
    expect(evalStage.reads(free)).not.toContain("chains/tags.json");
    expect(evalStage.reads(configSchema.parse(BASE))).toContain("chains/tags.json");
  });
});
