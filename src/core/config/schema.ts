import { z } from "zod";
import { hydra, pplug, prlm } from "./encoders.ts";
import { chains, choose, data, engines, evaluation, profile, prompt, reader, teacher, teachers } from "./sections.ts";
import { exploratory, gold, guided, prmu, rejection, rewards, sft } from "./training.ts";

/** One name of a folder below the one that it is put into: no path, nothing hidden, nothing that a disk won't take. */
const FOLDER_NAME = /^(?!\.)[^/\\\p{Cc}\p{Cs}]{1,60}$/u;

/**
 * The one config tree. Every field is described once, here; the reference page, the JSON Schema and `tagpr config show`
 * are made from it. Numbers marked "paper" stand in the paper's Appendix A.1; the rest are ours.
 */
export const configSchema = z.strictObject({
  name: z
    .string()
    .regex(
      FOLDER_NAME,
      "a run's folder is called so: letters, digits and the like, no / or \\, not beginning with a dot, 60 characters at most",
    )
    .default("run")
    .describe("Name of the run, shown in reports; without --out its folder is runs/<name>."),
  seed: z.int().nonnegative().default(0).describe("Seed of everything: world, users, initialisation, sampling."),
  model: z
    .string()
    .default("models/nano")
    .describe("The base policy: a Hugging Face folder, or a name the engine resolves."),
  data: data.prefault({}),
  profile: profile.prefault({}),
  prompt: prompt.prefault({}),
  engines: engines.prefault({}),
  teacher: teacher.prefault({}).describe("Who writes the reasoning chains. Paper: Qwen3-235B-A22B-Thinking-2507."),
  teachers,
  judge: reader.prefault({}).describe("Who grades chains on four criteria. Paper: GPT-4o."),
  tagger: reader.prefault({}).describe("Who tags chains, freely and then with the nine. Paper: GPT-4o."),
  chains: chains.prefault({}),
  sft: sft.prefault({}),
  rewards: rewards.prefault({}),
  prmu: prmu.prefault({}),
  guided: guided.prefault({}),
  explore: exploratory.prefault({}),
  gold: gold.prefault({}),
  rejection: rejection.prefault({}),
  pplug: pplug.prefault({}),
  hydra: hydra.prefault({}),
  prlm: prlm.prefault({}),
  choose: choose.prefault({}),
  eval: evaluation.prefault({}),
});

/** A whole config with every default filled in. */
export type Config = z.output<typeof configSchema>;
export type LlmConfig = Config["judge"];
export type TeacherConfig = Config["teacher"];
export type EngineConfig = Config["engines"]["policy"];
/** What the loops of supervised fine-tuning have in common. */
export type SftConfig = Config["gold"];
/** The loop that trains a maker of soft prompts. */
export type SoftPromptConfig = Config["pplug"];
/** What the loops that train a scorer of texts have in common. */
export type ScorerConfig = Omit<Config["hydra"], "users" | "own" | "own_epochs" | "max_tokens" | "epochs">;
export type PrmuConfig = Config["prmu"];
/** What the two RL stages have in common. */
export type RlConfig = Config["explore"];
export type RewardsConfig = Config["rewards"];
/** Weights that a stage has of its own. */
export type StageRewards = RlConfig["rewards"];
export type OwnSignalConfig = RewardsConfig["own"][string];
export type ChainsConfig = Config["chains"];
