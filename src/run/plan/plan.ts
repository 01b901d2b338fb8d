import { backbone, hasRewardModel } from "../../core/config/reward-model.ts";
import type { Config } from "../../core/config/schema.ts";
import { type StageName, stageOf } from "../../core/stages.ts";
import { type Assumptions, describeAssumptions } from "./assumptions.ts";
import { type EngineStyle, passFlops, passSeconds, sampledTokens, trainedTokens } from "./cost.ts";
import { type Column, CPU, columnsOf, type Machine, machinesOf, type Role } from "./machines.ts";
import {
  type Cards,
  cardsOf,
  heldOf,
  loadOf,
  type Memory,
  memoryOf,
  processorOf,
  samplingBytes,
  trainingBytes,
} from "./memory.ts";
import { adapterParameters, parameters, type Shape } from "./shape.ts";
import type { TaskSizes } from "./sizes.ts";
import { workOf } from "./work.ts";
import type { Asked, StageWork } from "./work-types.ts";

export interface StagePlan {
  readonly stage: StageName;
  readonly steps: number;
  readonly sampled: number;
  readonly trained: number;
  readonly flops: number;
  /** Hours, a machine, in the order of `Plan.machines`. */
  readonly hours: readonly number[];
}

export interface MemoryPlan {
  readonly what: string;
  readonly parts: Memory;
  readonly training: number;
  readonly sampling: number;
}

export interface ApiPlan extends Asked {
  readonly model: string;
  /** Dollars by the config's prices; null where none are given. */
  readonly dollars: number | null;
}

/** What a config would do and cost, by the cost model of docs/paper-run.md. */
export interface Plan {
  readonly name: string;
  readonly model: { readonly name: string; readonly parameters: number };
  readonly reward: { readonly name: string; readonly parameters: number } | null;
  readonly tasks: readonly TaskSizes[];
  readonly machines: readonly string[];
  readonly stages: readonly StagePlan[];
  readonly memory: readonly MemoryPlan[];
  /** What one GPU needs for all of it and which cards have that; null where nothing embedded may run on one. */
  readonly cards: Cards | null;
  /** Bytes of this machine's memory that the engine needs for all of it on the processor; null where nothing may run there. */
  readonly processor: number | null;
  readonly apis: readonly ApiPlan[];
  /** Bytes of the checkpoints that stand at once. */
  readonly disk: number;
  readonly notes: readonly string[];
  readonly assumptions: ReturnType<typeof describeAssumptions>;
}

export interface PlanInputs {
  readonly config: Config;
  readonly tasks: readonly TaskSizes[];
  readonly notes: readonly string[];
  readonly policy: Shape;
  /** The reward model's backbone. */
  readonly reward: Shape;
  readonly assumed: Assumptions;
}

/** Pure: equal inputs give an equal plan. */
export function makePlan(inputs: PlanInputs): Plan {
  const { config, tasks, assumed, policy, reward } = inputs;
  const columns = columnsOf(config, assumed);
  const work = workOf({ config, tasks, assumed });
  const scored = hasRewardModel(config);
  const memory = memoryPlans(inputs);
  const rewardName = backbone(config);
  return {
    name: config.name,
    model: { name: config.model, parameters: parameters(policy) },
    reward: scored ? { name: rewardName, parameters: parameters(reward) } : null,
    tasks,
    machines: columns.map(({ name }) => name),
    stages: work.map((one) => stagePlan(one, inputs, columns)),
    memory,
    cards: cardsOf(ofDevice(inputs, "cuda")),
    processor: processorOf(ofDevice(inputs, "cpu")),
    apis: work.flatMap(({ asked }) => asked.map((one) => apiPlan(one, config))),
    disk: diskBytes(work, inputs),
    notes: [...inputs.notes, ...cutOffNotes(config)],
    assumptions: describeAssumptions(assumed),
  };
}

/** Cut-offs, each right by itself, of which one takes away what another lets be written. */
function cutOffNotes(config: Config): string[] {
  const { prompt, sft, prmu, guided } = config;
  const pairs = hasRewardModel(config) && prmu.max_tokens < guided.max_tokens;
  return [
    ...(pairs
      ? [
          `prmu.max_tokens (${prmu.max_tokens}) is under guided.max_tokens (${guided.max_tokens}): longer responses are cut off and make no pair, so the reward model sees short ones alone.`,
        ]
      : []),
    ...(sft.max_tokens <= prompt.max_tokens
      ? [
          `sft.max_tokens (${sft.max_tokens}) holds prompt and chain, and prompt.max_tokens is ${prompt.max_tokens}: chains behind long prompts are left out.`,
        ]
      : []),
  ];
}

function stagePlan(work: StageWork, inputs: PlanInputs, columns: readonly Column[]): StagePlan {
  const { config, assumed } = inputs;
  const total = (value: (pass: StageWork["passes"][number]) => number): number =>
    work.passes.reduce((sum, pass) => sum + value(pass), 0);
  const shapeFor = (model: Role): Shape => (model === "policy" ? inputs.policy : inputs.reward);
  const { shape: trains, rank } = trainedBy(work, inputs);
  const saving = (work.checkpoints * stateBytes(trains, rank, work.stage !== "prmu")) / assumed.save_bytes_per_second;
  const hours = columns.map((column) => {
    const seconds = total((pass) =>
      passSeconds(
        pass,
        shapeFor(pass.model),
        styleOf(config, pass.model, column[pass.model]),
        column[pass.model],
        assumed,
      ),
    );
    const rollouts = work.passes.find(({ what }) => what === "roll-outs");
    return (seconds + saving + (rollouts?.units ?? 0) * column.policy.syncSeconds) / 3600;
  });
  return {
    stage: work.stage,
    steps: work.steps,
    sampled: total(sampledTokens),
    trained: total(trainedTokens),
    flops: total((pass) =>
      passFlops(pass, shapeFor(pass.model), styleOf(config, pass.model, columns[0]?.[pass.model])),
    ),
    hours,
  };
}

/**
 * The embedded engine shares prompts and, unless told to recompute, keeps activations; FSDP with vLLM beside it does
 * neither in training. A type that the machine decides is planned as bf16 on a GPU and as fp32 on a processor.
 */
export function styleOf({ engines }: Config, role: Role, machine?: Machine): EngineStyle {
  const { kind, dtype, recompute } = engines[role];
  const embedded = kind === "embedded";
  const low = dtype === "bfloat16" || (dtype === "auto" && machine !== undefined && machine.device !== CPU);
  return { shared: embedded, recompute: !embedded || recompute, bytes: low ? 2 : 4 };
}

function memoryPlans(inputs: PlanInputs): MemoryPlan[] {
  const { config, assumed } = inputs;
  const row = (what: string, role: Role, n: number): MemoryPlan => {
    const parts = partsOf(inputs, role, n, machinesOf(config, assumed, role).at(-1));
    return { what, parts, training: trainingBytes(parts), sampling: samplingBytes(parts) };
  };
  const n = machinesOf(config, assumed).at(-1)?.devices ?? 1;
  const rows = [row(n > 1 ? `policy, each of ${n} devices` : "policy", "policy", n)];
  return !hasRewardModel(config) ? rows : [...rows, row("reward model, one device", "reward", 1)];
}

/** A role's model on each of `n` devices. A reward model has one logit and samples nothing. */
function partsOf({ config, policy, reward, assumed }: PlanInputs, role: Role, n: number, machine?: Machine): Memory {
  const mean = {
    prompt: assumed.prompt_tokens || 0.3 * config.prompt.max_tokens,
    response: assumed.response_tokens || 0.15 * config.guided.max_tokens,
  };
  const load = loadOf(config, role, n, mean);
  const style = styleOf(config, role, machine);
  return role === "policy"
    ? memoryOf(policy, style, n, load, { ...heldOf(config, role), packs: machine?.device === CPU })
    : memoryOf(reward, style, n, { ...load, logits: 0, sampling: 0 }, heldOf(config, role));
}

/** Of the models whose embedded engine may be on a device of this kind. */
const ofDevice = (inputs: PlanInputs, kind: "cpu" | "cuda"): Memory[] =>
  (hasRewardModel(inputs.config) ? (["policy", "reward"] as const) : (["policy"] as const)).flatMap((role) => {
    const machines = machinesOf(inputs.config, inputs.assumed, role);
    const machine = machines.find(({ device }) => (device === CPU) === (kind === "cpu"));
    const embedded = inputs.config.engines[role].kind === "embedded";
    return embedded && machine !== undefined ? [partsOf(inputs, role, 1, machine)] : [];
  });

function settingsOf(who: Asked["who"], config: Config): Pick<Config["judge"], "model" | "price_in" | "price_out"> {
  if (who === "teacher" || who === "judge" || who === "tagger") return config[who];
  if (who.startsWith("teachers.")) return config.teachers[Number(who.slice("teachers.".length))] ?? config.teacher;
  return config.eval.apis[who.slice("eval.apis.".length)] ?? config.judge;
}

function apiPlan(asked: Asked, config: Config): ApiPlan {
  const { model, price_in, price_out } = settingsOf(asked.who, config);
  const priced = price_in > 0 || price_out > 0;
  const dollars = priced ? (asked.promptTokens * price_in + asked.completionTokens * price_out) / 1e6 : null;
  return { ...asked, model, dollars };
}

/** A saved state in fp32: all weights (an adapter's merged in, and by themselves), and two moments of what is trained. */
const stateBytes = (shape: Shape, rank: number, unembedding: boolean): number =>
  4 * parameters(shape) + (rank > 0 ? 12 * adapterParameters(shape, rank, { unembedding }) : 8 * parameters(shape));

/** What a stage trains. */
const trainedBy = ({ stage }: StageWork, { config, policy, reward }: PlanInputs) =>
  stageOf(stage).stage === "prmu"
    ? { shape: reward, rank: config.prmu.rank }
    : { shape: policy, rank: config.guided.rank };

/** Every kept state, and one best weights a loop; of both the new one is written before the old one goes. */
function diskBytes(work: readonly StageWork[], inputs: PlanInputs): number {
  const { config, policy } = inputs;
  const beside = stateBytes(policy, config.guided.rank, true) + 4 * parameters(policy);
  return work.reduce((sum, one) => {
    const { shape, rank } = trainedBy(one, inputs);
    return sum + one.loops * (one.kept * stateBytes(shape, rank, one.stage !== "prmu") + 4 * parameters(shape));
  }, beside);
}
