/**
 * The memory of a plan beside that of the engine: one SFT step, a batch of sampling, one RL step and one PRMU step at
 * the planned lengths, on this machine's processor, with random weights of the config's shapes in one process.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backbone } from "../src/core/config/reward-model.ts";
import type { Config } from "../src/core/config/schema.ts";
import { type Embedded, startEmbedded } from "../src/engine/embedded.ts";
import { testPython } from "../src/engine/testing/tiny-model.ts";
import type { Datum, TrainingClient } from "../src/engine/types.ts";
import { crossEntropyDatum, gspoDatum } from "../src/policy/datum.ts";
import { readAssumptions } from "../src/run/plan/assumptions.ts";
import { makePlan } from "../src/run/plan/plan.ts";
import { type Shape, shapeOf } from "../src/run/plan/shape.ts";

const ADAM = { learningRate: 1e-6, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
const USERS = 100;

/** A step of the work, and the process's memory (10⁹ bytes) at its peak since the step before. */
interface Step {
  readonly what: string;
  readonly seconds: number;
  readonly peak_gb: number;
}

export async function compareMemory(given: Config): Promise<unknown> {
  const config = onProcessor(given);
  const scratch = mkdtempSync(join(tmpdir(), "tagpr-plan-"));
  try {
    const none = (name: string): Promise<never> => Promise.reject(new Error(`no ${name}`));
    const [policy, reward] = [await shapeOf(config.model, none), await shapeOf(backbone(config), none)];
    const assumed = readAssumptions([]);
    const plan = makePlan({ config, policy, reward, assumed, tasks: [], notes: [] });
    const steps = await measured(
      config,
      randomFolder(policy, join(scratch, "policy")),
      randomFolder(reward, join(scratch, "reward")),
      scratch,
    );
    const peak = Math.max(...steps.map(({ peak_gb }) => peak_gb));
    const planned = (plan.processor ?? Number.NaN) / 1e9;
    return {
      dtype: config.engines.policy.dtype,
      planned_gb: planned,
      measured_gb: peak,
      ratio: planned / peak,
      parts: plan.memory,
      steps,
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** All roles on the processor; what computes in bf16 on a card does so here too, unless the config is given another type. */
function onProcessor({ engines, ...config }: Config): Config {
  const { policy } = engines;
  const engine = { ...policy, device: "cpu", dtype: policy.dtype === "auto" ? "float32" : policy.dtype } as const;
  return {
    ...config,
    engines: { ...engines, policy: engine, reward: engine, embeddings: { ...engines.embeddings, ...engine } },
  };
}

/** A Hugging Face folder of this shape with random weights in bf16, as models are published. */
function randomFolder(shape: Shape, folder: string): string {
  const head = shape.queryWidth % 128 === 0 && shape.keyWidth % 128 === 0 ? 128 : 64;
  const config = {
    ...{ hidden_size: shape.width, intermediate_size: shape.inner, num_hidden_layers: shape.layers, head_dim: head },
    ...{ num_attention_heads: shape.queryWidth / head, num_key_value_heads: shape.keyWidth / head },
    ...{ vocab_size: shape.vocab, tie_word_embeddings: shape.tied, max_position_embeddings: 32_768 },
    ...{ eos_token_id: null, bos_token_id: null, pad_token_id: 0 },
  };
  const code = `import json, sys, torch
from transformers import AutoModelForCausalLM, Qwen3Config
torch.manual_seed(0)
AutoModelForCausalLM.from_config(Qwen3Config(**json.loads(sys.argv[1])), dtype=torch.bfloat16).save_pretrained(sys.argv[2])`;
  const done = spawnSync(testPython(process.env), ["-c", code, JSON.stringify(config), folder], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  return folder;
}

async function measured(config: Config, policy: string, reward: string, scratch: string): Promise<Step[]> {
  const {
    dtype,
    device,
    threads,
    recompute,
    token_budget: tokenBudget,
    cache_tokens: cacheTokens,
  } = config.engines.policy;
  if (dtype === "auto") throw new Error("the type is decided before");
  const embedded = await startEmbedded({
    ...{ python: testPython(process.env), models: [policy, reward], store: join(scratch, "store"), modelsDir: scratch },
    ...{ dtype, device, threads, recompute, tokenBudget, cacheTokens, env: process.env },
  });
  try {
    return await steps(config, embedded, { policy, reward });
  } finally {
    await embedded.close();
  }
}

async function steps(
  config: Config,
  { engine, pid }: Embedded,
  folders: { policy: string; reward: string },
): Promise<Step[]> {
  const { prompt, guided, prmu, engines } = config;
  const { token_budget: budget, cache_tokens: cache } = engines.policy;
  const told: Step[] = [{ what: "started", seconds: 0, peak_gb: peakOf(pid) }];
  const step = async (what: string, body: () => Promise<unknown>): Promise<void> => {
    const from = performance.now();
    await body();
    told.push({ what, seconds: Math.round((performance.now() - from) / 1000), peak_gb: peakOf(pid) });
    console.error(`${what}: ${told.at(-1)?.seconds} s, peak ${told.at(-1)?.peak_gb.toFixed(2)} GB`);
  };
  const fitting = (room: number, group: number, most: number): number =>
    Math.max(1, Math.min(most, Math.floor(room / group)));
  const [p, c, g] = [prompt.max_tokens, guided.max_tokens, guided.rollouts];

  const client = await engine.train({ model: folders.policy, rank: guided.rank, seed: 0 });
  await step("SFT", () =>
    trained(
      client,
      "cross_entropy",
      times(fitting(budget, p + c, config.sft.batch), (i) => crossEntropyDatum(words(p, i), words(c, i + 1), 1 / c)),
    ),
  );
  const groups = fitting(cache, p + g * c, guided.batch);
  await step(`sampling ${groups} × ${g} × ${c} tokens behind ${p}`, async () =>
    (await client.sampler()).sample(
      times(groups, (i) => ({ prompt: words(p, i), numSamples: g, seed: i, params: { maxTokens: c, temperature: 1 } })),
    ),
  );
  await step("RL", () =>
    trained(
      client,
      "gspo",
      times(fitting(budget, p + g * c, guided.batch), (i) =>
        times(g, (r) => gspoDatum(words(p, i), words(c, 7 * i + r), Array(c).fill(-11), (r - g / 2) / c)),
      ).flat(),
    ),
  );
  const scorer = await engine.train({
    model: folders.reward,
    rank: prmu.rank,
    seed: 0,
    reward: { userEmbeddings: USERS },
  });
  await step("PRMU", () =>
    trained(
      scorer,
      "bradley_terry",
      times(fitting(budget, p + 2 * c, prmu.batch), (i) => [pairSide(i, true, p, c), pairSide(i, false, p, c)]).flat(),
    ),
  );
  return told;
}

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** So many tokens, which differ from seed to seed at the first: no two share a beginning. */
const words = (n: number, seed: number): number[] => times(n, (i) => (1 + 7919 * (seed + 1) + 104_729 * i) % 1000);

function pairSide(pair: number, preferred: boolean, prompt: number, completion: number): Datum {
  const one = (data: number) => ({ dtype: "int64", data: [data] }) as const;
  return {
    tokens: [...words(prompt, pair), ...words(completion, 2 * pair + Number(preferred))],
    inputs: { pair_id: one(pair), preferred: one(Number(preferred)), user_index: one(1 + (pair % USERS)) },
  };
}

async function trained(
  client: TrainingClient,
  loss: "cross_entropy" | "gspo" | "bradley_terry",
  data: readonly Datum[],
) {
  await client.forwardBackward(data, loss, loss === "cross_entropy" ? { only_weighted: 1 } : {});
  await client.optimStep(ADAM);
}

const peakOf = (pid: number): number =>
  (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024) / 1e9;
