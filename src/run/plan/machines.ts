import type { Config } from "../../core/config/schema.ts";
import type { Assumptions } from "./assumptions.ts";

/** A machine as the cost model sees it. Peaks are the makers' figures (dense), a device. */
export interface Machine {
  readonly name: string;
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

const GPUS = [
  { name: "8×A100 80GB", peak: 312e12, bandwidth: 2.039e12 },
  { name: "8×H200 141GB", peak: 989e12, bandwidth: 4.8e12 },
] as const;

/** The machines that a config is planned for: the paper's and a newer one, or the laptop of the embedded engine. */
export function machinesOf({ engines: { policy } }: Config, assumed: Assumptions): Machine[] {
  if (policy.kind === "embedded" && policy.device === "cpu")
    return [
      {
        name: "CPU",
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
  return GPUS.map((gpu) => ({
    ...gpu,
    devices: 8,
    trainUse: assumed.train_mfu,
    forwardUse: assumed.forward_mfu,
    bandwidthUse: assumed.bandwidth_used,
    stepSeconds: 0.003,
    tokenSeconds: 0,
    syncSeconds: assumed.sync_seconds,
  }));
}
