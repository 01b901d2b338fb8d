import { join } from "node:path";
import type { SftConfig } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { writeJson } from "../../core/jsonl.ts";
import { openLoop } from "../../core/run-dir.ts";
import type { Asking } from "../../model/asking.ts";
import { trainSft } from "../../policy/sft.ts";
import type { SftItems } from "../../policy/sft-items.ts";
import { validate } from "../../policy/validate.ts";
import type { StageContext, StageName } from "../stage.ts";
import { decodingsOf, readSplit, writeModel } from "./common.ts";

/** What one stage of supervised fine-tuning learns. */
export interface Lesson {
  readonly name: StageName;
  readonly title: string;
  /** Section of the config that has its settings. */
  readonly config: SftConfig;
  /** What it starts from. */
  readonly model: string;
  /** False where the whole response is the answer. */
  readonly reasoning: boolean;
  readonly asking: Asking;
  readonly items: SftItems;
}

/** Trains on a lesson; `curve.json` and `model.json` are what comes of it. */
export async function learn(context: StageContext, lesson: Lesson): Promise<void> {
  const { run, dir, config, progress, now } = context;
  const { name, title, reasoning, asking, items } = lesson;
  const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
  const { train, heldOut, tooLong } = items;
  if (train.length === 0)
    throw new TagprError("data", `${title} has nothing to learn (${tooLong} were longer than ${name}.max_tokens)`, {
      hint: "See RUN/chains/stats.json for what the filters left; more queries, roll-outs or a better teacher help.",
    });
  if (tooLong > 0)
    progress.say(
      `${title}: ${tooLong} prompts with their completion are longer than ${lesson.config.max_tokens} tokens and left out`,
    );
  const dev = readSplit(run, "dev");
  // The dev score is a verifiable reward, which has no settings, at RL's response cut-off.
  const setting = {
    ...{ codec, promptOf, prefix, reasoning, tasks, tags, rewards: config.rewards, config: config.guided },
    decodings: decodingsOf(config),
  };
  const result = await trainSft({
    name,
    title,
    engine: await context.engines.policy(),
    model: lesson.model,
    train,
    heldOut,
    config: lesson.config,
    seed: config.seed,
    log: openLoop(dir),
    progress,
    clock: now,
    looks: config.choose.looks,
    evaluateDev: async (sampler) =>
      (await validate({ ...setting, stage: "guided", scorer: null }, sampler, dev, 0, now)).point.score,
  });
  const { path, step, score, curve, stoppedEarly } = result;
  writeJson(join(dir, "curve.json"), { curve, stopped_early: stoppedEarly, too_long: tooLong });
  writeModel(context, { path, step, score, state: null });
}
