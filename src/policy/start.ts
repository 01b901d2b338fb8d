import type { RlConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import type { LoopLog } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import { keepingBatch, requireFinite } from "../engine/loop.ts";
import type { Engine, TrainingClient, TrainOptions } from "../engine/types.ts";
import { completionOf, crossEntropyDatum } from "./datum.ts";
import { klOf } from "./kl.ts";
import type { Group } from "./rollout.ts";
import type { MiniBatch } from "./update.ts";

/** The policy that a stage starts from, which is never trained: what `kl` measures the distance to. */
export interface Start {
  /** Log-probs of completions' tokens, in nats. */
  logprobs(sequences: readonly Asked[], log: LoopLog): Promise<Float32Array[]>;
  close(): Promise<void>;
}

interface Asked {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
}

/** A second model beside the one that is trained; null where `kl` has no weight. Read only, so that no kill can change it. */
export async function openStart(options: {
  readonly engine: Engine;
  readonly model: string;
  /** State of the stage before, where this one goes on from that (`reset_optimizer: false`). */
  readonly before?: string | undefined;
  readonly seed: number;
  readonly config: Pick<RlConfig, "kl" | "rank">;
}): Promise<Start | null> {
  const { engine, seed, config } = options;
  if (config.kl.weight === 0) return null;
  const frozen = await secondModel(engine, { model: options.before ?? options.model, rank: config.rank, seed });
  return {
    logprobs: async (sequences, log) => {
      if (sequences.length === 0) return [];
      const data = sequences.map((s) => crossEntropyDatum(s.prompt, s.tokens, 1));
      const ask = () => frozen.forward(data, "cross_entropy", { only_weighted: 1 });
      const { outputs } = await keepingBatch(log, () => sequences, ask);
      const out = zipStrict(sequences, outputs).map(([s, output]) => completionOf(output.logprobs, s.tokens.length));
      for (const row of out) requireFinite(log, "a log-prob of the starting policy", row, () => sequences);
      return out;
    },
    close: () => frozen.unload(),
  };
}

/** Some servers hold one model at a time. Their refusal comes before anything is sampled; it says what a second one is for. */
async function secondModel(engine: Engine, options: TrainOptions): Promise<TrainingClient> {
  try {
    return await engine.train(options);
  } catch (error) {
    if (!(error instanceof TagprError) || error.code !== "engine") throw error;
    throw new TagprError("engine", `kl needs a second model, the policy that the stage starts from: ${error.message}`, {
      hint: "The policy's engine must serve two models at once; with kl.weight: 0 it serves one.",
      cause: error,
    });
  }
}

type Kl = RlConfig["kl"];

/** Rewards less β times the divergence of each response, where `kl` is part of them: the signal `kl` is minus its estimate. */
export async function penalised(
  start: Start | null,
  kl: Kl,
  groups: readonly Group[],
  log: LoopLog,
): Promise<readonly Group[]> {
  if (start === null || kl.in !== "reward") return groups;
  const asked = groups.flatMap(({ prompt, rollouts }) => rollouts.map(({ response }) => ({ prompt, ...response })));
  const own = await start.logprobs(asked, log);
  const estimates = zipStrict(asked, own).map(([{ logprobs }, row]) =>
    klOf(logprobs, row, kl.estimator).reduce((sum, x) => sum + x, 0),
  );
  let at = 0;
  return groups.map((group) => ({
    ...group,
    rollouts: group.rollouts.map((rollout) => {
      const away = -(estimates[at++] ?? 0);
      const total = rollout.rewards.total + kl.weight * away;
      return { ...rollout, rewards: { ...rollout.rewards, kl: away, total } };
    }),
  }));
}

/** Mini-batches with the starting policy's log-probs, where `kl` is part of the loss. */
export async function withStart(
  start: Start | null,
  kl: Kl,
  batches: readonly MiniBatch[],
  log: LoopLog,
): Promise<readonly MiniBatch[]> {
  if (start === null || kl.in !== "loss") return batches;
  const out: MiniBatch[] = [];
  for (const { sequences, total } of batches) {
    const rows = await start.logprobs(sequences, log);
    out.push({ total, sequences: zipStrict(sequences, rows).map(([s, row]) => ({ ...s, start: row })) });
  }
  return out;
}
