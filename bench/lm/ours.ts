/** W1 to W4 on the embedded engine, through the client that training loops use. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Embedded, startEmbedded } from "../../src/engine/embedded.ts";
import type { Datum, TrainingClient } from "../../src/engine/types.ts";
import { crossEntropyDatum, gspoDatum } from "../../src/policy/datum.ts";
import type { Timed } from "../side-by-side.ts";
import type { Size, Work } from "./sizes.ts";

/** The tokens that both sides work on. */
export interface Tokens {
  readonly prompts: readonly number[][];
  readonly answers: readonly number[][];
}

/** One round: the whole, its phases, and the engine's peak memory in 10⁹ bytes (null where there is no /proc). */
export interface Round extends Timed {
  readonly phases: Readonly<Record<string, Timed>>;
  readonly peak: number | null;
}

export interface Ours {
  round(): Promise<Round>;
  close(): Promise<void>;
}

export interface OursOptions {
  readonly python: string;
  readonly model: string;
  readonly scratch: string;
  readonly dtype: "float32" | "bfloat16";
  readonly threads: number;
}

const ADAM = { learningRate: 1e-6, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
const TICKS = 100; // a second, on every Linux

/** Processor seconds of the engine so far. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function peakOf(pid: number): number {
  return (Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024) / 1e9;
}

export async function startOurs(work: Work, size: Size, tokens: Tokens, options: OursOptions): Promise<Ours> {
  const { python, model, scratch, dtype, threads } = options;
  const settings = { dtype, threads, device: "cpu", store: scratch, modelsDir: scratch, env: process.env } as const;
  const embedded = await startEmbedded({ python, models: [model], ...settings });
  const reward = work === "W4" ? { reward: {} } : {};
  const client = await embedded.engine.train({ model, rank: 0, seed: 0, ...reward });
  const run = WORKS[work];
  let seed = 0;
  return {
    round: () => measured(embedded, (clock) => run(client, size, tokens, clock, seed++)),
    close: () => embedded.close(),
  };
}

type Clock = <T>(phase: string, body: () => Promise<T>) => Promise<T>;

async function measured({ pid }: Embedded, body: (clock: Clock) => Promise<void>): Promise<Round> {
  writeFileSync(`/proc/${pid}/clear_refs`, "5"); // peak from here on
  const phases: Record<string, Timed> = {};
  const time = async <T>(work: () => Promise<T>): Promise<Timed & { value: T }> => {
    const cpu = cpuOf(pid);
    const wall = performance.now();
    const value = await work();
    return { value, wall: (performance.now() - wall) / 1000, cpu: cpuOf(pid) - cpu };
  };
  const whole = await time(() =>
    body(async (phase, work) => {
      const { value, wall, cpu } = await time(work);
      phases[phase] = { wall, cpu };
      return value;
    }),
  );
  return { wall: whole.wall, cpu: whole.cpu, phases, peak: peakOf(pid) };
}

type Body = (client: TrainingClient, size: Size, tokens: Tokens, clock: Clock, seed: number) => Promise<void>;

const step = async (
  client: TrainingClient,
  data: readonly Datum[],
  loss: "gspo" | "cross_entropy" | "bradley_terry",
  clock: Clock,
) => {
  await clock("train", () => client.forwardBackward(data, loss));
  await clock("optimizer", () => client.optimStep(ADAM));
};

async function sampled(client: TrainingClient, size: Size, tokens: Tokens, seed: number) {
  const params = { maxTokens: size.completion, temperature: 1 };
  const requests = tokens.prompts.map((prompt, i) => ({
    prompt,
    numSamples: size.rollouts,
    seed: seed * 1000 + i,
    params,
  }));
  return (await client.sampler()).sample(requests);
}

const WORKS: Readonly<Record<Work, Body>> = {
  W1: async (client, size, tokens, clock, seed) => {
    const groups = await clock("sample", () => sampled(client, size, tokens, seed));
    const count = size.groups * size.rollouts;
    const data = groups.flatMap((group, g) =>
      group.map((one, r) => {
        // A spread of rewards without a task: what counts here is the work.
        const advantage = (r - (size.rollouts - 1) / 2) / (one.tokens.length * count);
        return gspoDatum(tokens.prompts[g] ?? [], one.tokens, one.logprobs, advantage);
      }),
    );
    await step(client, data, "gspo", clock);
  },
  W2: (client, _, { prompts, answers }, clock) =>
    step(
      client,
      answers.map((answer, i) => crossEntropyDatum(prompts[i] ?? [], answer, 1 / answer.length)),
      "cross_entropy",
      clock,
    ),
  W3: async (client, size, tokens, clock, seed) => {
    await clock("sample", () => sampled(client, size, tokens, seed));
  },
  W4: (client, size, { prompts, answers }, clock) => {
    const side = (i: number): Datum => ({
      tokens: [...(prompts[i % size.groups] ?? []), ...(answers[i] ?? [])],
      inputs: {
        pair_id: { dtype: "int64", data: [i % size.groups] },
        preferred: { dtype: "int64", data: [i < size.groups ? 1 : 0] },
      },
    });
    return step(
      client,
      answers.map((_, i) => side(i)),
      "bradley_terry",
      clock,
    );
  },
};
