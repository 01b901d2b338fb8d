import { hasRewardModel } from "../../core/config/reward-model.ts";
import type { Config } from "../../core/config/schema.ts";
import type { Assumptions } from "./assumptions.ts";

export type Role = "policy" | "reward";

/** A machine as the cost model sees it. Peaks are the makers' figures (dense), a device. */
export interface Machine {
  /** What is computed on, and how many of them. */
  readonly device: string;
  readonly devices: number;
  /** FLOP/s in the compute type. */
  readonly peak: number;
  /** Bytes a second from memory. */
  readonly bandwidth: number;
  readonly trainUse: number;
  readonly forwardUse: number;
  readonly bandwidthUse: number;
  /** Seconds of a decoding step beside what is computed and read. */
  readonly stepSeconds: number;
  /** Seconds of a sampled token beside that: choosing it, small products. */
  readonly tokenSeconds: number;
  /** Seconds between two batches to hand the new weights to the sampler. */
  readonly syncSeconds: number;
}

/** A card as its maker describes it: `peak` in bf16 with fp32 sums, `plain` in fp32 (the engine leaves TF32 off), FLOP/s; bytes. */
interface Card {
  readonly device: string;
  readonly peak: number;
  readonly plain: number;
  readonly bandwidth: number;
  readonly memory: number;
}

/** Cards that people have at home, for an embedded engine alone, and those of a data centre. */
const HOME: readonly Card[] = [
  { device: "RTX 3060 12GB", peak: 25.4e12, plain: 12.7e12, bandwidth: 0.36e12, memory: 12.9e9 },
  { device: "RTX 4090 24GB", peak: 165.2e12, plain: 82.6e12, bandwidth: 1.008e12, memory: 25.8e9 },
];
const CENTRE: readonly Card[] = [
  { device: "A100 80GB", peak: 312e12, plain: 19.5e12, bandwidth: 2.039e12, memory: 85.9e9 },
  { device: "H200 141GB", peak: 989e12, plain: 67e12, bandwidth: 4.8e12, memory: 151.4e9 },
];

/** The cards that one embedded engine may find. */
export const CARDS: readonly Card[] = [...HOME, ...CENTRE];

/**
 * The machines that a role's engine is planned for. The embedded engine is one process: on the laptop's CPU, or on one
 * GPU, where what is trained is what samples; where the machine decides, on either. A remote one has 8 GPUs, the paper's
 * or newer ones.
 */
export function machinesOf({ engines }: Config, assumed: Assumptions, role: Role = "policy"): Machine[] {
  const { kind, device, dtype } = engines[role];
  const embedded = kind === "embedded";
  const processors = embedded && device !== "cuda" ? [processor(assumed)] : [];
  if (embedded && device === "cpu") return processors;
  const gpus = (embedded ? CARDS : CENTRE).map(({ plain, memory: _, ...gpu }) => ({
    ...gpu,
    peak: kind === "embedded" && dtype === "float32" ? plain : gpu.peak,
    devices: kind === "embedded" ? 1 : 8,
    trainUse: assumed.train_mfu,
    forwardUse: assumed.forward_mfu,
    bandwidthUse: assumed.bandwidth_used,
    stepSeconds: 0.003,
    tokenSeconds: 0,
    syncSeconds: kind === "embedded" ? 0 : assumed.sync_seconds,
  }));
  return [...processors, ...gpus];
}

const processor = (assumed: Assumptions): Machine => ({
  device: CPU,
  devices: 1,
  peak: assumed.cpu_flops,
  bandwidth: assumed.cpu_bandwidth,
  trainUse: 0.5,
  forwardUse: 0.5,
  bandwidthUse: 0.5,
  stepSeconds: 0.004,
  tokenSeconds: assumed.cpu_token_seconds,
  syncSeconds: 0,
});

/** The device of a plan that stands for the laptop's processor. */
export const CPU = "CPU";

/** A column of the plan: where each of the two models is. */
export interface Column extends Readonly<Record<Role, Machine>> {
  readonly name: string;
}

/** Both roles' machines side by side, devices of a kind together; a reward model that the policy's machine has room for is on it. */
export function columnsOf(config: Config, assumed: Assumptions): Column[] {
  const policies = machinesOf(config, assumed, "policy");
  const rewards = !hasRewardModel(config) ? policies : machinesOf(config, assumed, "reward");
  return policies.flatMap((policy) => {
    const same = rewards.filter(({ device }) => device === policy.device);
    return (same.length > 0 ? same : rewards).map((reward): Column => {
      const within = policy.device === reward.device && reward.devices <= policy.devices;
      return { name: within ? nameOf(policy) : `${nameOf(policy)} + ${nameOf(reward)}`, policy, reward };
    });
  });
}

const nameOf = ({ device, devices }: Machine): string => (device === CPU ? device : `${devices}×${device}`);
