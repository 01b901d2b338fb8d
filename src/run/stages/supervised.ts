import { join } from "node:path";
import type { SftConfig } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { writeJson } from "../../core/jsonl.ts";
import { LOOP_FILES, openLoop } from "../../core/run-dir.ts";
import type { TrainedBy } from "../../eval/types.ts";
import type { Asking } from "../../model/asking.ts";
import type { DevLook, Trained } from "../../model/files.ts";
import { loopingTeller } from "../../policy/looping.ts";
import { trainSft } from "../../policy/sft.ts";
import type { SftItems } from "../../policy/sft-items.ts";
import { validate } from "../../policy/validate.ts";
import type { StageContext } from "../stage.ts";
import { decodingsOf, readSplit, writeModel } from "./common.ts";
import { handOn } from "./hand-on.ts";

/** What one stage of supervised fine-tuning learns. */
export interface Lesson {
  readonly name: TrainedBy;
  readonly title: string;
  /** Section of the config that has its settings. */
  readonly config: SftConfig;
  /** What it starts from. */
  readonly model: string;
  /** How that does on dev, where the stage before has looked. */
  readonly look?: DevLook;
  /** False where the whole response is the answer. */
  readonly reasoning: boolean;
  readonly asking: Asking;
  readonly items: SftItems;
}

/** Trains on a lesson; `curve.json` and `model.json` are what comes of it. */
export async function learn(context: StageContext, lesson: Lesson): Promise<void> {
  const { name, title, model, look } = lesson;
  const trained = await train(context, lesson, context.dir, name);
  await handOn(context, {
    ...{ stage: name, title, start: { path: model, ...(look === undefined ? {} : { look }) } },
    model: { ...trained, state: null },
  });
}

/**
 * One model a task, each on its own task's items (the paper's -Ind): the loop of each in a folder of the task's name, all of
 * them in `model.json`, whose `path` is the first one's.
 */
export async function learnEach(context: StageContext, lesson: Lesson): Promise<void> {
  const { dir, claim, progress } = context;
  const of: Record<string, Trained> = {};
  for (const { name: task, title } of lesson.asking.tasks) {
    claim(["curve.json", ...LOOP_FILES].map((file) => `${task}/${file}`));
    const own = (all: SftItems["train"]) => all.filter((item) => item.task === task);
    const items = { ...lesson.items, train: own(lesson.items.train), heldOut: own(lesson.items.heldOut) };
    const one = { ...lesson, title: `${lesson.title}, ${title || task}`, items };
    of[task] = await train(context, one, join(dir, task), `${lesson.name}-${task}`, task);
  }
  const first = Object.values(of)[0];
  if (first === undefined) throw new TagprError("data", `${lesson.title} has no task to learn`);
  progress.say(`${lesson.title}: ${Object.keys(of).length} models, one a task`);
  writeModel(context, { ...first, state: null, of });
}

/** The loop's folder is `dir`; `saved` names its batches and what it saves. */
async function train(
  context: StageContext,
  lesson: Lesson,
  dir: string,
  saved: string,
  task?: string,
): Promise<Trained> {
  const { run, config, progress, now } = context;
  const { title, reasoning, asking, items } = lesson;
  const { renderer: codec, promptOf, prefix, tasks, tags } = asking;
  const { train: learnt, heldOut, tooLong } = items;
  if (learnt.length === 0)
    throw new TagprError("data", `${title} has nothing to learn (${tooLong} were too long)`, {
      hint: "See RUN/chains/stats.json for what the filters left; more queries, roll-outs or a better teacher help.",
    });
  if (tooLong > 0)
    progress.say(
      `${title}: ${tooLong} prompts with their completion are longer than ${lesson.config.max_tokens} tokens and left out`,
    );
  const dev = readSplit(run, "dev").filter((example) => task === undefined || example.task === task);
  // The dev score is a verifiable reward, which has no settings, at RL's response cut-off.
  const setting = {
    ...{ codec, promptOf, prefix, reasoning, tasks, tags, rewards: config.rewards, config: config.guided },
    decodings: decodingsOf(config),
  };
  const tellLooping = loopingTeller(progress.say, title, `guided.max_tokens (${config.guided.max_tokens})`);
  const result = await trainSft({
    name: saved,
    title,
    engine: await context.engines.policy(),
    model: lesson.model,
    train: learnt,
    heldOut,
    config: lesson.config,
    seed: config.seed,
    log: openLoop(dir),
    progress,
    clock: now,
    looks: config.choose.looks,
    evaluateDev: async (sampler, step) => {
      const { point, row } = await validate({ ...setting, stage: "guided", scorer: null }, sampler, dev, 0, now);
      tellLooping({ looping: Number(row.looping), truncated: Number(row.truncated) }, step);
      return point.score;
    },
  });
  const { path, step, score, curve, stoppedEarly } = result;
  writeJson(join(dir, "curve.json"), { curve, stopped_early: stoppedEarly, too_long: tooLong });
  return { path, step, score };
}
