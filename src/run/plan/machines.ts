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

/** `peak` in bf16, `plain` in fp32 (the engine leaves TF32 off). */
const GPUS = [
  { device: "A100 80GB", peak: 312e12, plain: 19.5e12, bandwidth: 2.039e12 },
  { device: "H200 141GB", peak: 989e12, plain: 67e12, bandwidth: 4.8e12 },
] as const;

/**
 * The machines that a role's engine is planned for. The embedded engine is one process: on the laptop's CPU, or on one
 * GPU, where what is trained is what samples. A remote one has 8 GPUs, the paper's or newer ones.
 */
export function machinesOf({ engines }: Config, assumed: Assumptions, role: Role = "policy"): Machine[] {
  const { kind, device, dtype } = engines[role];
  if (kind === "embedded" && device === "cpu")
    return [
      {
        device: "CPU",
        devices: 1,
        peak: assumed.cpu_flops,
        bandwidth: assumed.cpu_bandwidth,
        trainUse: 0.5,
        forwardUse: 0.5,
        bandwidthUse: 0.5,
        stepSeconds: 0.004,
        tokenSeconds: assumed.cpu_token_seconds,
        syncSeconds: 0,
      },
    ];
  return GPUS.map(({ plain, ...gpu }) => ({
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
}

/** A column of the plan: where each of the two models is. */
export interface Column extends Readonly<Record<Role, Machine>> {
  readonly name: string;
}

/** Both roles' machines side by side, GPUs of a kind together; a reward model that the policy's machine has room for is on it. */
export function columnsOf(config: Config, assumed: Assumptions): Column[] {
  const policies = machinesOf(config, assumed, "policy");
  const rewards = config.prmu.variant === "none" ? policies : machinesOf(config, assumed, "reward");
  const longer = rewards.length > policies.length ? rewards : policies;
  return longer.flatMap((_, i): Column[] => {
    const [policy, reward] = [policies[i] ?? policies[0], rewards[i] ?? rewards[0]];
    if (policy === undefined || reward === undefined) return [];
    const within = policy.device === reward.device && reward.devices <= policy.devices;
    return [{ name: within ? nameOf(policy) : `${nameOf(policy)} + ${nameOf(reward)}`, policy, reward }];
  });
}

const nameOf = ({ device, devices }: Machine): string => (device === "CPU" ? device : `${devices}×${device}`);
