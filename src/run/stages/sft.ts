import { join } from "node:path";
import type { Chain } from "../../chains/types.ts";
import type { Config, SftConfig } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { readJsonl } from "../../core/jsonl.ts";
import type { Task } from "../../data/task.ts";
import type { ShownExample } from "../../data/types.ts";
import { type Asking, openAsking } from "../../model/asking.ts";
import { ASKING_FILES } from "../../model/files.ts";
import { goldItems, type SftItemOptions, type SftItems, sftItems } from "../../policy/sft-items.ts";
import { trainsFor } from "../needed.ts";
import type { Stage, StageContext } from "../stage.ts";
import { cutOffOf, cutOffText, cutsMost, cutsSome, longerAnswers } from "../support/cut-off.ts";
import { type Lessons, lessonsOf, lessonsText, moreChains, tooLittle } from "../support/lessons.ts";
import { baseIdentity, choosingOf, readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";
import { learn, learnEach } from "./supervised.ts";

/** Foundational SFT on the tagged chains, or on what `sft.form` says. */
export const sftStage: Stage = {
  name: "sft",
  config: ({ sft, chains, prompt, engines, guided, ...rest }) => ({
    ...choosingOf(rest),
    sft: sft.form === "gold" ? { ...sft, held_out: chains.held_out } : sft,
    prompt,
    dtype: engines.policy.dtype,
    max_tokens: guided.max_tokens,
  }),
  reads: () => [...ASKING_FILES, "chains/chains.jsonl", "data/chains.jsonl", "data/dev.jsonl"],
  outside: baseIdentity,
  writes: ["cuts.jsonl", "curve.json", "model.json"],
  run: (context) => trainOn(context, "sft", learn),
};

/** The same, one model a task, each on its own task's chains (the paper's SFT-Ind-R). */
export const sftIndStage: Stage = {
  ...sftStage,
  name: "sft-ind",
  wanted: (config) => trainsFor(config, "sft-ind"),
  writes: ["cuts.jsonl", "model.json"],
  run: (context) => trainOn(context, "sft-ind", learnEach),
};

async function trainOn(context: StageContext, name: "sft" | "sft-ind", teach: typeof learn): Promise<void> {
  const { run, config } = context;
  const reasoning = config.sft.form !== "gold";
  const asking = await openAsking(context, config.model, reasoning);
  const items = itemsOf(context, asking);
  const examples = readSplit(run, "chains");
  tellCuts(context, asking, examples);
  if (reasoning && config.data.source === "files") {
    requireLessons(context, lessonsOf(items.train, readChains(run), examples, asking.tasks), asking.tasks);
    requireRoom(context, items.train);
  }
  await teach(context, {
    name,
    title: "SFT",
    config: settingsFor(context, items.train.length),
    model: config.model,
    reasoning,
    asking,
    items,
  });
}

/** Adapters where there are few chains. */
function settingsFor({ config: { sft }, progress }: StageContext, chains: number): SftConfig {
  const { under, rank, learning_rate } = sft.small;
  if (chains >= under || sft.rank > 0) return sft;
  progress.say(
    `SFT: under ${under} chains (sft.small), so adapters of rank ${rank} are trained, at a rate of ${learning_rate}.`,
  );
  return { ...sft, rank, learning_rate };
}

const readChains = (run: string): Chain[] => readJsonl<Chain>(join(run, "chains", "chains.jsonl"));

/** Says what there is to learn from. @throws TagprError `too_little` where that can teach nothing and nobody said `--anyway` */
function requireLessons({ config, progress, anyway }: StageContext, lessons: Lessons, tasks: readonly Task[]): void {
  const told = `SFT learns from ${lessonsText(lessons, config.sft.max_tokens)}`;
  const why = tooLittle(lessons);
  if (why !== null && anyway !== true)
    throw new TagprError("too_little", `${told}: ${why}`, { hint: moreChains(config, tasks) });
  progress.say(why === null ? `${told}.` : `${told}. Too little: ${why}; gone on with, since --anyway says so.`);
}

/** @throws TagprError `too_little` where most answers like the chains would be cut off and nobody said `--anyway` */
function requireRoom({ config, progress, anyway }: StageContext, train: SftItems["train"]): void {
  const cut = cutOffOf(train, config);
  if (cut === null || !cutsSome(cut)) return;
  if (cutsMost(cut) && anyway !== true)
    throw new TagprError("too_little", `what SFT would teach can't be answered: ${cutOffText(cut)}`, {
      hint: `${longerAnswers(cut)} --anyway goes on as it is.`,
    });
  progress.say(`${cutOffText(cut)}; answers like them are cut off, and wrong. ${longerAnswers(cut)}`);
}

function itemsOf({ run, config }: StageContext, { renderer: codec, promptOf, prefix }: Asking): SftItems {
  const { max_tokens: maxTokens, max_chains } = config.sft;
  const most = max_chains === 0 ? {} : { most: { chains: max_chains, seed: config.seed } };
  return formItems(config, readChains(run), readSplit(run, "chains"), { codec, promptOf, prefix, maxTokens, ...most });
}

/** What `sft.form` says is learnt of the chains' queries. */
export function formItems(
  { sft: { form }, chains: { held_out }, seed }: Config,
  chains: readonly Chain[],
  examples: readonly ShownExample[],
  options: SftItemOptions,
): SftItems {
  if (form === "gold") return goldItems(examples, options, { share: held_out, seed });
  return sftItems(chains, examples, { ...options, form });
}
