import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ChainStats } from "../../chains/types.ts";
import { ablated } from "../../core/ablations.ts";
import { hasRewardModel } from "../../core/config/reward-model.ts";
import type { Config } from "../../core/config/schema.ts";
import { readJson, readWholeLines } from "../../core/jsonl.ts";
import { filesBelow } from "../../core/run-dir.ts";
import { type StageName, stageOf, standIn } from "../../core/stages.ts";
import type { ShownExample } from "../../data/types.ts";
import type { Budget } from "../../eval/result-types.ts";
import { primaryOf } from "../../eval/samples.ts";
import type { Method, Prediction } from "../../eval/types.ts";
import type { ModelFile } from "../../model/files.ts";

/** What of a run the numbers are read from. */
interface Source {
  readonly run: string;
  readonly config: Config;
}

type Split = "chains" | "rl" | "prmu";

/** Whose golds each stage uses itself, and an ablation's as its like. */
const LABELS: Readonly<Partial<Record<StageName, readonly Split[]>>> = {
  sft: ["chains"],
  "sft-ind": ["chains"],
  gold: ["chains", "rl"],
  "gold-ind": ["chains", "rl"],
  "gold-full": ["chains", "rl", "prmu"],
  prmu: ["prmu"],
  guided: ["rl"],
  explore: ["rl"],
  rejection: ["rl"],
  pplug: ["chains", "rl"],
  "pplug-labels": ["chains", "rl"],
  // Some users' queries of chains and RL: its loop says which.
  hydra: [],
  "prlm-reward": [],
  prlm: ["rl"],
  "prlm-sft": ["rl"],
};

/** The stages that weights rest on, their own included. */
function trainersOf(name: StageName, config: Config): StageName[] {
  const { stage, ablation } = stageOf(name);
  const own = ablated(config, ablation);
  const on = (...names: StageName[]): StageName[] =>
    names.flatMap((one) => trainersOf(standIn({ stage: one, ablation }), config));
  const before =
    stage === "explore"
      ? on("guided")
      : stage === "guided"
        ? [...(own.guided.from === "sft" ? on("sft") : []), ...(hasRewardModel(own) ? on("prmu") : [])]
        : stage === "prlm" || stage === "prlm-sft"
          ? on("prlm-reward", ...(stage === "prlm" ? [] : ["sft" as const]))
          : stage === "prmu" || stage === "rejection"
            ? on("sft")
            : [];
  return [...new Set([...before, name])];
}

/**
 * What a method had and took. `trials`: looks at dev by the evaluation itself (temperatures, prompts), beside those of the
 * training stages.
 */
export function budgetOf(source: Source, method: Method, predictions: readonly Prediction[], trials: number): Budget {
  const stages = [...new Set(trainersIn(method).flatMap((stage) => trainersOf(stage, source.config)))];
  const mean = (of: (p: Prediction) => number): number =>
    predictions.reduce((sum, p) => sum + of(p), 0) / Math.max(1, predictions.length);
  const dollars = predictions.reduce((sum, { cost }) => sum + (cost?.dollars ?? 0), 0);
  return {
    labels: labelsOf(source.run, stages),
    teacher_tokens: stages.some((stage) => CHAINED.has(stageOf(stage).stage)) ? teacherTokens(source.run) : 0,
    trained_tokens: tokens(source.run, stages, "trained_tokens"),
    sampled_tokens: tokens(source.run, stages, "sampled_tokens"),
    tuning_trials: trials + stages.reduce((sum, stage) => sum + looks(source.run, stage), 0),
    samples: mean((p) => (p.sampled?.primary === true ? primaryOf(p).length : (p.cost?.responses ?? 1))),
    test_tokens: mean((p) => (p.cost === undefined ? p.tokens : p.cost.promptTokens + p.cost.sampledTokens)),
    ...(dollars > 0 ? { dollars } : {}),
    adapts: method.adapts === true,
  };
}

/** Whose weights answer, and the reward model that chooses among the answers. */
const trainersIn = ({ trains, scored }: Method): readonly StageName[] => [
  ...trains,
  ...(scored ? ["prmu" as const] : []),
];

/** What the chains' tokens went into. */
const CHAINED: ReadonlySet<StageName> = new Set(["sft", "sft-ind"]);

function labelsOf(run: string, stages: readonly StageName[]): number {
  const splits = [...new Set(stages.flatMap((stage) => LABELS[stageOf(stage).stage] ?? []))];
  const learnt = splits.flatMap((split) => readWholeLines<ShownExample>(join(run, "data", `${split}.jsonl`)));
  const own = new Set(learnt.filter(({ gold }) => gold !== null).map(({ task, id }) => `${task}/${id}`)).size;
  // Of folders it may see more than the run's own splits: the loop says how much.
  if (stages.includes("gold-full")) return Math.max(own, completions(run, "gold-full"));
  return stages.includes("hydra") ? scoredQueries(run) : own;
}

/** Queries whose candidates HYDRA's scorer has seen, judged by their golds; units are `task/query/candidate`. */
const scoredQueries = (run: string): number =>
  new Set(
    readWholeLines<{ units?: string[] }>(join(run, "hydra", "samples.jsonl"))
      .flatMap(({ units }) => units ?? [])
      .map((unit) => unit.slice(0, unit.lastIndexOf("/"))),
  ).size;

/** Different completions that a stage of supervised training has seen. */
const completions = (run: string, stage: StageName): number =>
  new Set(
    readWholeLines<{ chains?: string[] }>(join(run, stage, "samples.jsonl")).flatMap(({ chains }) => chains ?? []),
  ).size;

function teacherTokens(run: string): number {
  const path = join(run, "chains", "stats.json");
  if (!existsSync(path)) return 0;
  const { cost } = readJson<ChainStats>(path);
  return Object.values(cost).reduce((sum, one) => sum + (one?.promptTokens ?? 0) + (one?.completionTokens ?? 0), 0);
}

/** Sums of a column over all loops of the stages; null where a step of an older version doesn't say it. */
function tokens(run: string, stages: readonly StageName[], column: "trained_tokens" | "sampled_tokens"): number | null {
  const sums = stages.map((stage) => {
    const loops = filesIn(run, stage, "metrics.jsonl").map((file) => readWholeLines<Row>(file));
    const steps = loops.flat().filter(({ kind }) => kind === "train");
    const said = steps.map((row) => row[column]);
    if (column === "sampled_tokens") return outsideLoops(run, stage) + sum(said.map((n) => n ?? 0));
    return said.every((n) => n !== undefined) ? sum(said) : null;
  });
  return sums.some((one) => one === null) ? null : sum(sums);
}

interface Row {
  readonly kind?: string;
  readonly trained_tokens?: number;
  readonly sampled_tokens?: number;
}

/** What was sampled before a loop began: pairs, candidates, rejection sampling's responses. */
function outsideLoops(run: string, stage: StageName): number {
  const at = (file: string): string => join(run, stage, file);
  if (stage === "rejection" && existsSync(at("accepted.json")))
    return readJson<{ tokens: number }>(at("accepted.json")).tokens;
  if (existsSync(at("sampled.json"))) return readJson<{ tokens: number }>(at("sampled.json")).tokens;
  if (stageOf(stage).stage !== "prmu") return 0;
  return sum(
    filesIn(run, stage, "pair_stats.json").map(
      (file) => readJson<{ sampled_tokens?: number }>(file).sampled_tokens ?? 0,
    ),
  );
}

/** Looks at dev that chose weights, those of `choose.guard` included. */
function looks(run: string, stage: StageName): number {
  const curves = filesIn(run, stage, "curve.json").map((file) => readJson<{ curve: { dev: number | null }[] }>(file));
  const points = sum(curves.map(({ curve }) => curve.filter(({ dev }) => dev !== null).length));
  const path = join(run, stage, "validations.json");
  const made = join(run, stage, "model.json");
  const guard = existsSync(made) ? (readJson<Partial<ModelFile>>(made).guard?.looks ?? 0) : 0;
  return points + guard + (existsSync(path) ? readJson<{ validations: unknown[] }>(path).validations.length : 0);
}

/** Files of a name in a stage's folder and in those of its loops. */
const filesIn = (run: string, stage: string, name: string): string[] => {
  const dir = join(run, stage);
  if (!existsSync(dir)) return [];
  return filesBelow(dir)
    .filter((file) => file === name || file.endsWith(`/${name}`))
    .map((file) => join(dir, file));
};

const sum = (values: readonly (number | null | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);
