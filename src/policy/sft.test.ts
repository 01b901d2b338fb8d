import { describe, expect, it } from "vitest";
import type { Chain } from "../chains/types.ts";
import { silent } from "../core/progress.ts";
import { makeDisk } from "../engine/testing/fake-engine.ts";
import type { Datum, Engine } from "../engine/types.ts";
import { base, chainFor, codec, makeExamples, promptOf, runKilled, runWhole } from "../prompts/testing/tiny-world.ts";
import { type SftOptions, trainSft } from "./sft.ts";
import { goldItems, sftItems } from "./sft-items.ts";

const examples = makeExamples(40, (i) => (i % 2 === 0 ? "comedy" : "dystopia"));
const chains: Chain[] = examples.map((e, i) => ({
  task: e.task,
  query: e.id,
  i: 0,
  completion: chainFor(e.gold ?? ""),
  untagged: "hm",
  answer: e.gold ?? "",
  split: i < 30 ? "train" : "held_out",
}));
const items = sftItems(chains, examples, { codec, promptOf, maxTokens: 20 });
const config = { ...base.sft, batch: 7, epochs: 4, eval_every: 4, checkpoint_every: 5, learning_rate: 0.1 };

const train =
  (more: Partial<SftOptions> = {}) =>
  (engine: SftOptions["engine"], log: SftOptions["log"]) =>
    trainSft({
      name: "sft",
      title: "SFT",
      engine,
      model: "base",
      train: items.train,
      heldOut: items.heldOut,
      config,
      seed: 3,
      log,
      progress: silent,
      clock: () => 0,
      ...more,
    });

/** The same engine; `seen` are the datums it is trained on and looks at. */
const noting = (engine: Engine, seen: Record<"trained" | "looked", Datum[]>): Engine => ({
  ...engine,
  train: async (options) => {
    const training = await engine.train(options);
    return {
      ...training,
      forward: (data, ...how) => {
        seen.looked.push(...data);
        return training.forward(data, ...how);
      },
      forwardBackward: (data, ...how) => {
        seen.trained.push(...data);
        return training.forwardBackward(data, ...how);
      },
    };
  },
});

describe("forms of SFT", () => {
  const options = { codec, promptOf, maxTokens: 20 };
  const learnt = (of: readonly { readonly completion: readonly number[] }[]): string[] => [
    ...new Set(of.map(({ completion }) => codec.decode(completion.slice(0, -1)))),
  ];
  it("are tagged chains, the same without tags, and the true answers", () => {
    expect(new Set(learnt(items.train))).toEqual(new Set([chainFor("comedy"), chainFor("dystopia")]));
    expect(learnt(sftItems(chains, examples, { ...options, form: "untagged" }).train)).toEqual(["hm"]);
    const gold = goldItems(examples, options, { share: 0.25, seed: 1 });
    expect(new Set(learnt(gold.train))).toEqual(new Set(["comedy", "dystopia"]));
    expect(gold.heldOut.length).toBeGreaterThan(0);
    expect(gold.train.length + gold.heldOut.length).toBe(examples.length);
    expect(goldItems(examples, options, { share: 0.25, seed: 1 })).toEqual(gold);
    const most = { chains: 12, seed: 1 };
    const some = sftItems(chains, examples, { ...options, most });
    expect(some.train.length).toBe(12);
    expect(some.heldOut).toEqual(items.heldOut);
    expect(some.train.every((item) => items.train.some(({ id }) => id === item.id))).toBe(true);
    expect(sftItems(chains, examples, { ...options, most: { chains: 99, seed: 1 } })).toEqual(items);
    expect(
      goldItems(
        examples.slice(0, 1).map((e) => ({ ...e, gold: null })),
        options,
        { share: 0, seed: 1 },
      ).train,
    ).toEqual([]);
  });
});

describe("SFT", () => {
  it("learns: the held-out loss falls to the entropy of the answers", async () => {
    const { result } = await runWhole(train({ config: { ...config, epochs: 30 } }));
    const losses = result.curve.map((point) => point.loss ?? 0);
    expect(losses[0]).toBeGreaterThan(2);
    // 7 tokens, one of them a fair coin: ln 2 / 7 = 0.1
    expect(Math.min(...losses)).toBeLessThan(0.13);
    expect(result.score).toBe(-Math.min(...losses.slice(1)));
  });

  it("passes over few completions again until the least steps are made", async () => {
    const { metrics } = await runWhole(train({ config: { ...config, epochs: 1, least_steps: 7 } }));
    expect(metrics.filter((row) => (row as { kind: string }).kind === "train")).toHaveLength(7);
  });

  it("ends with the same metrics however often it is killed", async () => {
    const whole = await runWhole(train());
    for (let seed = 0; seed < 3; seed++) {
      const killed = await runKilled(train(), seed);
      expect(killed.kills).toBeGreaterThan(0);
      expect(killed.metrics).toEqual(whole.metrics);
      expect(killed.result.step).toBe(whole.result.step);
      expect(killed.result.curve).toEqual(whole.result.curve);
    }
  });

  it("keeps the best weights and forgets what nothing needs", async () => {
    const disk = makeDisk();
    const { result } = await runWhole(train(), disk);
    expect(disk.saved.has(result.path)).toBe(true);
    expect(disk.saved.size).toBeLessThanOrEqual(2 + 1);
  });

  it("chooses by dev score where it is on, and stops when patience is out", async () => {
    const scores = [0.1, 0.5, 0.9, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1];
    let asked = 0;
    const evaluateDev = async (): Promise<number> => scores[asked++] ?? 0;
    const { result } = await runWhole(train({ evaluateDev, config: { ...config, dev_every: 4, patience: 2 } }));
    expect(result).toMatchObject({ step: 8, score: 0.9, stoppedEarly: true });
    expect(asked).toBe(5);
  });

  it("is looked at on dev as often as asked, evenly, and keeps the best by dev whatever the loss says", async () => {
    const scores = [0.2, 0.9, 0.3];
    let asked = 0;
    const evaluateDev = async (): Promise<number> => scores[asked++] ?? 0;
    const { result } = await runWhole(train({ evaluateDev, looks: 3 }));
    expect(asked).toBe(3);
    const looks = result.curve.filter(({ dev }) => dev !== null).map(({ step }) => step);
    expect(looks).toEqual([6, 12, 18]);
    expect(result).toMatchObject({ step: 12, score: 0.9 });
  });

  it("an early stop stays stopped after a kill", async () => {
    const options = train({ config: { ...config, epochs: 60, learning_rate: 0.5, eval_every: 2, patience: 1 } });
    const whole = await runWhole(options);
    expect(whole.result.stoppedEarly).toBe(true);
    const killed = await runKilled(options, 1);
    expect(killed.metrics).toEqual(whole.metrics);
  });

  it("has no loss on the prompt, and a mean over the batch's completion tokens", async () => {
    const asked = codec.encode("?hm?");
    const [, hm = 0] = asked;
    const options = { codec, promptOf: () => asked, maxTokens: 20 };
    const short: Chain[] = chains.slice(0, 2).map((chain, i) => (i === 0 ? chain : { ...chain, completion: "comedy" }));
    const two = sftItems(short, examples, options).train;
    const seen: Record<"trained" | "looked", Datum[]> = { trained: [], looked: [] };
    const more = { train: two, heldOut: two.slice(1), config: { ...config, batch: 2, epochs: 1 } };
    await runWhole((engine, log) => train(more)(noting(engine, seen), log));

    const weights = (datum: Datum | undefined): number[] => Array.from(datum?.inputs.weights?.data ?? []);
    const target = (datum: Datum | undefined): number[] => Array.from(datum?.inputs.target_tokens?.data ?? []);
    const [long, brief] = seen.trained.toSorted((a, b) => b.tokens.length - a.tokens.length);
    // Position i predicts token i + 1, so a prompt of 3 tokens has 2 positions without loss. A chain is 7 tokens with
    // its end of turn (0), the bare answer 2: each of the batch's 9 counts 1/9 (of float32).
    const ninth = Math.fround(1 / 9);
    expect(seen.trained).toHaveLength(2);
    expect(target(long)).toEqual([hm, ...asked.slice(2), ...codec.encode(chainFor("comedy")), 0]);
    expect(weights(long)).toEqual([0, 0, ...Array.from({ length: 7 }, () => ninth)]);
    expect(target(brief)).toEqual([hm, ...asked.slice(2), ...codec.encode("comedy"), 0]);
    expect(weights(brief)).toEqual([0, 0, ninth, ninth]);
    // Looks at held-out chains sum nats over the same positions.
    expect(seen.looked.length).toBeGreaterThan(0);
    for (const datum of seen.looked) expect(weights(datum)).toEqual([0, 0, 1, 1]);
  });

  it("leaves out and counts what is too long", () => {
    expect(items).toMatchObject({ tooLong: 0 });
    expect(sftItems(chains, examples, { codec, promptOf, maxTokens: 5 })).toMatchObject({ train: [], tooLong: 40 });
    // A prompt of 1 token and a chain of 7 just fit.
    expect(sftItems(chains, examples, { codec, promptOf, maxTokens: 8 })).toMatchObject({ tooLong: 0 });
    expect(sftItems(chains, examples, { codec, promptOf, maxTokens: 7 })).toMatchObject({ tooLong: 40 });
  });

  it("says what to do when there is no chain", async () => {
    await expect(runWhole(train({ train: [] }))).rejects.toThrow(/no completion to train on/);
  });
});
