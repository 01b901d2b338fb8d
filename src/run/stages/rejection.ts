import { join } from "node:path";
import { appendJsonl, readWholeLines, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { type Asking, openAsking } from "../../model/asking.ts";
import { ASKING_FILES, readModel } from "../../model/files.ts";
import { distinctAccepted, rejectionBatches, type SampledBatch, sampleAccepted } from "../../policy/rejection.ts";
import { acceptedItems } from "../../policy/sft-items.ts";
import { trainsFor } from "../needed.ts";
import type { Stage, StageContext } from "../stage.ts";
import { choosingOf, readSplit } from "./common.ts";
import { lookOf } from "./hand-on.ts";
import { learn } from "./supervised.ts";

/** RL's rival at equal labels and samples: SFT on those of the SFT model's responses that are right. */
export const rejectionStage: Stage = {
  name: "rejection",
  wanted: (config) => trainsFor(config, "rejection"),
  config: ({ rejection, chains, guided, explore, prompt, engines, ...rest }) => ({
    ...choosingOf(rest),
    rejection,
    chains: { held_out: chains.held_out, rouge: chains.rouge_threshold, tolerance: chains.ordinal_tolerance },
    samples: [guided, explore].map(({ epochs, batch, rollouts, temperature, top_p, max_tokens }) => {
      return { epochs, batch, rollouts, temperature, top_p, max_tokens };
    }),
    prompt,
    dtype: engines.policy.dtype,
  }),
  reads: () => [...ASKING_FILES, "data/rl.jsonl", "data/dev.jsonl", "sft/model.json"],
  writes: ["sampled.jsonl", "accepted.json", "curve.json", "model.json"],
  run: async (context) => {
    const { run, dir, config } = context;
    const { rejection, chains, seed } = config;
    const asking = await openAsking(context);
    const batches = await sampled(context, asking);
    const accepted = distinctAccepted(batches);
    const sum = (of: (batch: SampledBatch) => number): number => batches.reduce((total, one) => total + of(one), 0);
    writeJson(join(dir, "accepted.json"), {
      responses: sum(({ responses }) => responses),
      tokens: sum(({ tokens }) => tokens),
      right: sum((one) => one.accepted.length),
      distinct: accepted.length,
    });
    const { renderer: codec, promptOf, prefix } = asking;
    const options = { codec, promptOf, prefix, maxTokens: rejection.max_tokens };
    const items = acceptedItems(accepted, readSplit(run, "rl"), options, { share: chains.held_out, seed });
    const sft = readModel(run, "sft");
    await learn(context, {
      ...{ name: "rejection", title: "Rejection-sampling SFT", config: rejection, reasoning: true },
      ...{ asking, items, model: sft.path, ...lookOf(sft) },
    });
  },
};

/** Every batch's responses; goes on behind what stands in `sampled.jsonl`. */
async function sampled(context: StageContext, asking: Asking): Promise<SampledBatch[]> {
  const { run, dir, config, progress, engines } = context;
  const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
  const options = {
    ...{ codec, promptOf, prefix, tasks, tags, chains: config.chains, seed: config.seed },
    sampler: await (await engines.policy()).sampler(readModel(run, "sft").path),
    examples: readSplit(run, "rl"),
    stages: (["guided", "explore"] as const).map((name) => ({ name, config: config[name] })),
  };
  const path = join(dir, "sampled.jsonl");
  const batches = readWholeLines<SampledBatch>(path);
  const total = rejectionBatches(options);
  if (batches.length === total) return batches;
  writeJsonl(path, batches);
  progress.start("Rejection sampling", total);
  for await (const batch of sampleAccepted(options, batches.length)) {
    appendJsonl(path, [batch]);
    batches.push(batch);
    progress.update(batches.length, `${batch.accepted.length} of ${batch.responses} right`);
  }
  progress.end();
  return batches;
}
