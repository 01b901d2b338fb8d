import { describe, expect, it } from "vitest";
import { loadConfig } from "../../core/config/load.ts";
import { configSchema } from "../../core/config/schema.ts";
import { readAssumptions } from "./assumptions.ts";
import { passFlops, passSeconds } from "./cost.ts";
import { machinesOf } from "./machines.ts";
import { makePlan, type Plan } from "./plan.ts";
import { adapterParameters, forwardFlops, parameters, shapeOf } from "./shape.ts";
import { taskSizes } from "./sizes.ts";
import { workOf } from "./work.ts";
import type { Pass } from "./work-types.ts";

const nowhere = (name: string): Promise<string> => Promise.reject(new Error(`no ${name}`));
const paper = loadConfig("presets/paper.yaml");

async function planOf(assume: readonly string[] = [], config = paper): Promise<Plan> {
  const policy = await shapeOf(config.model, nowhere);
  const reward = config.prmu.model === "" ? policy : await shapeOf(config.prmu.model, nowhere);
  return makePlan({ config, assumed: readAssumptions(assume), policy, reward, ...(await taskSizes(config)) });
}

/** `.venv/bin/python bench/peers/flops.py`: 1,000 tokens, logits for 300 of them; attention's whole square. */
const TORCH = [
  ["Qwen/Qwen3-8B", 8190735360, 14854756761600, 44564270284800],
  ["Skywork/Skywork-Reward-V2-Qwen3-0.6B", 596049920, 1203529318400, 3610587955200],
  ["HuggingFaceTB/SmolLM2-135M-Instruct", 134515008, 298443571200, 895330713600],
] as const;

describe("the cost model", () => {
  for (const [name, weights, forward, both] of TORCH)
    it(`counts parameters and FLOPs of ${name} as PyTorch does, but for the half of attention that is never looked at`, async () => {
      const shape = await shapeOf(name, nowhere);
      expect(parameters(shape) / weights).toBeCloseTo(1, 3);
      const unseen = 2 * shape.layers * shape.queryWidth * 1000 * 1000;
      expect((forwardFlops(shape, 1000, 0, 300) + unseen) / forward).toBeCloseTo(1, 4);
      expect(both / forward).toBeCloseTo(3, 3);
    });

  it("counts a group's prompt once where it is shared, and a recomputed forward pass once more", async () => {
    const shape = await shapeOf("Qwen/Qwen3-8B", nowhere);
    const pass: Pass = {
      ...{
        what: "updates",
        kind: "train",
        model: "policy",
        groups: 10,
        each: 5,
        prompt: 1000,
        completion: 0,
        units: 1,
      },
    };
    const cost = (shared: boolean, recompute: boolean): number =>
      passFlops(pass, shape, { shared, recompute, bytes: 2 }) / forwardFlops(shape, 1000, 0, 0);
    expect(cost(true, false)).toBeCloseTo(3 * 10, 9);
    expect(passFlops({ ...pass, completion: 1 }, shape, { shared: false, recompute: true, bytes: 2 })).toBeGreaterThan(
      4 * 50 * forwardFlops(shape, 1001, 0, 1001) * 0.999,
    );
  });

  it("lets decoding wait for memory: twice the sequences cost less than twice the time", async () => {
    const shape = await shapeOf("Qwen/Qwen3-8B", nowhere);
    const machine = machinesOf(paper, readAssumptions([]))[0];
    if (machine === undefined) throw new Error("no machine");
    const seconds = (groups: number): number =>
      passSeconds(
        { what: "", kind: "sample", model: "policy", groups, each: 5, prompt: 1, completion: 500, units: 1 },
        shape,
        { shared: false, recompute: true, bytes: 2 },
        machine,
        readAssumptions([]),
      );
    expect(seconds(128)).toBeLessThan(1.5 * seconds(64));
    expect(seconds(128)).toBeGreaterThan(seconds(64));
  });
});

describe("the paper's own run", () => {
  it("has every setting of Appendix A.1", () => {
    const { model, sft, guided, explore, data, rewards, chains, prmu, profile } = paper;
    expect(model).toBe("Qwen/Qwen3-8B");
    expect(sft).toMatchObject({ learning_rate: 1e-5, batch: 64, epochs: 2 });
    expect(data).toMatchObject({ chains: 1000, rl: 1024, rl_of: { LaMP_2: 3200 } });
    const stage = { learning_rate: 1e-6, batch: 128, rollouts: 5, temperature: 1, top_p: 1 };
    expect(guided).toMatchObject({ ...stage, epochs: 13, clip_low: 0.0003, clip_high: 0.0004 });
    expect(explore).toMatchObject({ ...stage, epochs: 2, clip_low: 0.0003, clip_high: 0.0004 });
    expect(rewards).toMatchObject({ ngram: 4, min_tags: 3 });
    expect(chains).toMatchObject({ rollouts: 16, judge_over: 15, tags: 9 });
    expect(prmu).toMatchObject({
      ...{ model: "Skywork/Skywork-Reward-V2-Qwen3-0.6B", variant: "full", prp_pairs: 10_000, pqp_pairs: 10_000 },
    });
    expect(profile.k).toBe(8);
  });

  it("says where a cut-off takes away what another lets be written, and has none itself", async () => {
    expect((await planOf()).notes.filter((note) => note.includes("max_tokens"))).toEqual([]);
    const short = { ...paper, prmu: { ...paper.prmu, max_tokens: 512 }, sft: { ...paper.sft, max_tokens: 4096 } };
    const { notes } = await planOf([], short);
    expect(notes).toContainEqual(
      expect.stringMatching(/^prmu\.max_tokens \(512\) is under guided\.max_tokens \(4096\)/),
    );
    expect(notes).toContainEqual(expect.stringMatching(/^sft\.max_tokens \(4096\) holds prompt and chain/));
    const none = await planOf([], { ...short, prmu: { ...short.prmu, variant: "none" } });
    expect(none.notes.filter((note) => note.startsWith("prmu"))).toEqual([]);
  });

  it("plans the steps that follow from them", async () => {
    const { stages, tasks } = await planOf();
    const steps = Object.fromEntries(stages.map(({ stage, steps: n }) => [stage, n]));
    // 5 · 1,024 + 3,200 = 8,320 prompts: 845 batches of 128 in 13 epochs and 130 in 2, four updates each.
    expect(tasks.reduce((sum, { rl }) => sum + rl, 0)).toBe(8320);
    expect(steps).toMatchObject({ guided: 4 * 845, explore: 4 * 130 });
    const rollouts = (845 + 130) * 128 * 5;
    const sampled = stages.filter(({ stage }) => stage === "guided" || stage === "explore");
    expect(sampled.reduce((sum, s) => sum + s.sampled, 0)).toBeGreaterThan(rollouts * 0.15 * 4096);
  });

  it("needs memory that 8 A100 of 80 GB have, and says hours for both machines", async () => {
    const { memory, machines, stages } = await planOf();
    expect(machines).toEqual(["8×A100 80GB", "8×H200 141GB"]);
    const [policy] = memory;
    // fp32 masters, gradients and two moments: 16 bytes a parameter, over 8 devices.
    expect((policy?.parts.weights ?? 0) + (policy?.parts.gradients ?? 0) + (policy?.parts.optimizer ?? 0)).toBeCloseTo(
      (16 * 8_190_427_136) / 8,
      -4,
    );
    expect(policy?.training).toBeLessThan(80e9);
    for (const { stage, hours } of stages) if (stage !== "chains") expect(hours[1] ?? 0).toBeLessThan(hours[0] ?? 0);
  });

  it("takes other assumptions, and refuses unknown ones with the nearest known", async () => {
    const longer = await planOf(["response_tokens=1200"]);
    const sampled = (plan: Plan): number => plan.stages.find(({ stage }) => stage === "guided")?.sampled ?? 0;
    expect(sampled(longer)).toBeGreaterThan(1.8 * sampled(await planOf()));
    expect(() => readAssumptions(["respons_tokens=1"])).toThrow(/response_tokens/);
    expect(() => readAssumptions(["accepted=2"])).toThrow(/accepted/);
    for (const wrong of ["respons_tokens=1", "response_tokens"])
      expect(() => readAssumptions([wrong])).toThrow(
        expect.objectContaining({ hint: expect.stringMatching(/--dry-run lists the assumptions\.$/) }),
      );
  });

  it("leaves the reward model out of a run without one", async () => {
    const none = configSchema.parse({ ...paper, prmu: { ...paper.prmu, variant: "none" } });
    const plan = await planOf([], none);
    expect(plan.reward).toBeNull();
    expect(plan.memory).toHaveLength(1);
    expect(plan.stages.find(({ stage }) => stage === "prmu")).toMatchObject({ steps: 0, flops: 0 });
  });
});

describe("a plan for embedded engines", () => {
  const quick = loadConfig("presets/quickstart.yaml");
  const on = (policy: object, reward: object = policy) =>
    configSchema.parse({ ...quick, engines: { policy, reward, embeddings: {} } });
  const gpu = { device: "cuda", dtype: "bfloat16" };
  const hoursOf = (plan: Plan, stage: string) => plan.stages.find((one) => one.stage === stage)?.hours ?? [];

  it("is for one GPU where they are on one, and hands no weights to a sampler", async () => {
    const plan = await planOf([], on(gpu));
    expect(plan.machines).toEqual(["1×RTX 3060 12GB", "1×RTX 4090 24GB", "1×A100 80GB", "1×H200 141GB"]);
    expect(plan.memory.map(({ what }) => what)).toEqual(["policy", "reward model, one device"]);
    expect(plan.stages).toEqual((await planOf(["sync_seconds=600"], on(gpu))).stages);
    const plain = await planOf([], on({ ...gpu, dtype: "float32" }));
    expect(hoursOf(plain, "prmu")[0]).toBeGreaterThan(hoursOf(plan, "prmu")[0] ?? 0);
  });

  it("is for each model's own machine", async () => {
    const cpu = await planOf([], on({ device: "cpu" }));
    expect(cpu.machines).toEqual(["CPU"]);
    const apart = await planOf([], on({ device: "cpu" }, gpu));
    expect(apart.machines).toEqual([
      "CPU + 1×RTX 3060 12GB",
      "CPU + 1×RTX 4090 24GB",
      "CPU + 1×A100 80GB",
      "CPU + 1×H200 141GB",
    ]);
    expect(hoursOf(apart, "sft")).toEqual([0, 1, 2, 3].map(() => hoursOf(cpu, "sft")[0]));
    expect(hoursOf(apart, "prmu")[0]).toBeLessThan(hoursOf(cpu, "prmu")[0] ?? 0);
    expect((await planOf([], on(gpu, { device: "cpu" }))).machines).toEqual([
      "1×RTX 3060 12GB + CPU",
      "1×RTX 4090 24GB + CPU",
      "1×A100 80GB + CPU",
      "1×H200 141GB + CPU",
    ]);
    const none = configSchema.parse({ ...on({ device: "cpu" }, gpu), prmu: { ...quick.prmu, variant: "none" } });
    expect((await planOf([], none)).machines).toEqual(["CPU"]);
  });

  it("plans for a processor in fp32 and for cards in bf16 where the machine decides", async () => {
    const { dtype: _, device: __, ...open } = { ...gpu };
    const [auto, cpu, cuda] = [
      await planOf([], on(open)),
      await planOf([], on({ device: "cpu", dtype: "float32" })),
      await planOf([], on(gpu)),
    ];
    expect(auto.machines).toEqual([...cpu.machines, ...cuda.machines]);
    expect(hoursOf(auto, "sft")).toEqual([...hoursOf(cpu, "sft"), ...hoursOf(cuda, "sft")]);
  });

  it("keeps masters and moments of adapters alone, and says which cards hold all of a run", async () => {
    const lora = (rank: number) =>
      configSchema.parse({
        ...on(gpu),
        ...Object.fromEntries((["sft", "guided", "explore"] as const).map((s) => [s, { ...quick[s], rank }])),
      });
    const [whole, adapted] = [await planOf([], lora(0)), await planOf([], lora(8))];
    const static_ = (plan: Plan) => {
      const { weights = 0, gradients = 0, optimizer = 0, sampler = 0 } = plan.memory[0]?.parts ?? {};
      return { weights, gradients, optimizer, sampler };
    };
    const n = parameters(await shapeOf(quick.model, async (name) => name));
    const a = adapterParameters(await shapeOf(quick.model, async (name) => name), 8, { unembedding: true });
    expect(static_(whole)).toEqual({ weights: 6 * n, gradients: 4 * n, optimizer: 8 * n, sampler: 0 });
    expect(static_(adapted)).toMatchObject({ weights: 2 * n + 6 * a, gradients: 4 * a, optimizer: 8 * a });
    expect(adapted.cards?.bytes).toBeLessThan(whole.cards?.bytes ?? 0);
    expect(whole.cards?.fit).toContain("RTX 3060 12GB");
    expect((await planOf([], on({ device: "cpu" }))).cards).toBeNull();
  });

  it("counts a reward model's adapters, and the second copy of the weights that `kl` holds", async () => {
    const n = parameters(await shapeOf(quick.model, async (name) => name));
    const a = adapterParameters(await shapeOf(quick.model, async (name) => name), 8, { unembedding: false });
    const held = async (more: object) => (await planOf([], configSchema.parse({ ...on(gpu), ...more }))).memory;
    const [plain, adapted] = [await held({}), await held({ prmu: { ...quick.prmu, rank: 8 } })];
    expect(plain[1]?.parts).toMatchObject({ weights: 6 * n, gradients: 4 * n, optimizer: 8 * n });
    expect(adapted[1]?.parts).toMatchObject({ weights: 2 * n + 6 * a, gradients: 4 * a, optimizer: 8 * a });
    expect(adapted[0]).toEqual(plain[0]);
    for (const stage of ["guided", "explore"] as const)
      expect((await held({ [stage]: { ...quick[stage], kl: { weight: 0.1 } } }))[0]?.parts).toMatchObject({
        ...{ weights: 12 * n, gradients: 4 * n, optimizer: 8 * n },
      });
  });

  it("counts what each lever asks for: the start's log-probs, those of a gradient made here, a reward model in explore", async () => {
    const { tasks } = await taskSizes(quick);
    const passes = (explore: object, rewards: object = {}) => {
      const config = configSchema.parse({ ...quick, rewards, explore: { ...quick.explore, ...explore } });
      const work = workOf({ config, tasks, assumed: readAssumptions([]) }).find(({ stage }) => stage === "explore");
      return new Map(work?.passes.map(({ what, groups }) => [what, groups]));
    };
    const [plain, rollouts] = [passes({}), passes({}).get("roll-outs") ?? 0];
    expect([...plain.keys()]).toEqual(expect.arrayContaining(["roll-outs", "updates", "dev answers"]));
    expect([...plain.keys()]).not.toEqual(expect.arrayContaining(["reward model"]));
    const learnt = plain.get("updates") ?? 0;
    expect(learnt).toBeLessThan(rollouts);
    const start = "starting policy";
    const own = "log-probs of the gradient";
    expect([plain.get(start), plain.get(own)]).toEqual([undefined, undefined]);
    const inLoss = passes({ kl: { weight: 0.1 } });
    expect([inLoss.get(start), inLoss.get(own), inLoss.get("updates")]).toEqual([rollouts, rollouts, rollouts]);
    const inReward = passes({ kl: { weight: 0.1, in: "reward" } });
    expect([inReward.get(start), inReward.get(own), inReward.get("updates")]).toEqual([rollouts, undefined, learnt]);
    const floor = passes({ entropy: { floor: 0.2 } });
    expect([floor.get(start), floor.get(own), floor.get("updates")]).toEqual([undefined, rollouts, rollouts]);
    expect(passes({ native_gspo: false }).get(own)).toBe(learnt);
    const ofTask = { of: { [tasks[0]?.task ?? ""]: { personalization: 0.2 } } };
    for (const rewards of [{ personalization: 0.2 }, ofTask])
      expect(passes({ rewards }).get("reward model")).toBe(rollouts);
    expect(passes({ rewards: { of: { another: { personalization: 0.2 } } } }).get("reward model")).toBeUndefined();
  });

  it("counts the looks by which a stage hands on what it began with, and the chains that were seen to come", async () => {
    const { tasks } = await taskSizes(quick);
    const work = (guard: string, more: object = {}) =>
      workOf({
        config: configSchema.parse({ ...quick, choose: { guard } }),
        tasks: tasks.map((size) => ({ ...size, ...more })),
        assumed: readAssumptions([]),
      });
    const looks = (guard: string) =>
      work(guard).flatMap(({ stage, passes }) =>
        passes
          .filter(({ what }) => what === "before and after on dev")
          .map(({ groups, each }) => [stage, groups, each]),
      );
    const dev = tasks.reduce((sum, size) => sum + size.dev, 0);
    expect(looks("never")).toEqual([]);
    expect(looks("always")).toEqual([
      ["sft", 2 * dev, 3],
      ["guided", dev, 3],
      ["explore", dev, 3],
      ["gold", 2 * dev, 3],
    ]);
    const learnt = work("never", { byRules: 100 })
      .find(({ stage }) => stage === "sft")
      ?.passes.find(({ what }) => what === "updates");
    expect(learnt?.groups).toBe(Math.round(100 * tasks.length * (1 - quick.chains.held_out)) * quick.sft.epochs);
  });

  it("says what this machine's memory must hold where the processor may compute, in fp32 unless told", async () => {
    const processor = async (policy: object, reward = policy) => (await planOf([], on(policy, reward))).processor;
    expect(await processor(gpu)).toBeNull();
    const open = await processor({});
    expect(open).toBe(await processor({ device: "cpu", dtype: "float32" }));
    const alone = (await processor({ device: "cpu" }, gpu)) ?? 0;
    expect(alone).toBeLessThan(open ?? 0);
    // Measured with this preset's lengths: 1.32 GB (`npm run bench -- plan --memory presets/quickstart.yaml`).
    expect(Math.abs((open ?? 0) / 1.32e9 - 1)).toBeLessThan(0.2);
  });

  it("holds a second copy of a model's weights while a processor samples, of a size at which it is laid out", async () => {
    const sampler = async (model: string, device: string) => {
      const config = configSchema.parse({
        ...on({ device, dtype: "float32" }),
        model,
        prmu: { ...quick.prmu, model: "" },
      });
      const none = (name: string) => Promise.reject(new Error(name));
      const shape = await shapeOf(model, none);
      const plan = makePlan({
        config,
        policy: shape,
        reward: shape,
        assumed: readAssumptions([]),
        tasks: [],
        notes: [],
      });
      return [plan.memory[0]?.parts.laid, 4 * parameters(shape)];
    };
    const [laid, weights] = await sampler("HuggingFaceTB/SmolLM2-135M-Instruct", "cpu");
    expect(laid).toBe(weights);
    expect((await sampler("HuggingFaceTB/SmolLM2-135M-Instruct", "cuda"))[0]).toBe(0);
    expect((await sampler(quick.model, "cpu"))[0]).toBe(0);
    expect((await sampler("Qwen/Qwen3-8B", "cpu"))[0]).toBe(0);
  });

  it("merges an adapter's layers and its unembedding, which a tied embedding does not share, into a copy that samples", async () => {
    const policy = await shapeOf("Qwen/Qwen3-0.6B", async (name) => name);
    const config = configSchema.parse({
      ...on({ device: "cpu", dtype: "float32" }),
      ...Object.fromEntries((["sft", "guided", "explore"] as const).map((s) => [s, { ...quick[s], rank: 16 }])),
    });
    const plan = makePlan({
      ...{ config, policy, reward: policy, assumed: readAssumptions([]), tasks: [], notes: [] },
    });
    expect(policy.tied).toBe(true);
    expect(plan.memory[0]?.parts.sampler).toBe(4 * parameters(policy));
  });

  it("stores adapters beside the merged weights, and moments of the adapters alone", async () => {
    const n = parameters(await shapeOf(quick.model, async (name) => name));
    const a = adapterParameters(await shapeOf(quick.model, async (name) => name), 8, { unembedding: true });
    const disk = async (rank: number) => {
      const ranked = (["guided", "prmu"] as const).map((stage) => [stage, { ...quick[stage], rank }]);
      return (await planOf([], configSchema.parse({ ...on(gpu), ...Object.fromEntries(ranked) }))).disk;
    };
    const { sft, guided, explore, gold, prmu } = quick;
    const loops = [sft, guided, explore, gold, prmu];
    const saved = 1 + loops.reduce((sum, { keep_checkpoints }) => sum + keep_checkpoints, 0);
    expect(await disk(0)).toBe(12 * n * saved + 6 * 4 * n);
    const b = adapterParameters(await shapeOf(quick.model, async (name) => name), 8, { unembedding: false });
    const adapters = 12 * a * (saved - prmu.keep_checkpoints) + 12 * b * prmu.keep_checkpoints;
    expect(await disk(8)).toBe(4 * n * saved + adapters + 6 * 4 * n);
  });

  it("counts the activations of one pass: as many tokens as its budget lets in, layers' inputs alone where they are computed again", async () => {
    const activations = async (engine: object): Promise<number> => {
      const [policy] = (await planOf([], on(engine))).memory;
      return policy?.parts.activations ?? 0;
    };
    const [whole, half, alone] = [
      await activations({}),
      await activations({ token_budget: 4096 }),
      await activations({ token_budget: 1 }),
    ];
    // Half of the tokens, and nearly half of the logits: a group that is cut off still has its whole prompt in.
    expect(Math.abs(whole / half - 2)).toBeLessThan(0.1);
    // A sequence longer than the budget passes alone.
    expect(half / alone).toBeGreaterThan(4096 / (640 + 224));
    const again = { recompute: true, token_budget: 4096 };
    expect(await activations(again)).toBeLessThan(half);
    const flops = async (engine: object) => (await planOf([], on(engine))).stages.reduce((n, s) => n + s.flops, 0);
    expect(await flops(again)).toBeGreaterThan(await flops({ token_budget: 4096 }));
  });

  it("holds out pairs of users, and of the others' queries, as the reward model does", async () => {
    // 900 pairs, of which .1 + .9 · .05 are held out: 770 in batches of 32; without users .1.
    const { tasks } = await taskSizes(quick);
    const steps = (users: boolean) => {
      const work = workOf({ config: quick, tasks: tasks.map((t) => ({ ...t, users })), assumed: readAssumptions([]) });
      return work.find(({ stage }) => stage === "prmu")?.passes.find(({ what }) => what === "updates on pairs")?.groups;
    };
    expect([steps(true), steps(false)]).toEqual([770, 810]);
    expect(tasks.map(({ users }) => users)).toEqual([true]);
  });
});

it("rows behind APIs are asked and priced: greedy answers, and the samples beside them; files take nothing", async () => {
  const big = { url: "http://a/v1", model: "m", price_in: 2, price_out: 10, max_tokens: 500 };
  const given = {
    apis: { big },
    predictions: { x: "p.jsonl" },
    methods: ["rag", "api-big", "api-big-r/majority@8", "file-x"],
  };
  const config = configSchema.parse({ model: paper.model, eval: given, data: { test: 100 } });
  const { apis } = await planOf([], config);
  expect(apis.filter(({ who }) => who === "eval.apis.big")).toMatchObject([
    { requests: 100, completionTokens: 100 * 20, dollars: expect.any(Number) },
    { requests: 200, completionTokens: 100 * 9 * 500 },
  ]);
  const { tasks } = await taskSizes(config);
  expect(
    workOf({ config, tasks, assumed: readAssumptions([]) })
      .at(-1)
      ?.passes.map(({ what }) => what),
  ).toEqual(["rag"]);
});

it("chains that are asked about step by step are planned: so many queries of each task, so many chains each", async () => {
  const evaluation = { methods: ["rag-r", "tagpr"], causal: { methods: ["tagpr"], queries: 30 } };
  const config = configSchema.parse({ model: paper.model, eval: evaluation, data: { test: 100 } });
  const { tasks } = await taskSizes(config);
  const work = workOf({ config, tasks, assumed: readAssumptions(["changed_chains=5"]) }).at(-1);
  expect(work?.passes.slice(2).map(({ kind, groups, each }) => [kind, groups, each])).toEqual([
    ["forward", 30, 5],
    ["sample", 30, 5],
  ]);
});

it("of several teachers each is planned with its own share, lengths and prices", async () => {
  const openai = { kind: "openai", share: 3, url: "https://api.example/v1", model: "big", price_in: 1, price_out: 2 };
  const self = { kind: "self", share: 1, max_tokens: 400 };
  const planned = async (teachers: unknown) => {
    const config = configSchema.parse({ ...paper, chains: { ...paper.chains, rollouts: 8 }, teachers });
    const work = workOf({ config, tasks: (await taskSizes(config)).tasks, assumed: readAssumptions([]) });
    return { work: work.find(({ stage }) => stage === "chains"), apis: (await planOf([], config)).apis };
  };
  const [mixed, rules] = [await planned([self, openai]), await planned([self, { kind: "rules", share: 3 }])];
  expect(mixed.work?.passes).toMatchObject([{ each: 2, completion: 160 }]);
  expect(rules.work?.passes).toEqual(mixed.work?.passes);
  const [teacher] = mixed.apis.filter(({ who }) => who.startsWith("teacher"));
  expect(teacher).toMatchObject({ who: "teachers.1", model: "big" });
  expect(teacher?.completionTokens).toBeCloseTo((teacher?.requests ?? 0) * 6 * 1500);
  expect(teacher?.dollars).toBeGreaterThan(0);
});
