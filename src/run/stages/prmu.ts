import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { backbone, hasRewardModel } from "../../core/config/reward-model.ts";
import { guardDisk, readJson, readJsonl, writeJson, writeJsonl } from "../../core/jsonl.ts";
import { LOOP_FILES, openLoop } from "../../core/run-dir.ts";
import { type AblationName, standIn } from "../../core/stages.ts";
import type { ShownExample } from "../../data/types.ts";
import { type Asking, openAsking } from "../../model/asking.ts";
import { ASKING_FILES, readModel, readTasks } from "../../model/files.ts";
import { type Scorable, scorable } from "../../prmu/centre.ts";
import { type FaultPair, plantFaults } from "../../prmu/faults.ts";
import { verdicts } from "../../prmu/held-out.ts";
import { isOracle, type OracleFile } from "../../prmu/oracle.ts";
import { buildPairs, type Pair } from "../../prmu/pairs.ts";
import { samplePairSources } from "../../prmu/sample.ts";
import type { ScorerFile } from "../../prmu/score.ts";
import { halves } from "../../prmu/split.ts";
import { trainPrmu } from "../../prmu/train.ts";
import { identity } from "../key.ts";
import type { Stage, StageContext } from "../stage.ts";
import { counted, LEAST_PAIR_QUERIES, LEAST_PAIRS } from "../support/lessons.ts";
import { readSplit } from "./common.ts";
import { tellCuts } from "./cuts.ts";

/** What one reward model is made of and leaves; the second one of a cross-fit has the like in `other/`. */
const MADE = ["pairs.jsonl", "faults.jsonl", "responses.jsonl", "pair_stats.json", "held_out.json"];
const OTHER = "other";

/** Preference pairs from the SFT policy's own responses, then the reward model with user embeddings. */
export const prmuStage: Stage = {
  name: "prmu",
  config: ({ prmu, prompt, engines, data }) => ({
    ...{ prmu, prompt, dtype: engines.reward.dtype },
    ...(data.prmu_from === "rl" ? { prmu_from: data.prmu_from } : {}),
  }),
  reads: () => [...ASKING_FILES, "data/prmu.jsonl", "sft/model.json"],
  outside: async (config, { modelDir }) => (hasRewardModel(config) ? identity(await modelDir(backbone(config))) : null),
  writes: ["cuts.jsonl", "scorer.json", ...MADE, ...[...MADE, ...LOOP_FILES].map((name) => `${OTHER}/${name}`)],
  run: async (context) => {
    const { run, config, progress } = context;
    const { variant } = config.prmu;
    if (variant === "none") {
      progress.say("PRMU: left out (prmu.variant is none)");
      return writeScorer(context, null);
    }
    if (isOracle(variant)) {
      progress.say(`PRMU: ${variant} stands in its place, a bound or control of the synthetic world`);
      return writeScorer(context, { oracle: variant });
    }
    const examples = readSplit(run, "prmu");
    if (config.data.prmu_from === "own") return writeScorer(context, await makeModel(context, examples, ""));
    const half = halves(examples, config.seed);
    const of = (which: 0 | 1) => examples.filter(({ task, id }) => half[`${task}/${id}`] === which);
    progress.say("PRMU: two halves of RL's queries; the model of each scores the other half");
    const first = await makeModel(context, of(0), "");
    const second = await makeModel(context, of(1), OTHER);
    if (first === null || second === null) return writeScorer(context, null);
    writeScorer(context, { ...first, crossed: { other: second, halves: half } });
  },
};

/** Pairs of these queries and the reward model trained on them, in the stage's folder or one below; null without any pair. */
async function makeModel(
  context: StageContext,
  examples: readonly ShownExample[],
  below: string,
): Promise<ScorerFile | null> {
  const { run, config, progress, now } = context;
  const dir = join(context.dir, below);
  guardDisk(dir, () => mkdirSync(dir, { recursive: true }));
  const made = await pairsOf(context, dir, examples, await openAsking(context));
  if (config.data.source === "files" && isTooFew(context, made.pairs)) return null;
  // A backbone with another tokenizer reads the same texts in its own tokens.
  const asking = await openAsking(context, backbone(config));
  const { renderer: codec, promptOf, promptWithout, prefix } = asking;
  if (below === "") tellCuts(context, asking, readSplit(run, "prmu"));
  const result = await trainPrmu({
    engine: await context.engines.reward(),
    model: config.prmu.model === "sft" ? sftModel(context) : backbone(config),
    ...{ codec, prefix, promptOf, promptWithout, examples, ...made },
    tasks: readTasks(run),
    config: config.prmu,
    seed: config.seed,
    log: openLoop(dir),
    progress,
    clock: now,
  });
  if (result === null) return null;
  const { before, heldOut, step, path, rows, centre, rank } = result;
  writeJson(join(dir, "held_out.json"), { step, before, after: heldOut, ...verdicts(heldOut, config.prmu.kinds) });
  return { path, rows, centre, ...(rank === undefined ? {} : { rank }) };
}

/** Says what pairs there are, and whether the reward model is left out since they can teach nothing: RL then does without, as in the paper's Table 3. */
function isTooFew({ config, progress, anyway }: StageContext, pairs: readonly Pair[]): boolean {
  const train = pairs.filter(({ split }) => split === "train");
  const queries = new Set(train.map(({ task, query }) => `${task}/${query}`)).size;
  const few = config.prmu.variant !== "untrained" && (train.length < LEAST_PAIRS || queries < LEAST_PAIR_QUERIES);
  const told = `PRMU has ${counted(train.length, "training pair")} of ${counted(queries, "query", "queries")}`;
  const why = `under ${LEAST_PAIRS} of ${LEAST_PAIR_QUERIES} a reward model learns noise`;
  if (!few) progress.say(`${told}.`);
  else if (anyway === true) progress.say(`${told}. Too little: ${why}; gone on with, since --anyway says so.`);
  else
    progress.say(
      `${told}: ${why}, so it is left out and RL goes on without. More data.prmu, prmu.rollouts or a higher prmu.max_tokens give more pairs; \`tagpr prmu RUN --fresh --anyway\` trains it on these.`,
    );
  return few && anyway !== true;
}

interface Made {
  readonly pairs: readonly Pair[];
  readonly faults: readonly FaultPair[];
  readonly responses: readonly Scorable[];
}

/** Sampling the responses is the longest part: pairs that stand are used again. */
async function pairsOf(
  context: StageContext,
  dir: string,
  examples: readonly ShownExample[],
  asking: Asking,
): Promise<Made> {
  const { config, progress } = context;
  const [faultsPath, responsesPath, path] = ["faults.jsonl", "responses.jsonl", "pairs.jsonl"].map((name) =>
    join(dir, name),
  ) as [string, string, string];
  if (existsSync(path))
    return {
      pairs: readJsonl<Pair>(path),
      faults: readJsonl<FaultPair>(faultsPath),
      responses: readJsonl<Scorable>(responsesPath),
    };
  const { renderer: codec, promptOf, promptWithout, promptWith, prefix, tasks, tags } = asking;
  const { prmu, seed } = config;
  const sources = await samplePairSources({
    sampler: await (await context.engines.policy()).sampler(sftModel(context)),
    ...{ codec, prefix, examples, tasks, tags, promptOf, promptWithout, promptWith, config: prmu, seed, progress },
  });
  const { pairs, stats } = buildPairs(sources, prmu, seed);
  const faults = plantFaults(sources, tasks, prmu, seed);
  const responses = scorable(sources, prmu.held_out, seed);
  const sampled = sources.flatMap((one) => [...one.withProfile, ...one.withoutProfile, ...one.otherProfile]);
  const sampled_tokens = sampled.reduce((sum, { tokens }) => sum + tokens, 0);
  writeJson(join(dir, "pair_stats.json"), { ...stats, sampled_tokens });
  writeJsonl(faultsPath, faults);
  writeJsonl(responsesPath, responses);
  writeJsonl(path, pairs); // last: where it stands the others do
  return { pairs, faults, responses };
}

/** `scorer.json`; null where nothing scores. */
function writeScorer({ dir, key }: StageContext, scorer: ScorerFile | OracleFile | null): void {
  writeJson(join(dir, "scorer.json"), scorer && { ...scorer, made_by: key });
}

/** What the run's reward model is, or an ablation's where that has one of its own. */
export const readScorer = (run: string, ablation: AblationName | null): ScorerFile | OracleFile | null =>
  readJson<ScorerFile | OracleFile | null>(join(run, standIn({ stage: "prmu", ablation }), "scorer.json"));

/** The SFT model that pairs are sampled from. */
const sftModel = ({ run, ablation = null }: StageContext): string =>
  readModel(run, standIn({ stage: "sft", ablation })).path;
