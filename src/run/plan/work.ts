import { rowNamed } from "../../core/config/method-names.ts";
import { hasRewardModel } from "../../core/config/reward-model.ts";
import type { Config, RlConfig, TeacherConfig } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import type { StageName } from "../../core/stages.ts";
import { methodOf } from "../../methods/index.ts";
import { partsOf } from "../../methods/over-samples.ts";
import { isRegularised } from "../../policy/update.ts";
import { PROBE_QUERIES } from "../../policy/validate.ts";
import { trainsFor } from "../needed.ts";
import { isGuarded, LOOK_ANSWERS } from "../stages/hand-on.ts";
import { isWeighed } from "../stages/own-signals.ts";
import type { Assumptions } from "./assumptions.ts";
import type { TaskSizes } from "./sizes.ts";

/** One kind of work on tensors: `groups` prompts with `each` completions of the same prompt. Token numbers are means. */
export interface Pass {
  readonly what: string;
  readonly kind: "sample" | "forward" | "train";
  readonly model: "policy" | "reward";
  readonly groups: number;
  readonly each: number;
  readonly prompt: number;
  readonly completion: number;
  /** Units that go to the engine one after the other. */
  readonly units: number;
}

/** Requests to a model API. */
export interface Asked {
  /** Where the config says who it is. */
  readonly who: "teacher" | `teachers.${number}` | "judge" | "tagger" | `eval.apis.${string}`;
  readonly requests: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface StageWork {
  readonly stage: StageName;
  /** Optimizer steps. */
  readonly steps: number;
  readonly passes: readonly Pass[];
  readonly asked: readonly Asked[];
  readonly checkpoints: number;
}

interface Given {
  readonly config: Config;
  readonly tasks: readonly TaskSizes[];
  readonly assumed: Assumptions;
}

const sum = (tasks: readonly TaskSizes[], pick: (task: TaskSizes) => number): number =>
  tasks.reduce((total, task) => total + pick(task), 0);
const promptOf = ({ config, assumed }: Given): number => assumed.prompt_tokens || 0.3 * config.prompt.max_tokens;
const responseOf = ({ assumed }: Given, cutOff: number): number =>
  Math.min(cutOff, assumed.response_tokens || (cutOff < 512 ? 0.4 : 0.15) * cutOff);

/** What every stage that computes does, in order. */
export const workOf = (given: Given): StageWork[] => [
  chainsWork(given),
  sftWork(given),
  prmuWork(given),
  rlWork(given, "guided"),
  rlWork(given, "explore"),
  ...(trainsFor(given.config, "gold") ? [goldWork(given)] : []),
  ...(trainsFor(given.config, "rejection") ? [rejectionWork(given)] : []),
  evalWork(given),
];

/** Chains that come out: those that were seen to, else by the assumed shares at most `per_query` of a query's kept ones. */
function keptChains({ config, tasks, assumed }: Given): {
  asked: number;
  accepted: number;
  kept: number;
  tagged: number;
} {
  const queries = sum(tasks, (t) => t.chains);
  const asked = queries * config.chains.rollouts;
  const accepted = asked * assumed.accepted;
  const kept = accepted * assumed.judged_good;
  const most = Math.min(kept, queries * config.chains.per_query);
  const seen = tasks.every(({ byRules }) => byRules !== undefined);
  return { asked, accepted, kept, tagged: seen ? sum(tasks, (t) => t.byRules ?? 0) : most };
}

function chainsWork(given: Given): StageWork {
  const { config, assumed } = given;
  const { asked, accepted, kept, tagged } = keptChains(given);
  const prompt = promptOf(given);
  const teachers = teachersOf(config);
  const whole = teachers.reduce((total, { share }) => total + share, 0);
  const each = ({ share }: { readonly share: number }): number => (config.chains.rollouts * share) / whole;
  const lengthOf = ({ kind, max_tokens }: TeacherConfig): number =>
    kind === "self" ? responseOf(given, max_tokens) : Math.min(assumed.teacher_tokens, max_tokens);
  // What judge and tagger read is everybody's.
  const length = teachers.reduce((total, one) => total + lengthOf(one) * one.share, 0) / whole;
  const queries = asked / config.chains.rollouts;
  const ask = (who: "judge" | "tagger", requests: number, promptTokens: number, completionTokens: number): Asked[] =>
    config[who].kind === "openai" ? [{ who, requests, promptTokens, completionTokens }] : [];
  const explored = Math.min(config.chains.explore, kept);
  // The teacher answers all roll-outs of a query to one prompt; judge and tagger read the chain and, tagged, say it again.
  return {
    stage: "chains",
    steps: 0,
    checkpoints: 0,
    passes: teachers.flatMap((one) =>
      one.kind === "self"
        ? [pass("teacher's roll-outs", "sample", [queries, each(one)], [prompt, lengthOf(one)], 1)]
        : [],
    ),
    asked: [
      ...teachers.flatMap((one, i): Asked[] => {
        const who = config.teachers.length === 0 ? "teacher" : (`teachers.${i}` as const);
        const completionTokens = queries * each(one) * lengthOf(one);
        return one.kind === "openai"
          ? [{ who, requests: queries, promptTokens: queries * prompt, completionTokens }]
          : [];
      }),
      ...ask("judge", accepted, accepted * (prompt + length), accepted * assumed.judge_tokens),
      ...ask("tagger", explored + tagged, (explored + tagged) * (length + 300), (explored + tagged) * length),
    ],
  };
}

const pass = (
  what: string,
  kind: Pass["kind"],
  [groups, each]: readonly [number, number],
  [prompt, completion]: readonly [number, number],
  units: number,
  model: Pass["model"] = "policy",
): Pass => ({ what, kind, model, groups, each, prompt, completion, units });

function sftWork(given: Given): StageWork {
  const { config, tasks } = given;
  const { tagged } = keptChains(given);
  const { sft, chains } = config;
  const whole = Math.round(tagged * (1 - chains.held_out));
  // Without reasoning it learns the true answers of the chains' queries.
  const most = sft.form === "gold" ? sum(tasks, (t) => t.chains) * (1 - chains.held_out) : whole;
  const train = Math.round(sft.max_chains === 0 ? most : Math.min(most, sft.max_chains));
  const lengths = [promptOf(given), responseOf(given, config.guided.max_tokens)] as const;
  return supervisedWork(given, "sft", train, Math.round(tagged * chains.held_out), lengths);
}

/** The labels of chains and RL, answered at once. */
function goldWork(given: Given): StageWork {
  const { tasks, assumed } = given;
  const labels = sum(tasks, (t) => t.chains + t.rl);
  return supervisedWork(given, "gold", labels, 0, [promptOf(given), assumed.answer_tokens]);
}

/** As many samples as RL takes; of them the assumed share of the teacher's is right. */
function rejectionWork(given: Given): StageWork {
  const { config, tasks, assumed } = given;
  const { guided, explore, chains } = config;
  const queries = sum(tasks, (t) => t.rl);
  const prompts = Math.round(queries * guided.epochs) + Math.round(queries * explore.epochs);
  const right = Math.round(prompts * guided.rollouts * assumed.accepted);
  const held = Math.round(right * chains.held_out);
  const lengths = [promptOf(given), responseOf(given, guided.max_tokens)] as const;
  const work = supervisedWork(given, "rejection", right - held, held, lengths);
  const samples = pass("samples", "sample", [prompts, guided.rollouts], lengths, Math.ceil(prompts / guided.batch));
  return { ...work, passes: [samples, ...work.passes] };
}

/** A loop of SFT over `train` completions, with `held` to look at. */
function supervisedWork(
  given: Given,
  stage: "sft" | "gold" | "rejection",
  train: number,
  held: number,
  lengths: readonly [number, number],
): StageWork {
  const { config, tasks } = given;
  const { epochs, batch, eval_every, dev_every, checkpoint_every } = config[stage];
  const steps = Math.ceil((train * epochs) / batch);
  const looks = Math.ceil(steps / eval_every) + 1;
  const dev = sum(tasks, (t) => t.dev);
  const devLooks = dev_every > 0 ? Math.ceil(steps / dev_every) : 1;
  return {
    stage,
    steps,
    checkpoints: Math.ceil(steps / checkpoint_every),
    asked: [],
    passes: [
      pass("updates", "train", [train * epochs, 1], lengths, steps),
      ...(held === 0 ? [] : [pass("held-out loss", "forward", [held * looks, 1], lengths, looks)]),
      pass("dev answers", "sample", [dev * devLooks, 1], lengths, devLooks),
      ...guardLooks(given, stage === "rejection" ? 1 : 2, stage !== "gold"),
    ],
  };
}

/** Looks at dev by which what was trained or what it began with is handed on (`choose.guard`). */
function guardLooks(given: Given, looks: number, reasoning = true): Pass[] {
  const { config, tasks, assumed } = given;
  const dev = sum(tasks, (t) => t.dev);
  if (!isGuarded(config) || dev === 0) return [];
  const lengths = [
    promptOf(given),
    reasoning ? responseOf(given, config.eval.max_tokens) : assumed.answer_tokens,
  ] as const;
  return [pass("before and after on dev", "sample", [dev * looks, LOOK_ANSWERS], lengths, looks)];
}

/** Share of the pairs held out: of the users, and half of it of the others' queries; of queries where no user is named. */
function heldPairs({ config, tasks }: Given): number {
  const share = config.prmu.held_out;
  const queries = sum(tasks, (t) => t.prmu);
  const named = queries === 0 ? 0 : sum(tasks, (t) => (t.users ? t.prmu : 0)) / queries;
  return share + named * (1 - share) * (share / 2);
}

function prmuWork(given: Given): StageWork {
  const { config, tasks, assumed } = given;
  const { prmu } = config;
  const queries = !hasRewardModel(config) ? 0 : sum(tasks, (t) => t.prmu);
  const most = queries * prmu.pairs_per_query;
  const pairs = Math.min(prmu.prp_pairs, most) + Math.min(prmu.pqp_pairs, most);
  const train = Math.round(pairs * (1 - heldPairs(given)));
  const epochs = prmu.variant === "untrained" ? 0 : prmu.epochs;
  const steps = Math.ceil((train * epochs) / prmu.batch);
  const lengths = [promptOf(given), responseOf(given, prmu.max_tokens)] as const;
  const units = Math.ceil(queries / 64);
  return {
    stage: "prmu",
    steps,
    checkpoints: Math.ceil(steps / prmu.checkpoint_every),
    asked: [],
    passes: [
      pass("responses with the profile", "sample", [queries, prmu.rollouts], lengths, units),
      pass("responses without it", "sample", [queries, prmu.rollouts], [assumed.bare_tokens, lengths[1]], units),
      pass("updates on pairs", "train", [train * epochs, 2], lengths, steps, "reward"),
      pass("held-out pairs, twice", "forward", [2 * (pairs - train), 2], lengths, 2, "reward"),
    ].filter(({ groups }) => groups > 0),
  };
}

function rlWork(given: Given, stage: "guided" | "explore"): StageWork {
  const { config, tasks } = given;
  const rl: RlConfig = config[stage];
  const queries = sum(tasks, (t) => t.rl);
  const prompts = Math.round(queries * rl.epochs);
  const batches = Math.ceil(prompts / rl.batch);
  const steps = Math.ceil(prompts / Math.ceil(rl.batch / rl.updates));
  const dev = sum(tasks, (t) => t.dev);
  const looks = rl.validate_every > 0 && dev > 0 ? 1 + Math.ceil(batches / rl.validate_every) : 0;
  const names = tasks.map(({ task }) => task);
  const scored = hasRewardModel(config) && isWeighed(config, stage, names, "personalization");
  const lengths = [promptOf(given), responseOf(given, rl.max_tokens)] as const;
  // What is added to the loss trains roll-outs without an advantage too, by a gradient that needs the log-probs first.
  const whole = isRegularised(rl);
  const learnt = whole ? prompts : Math.round(prompts * given.assumed.with_gradient);
  const ownGradient = whole || !rl.native_gspo;
  const score = (what: string, groups: number, each: number): Pass[] =>
    scored ? [pass(what, "forward", [groups, each], lengths, batches, "reward")] : [];
  return {
    stage,
    steps,
    checkpoints: Math.ceil(batches / rl.checkpoint_every),
    asked: [],
    passes: [
      pass("roll-outs", "sample", [prompts, rl.rollouts], lengths, batches),
      ...score("reward model", prompts, rl.rollouts),
      ...(rl.updates > 1 ? [pass("old log-probs", "forward", [learnt, rl.rollouts], lengths, batches)] : []),
      ...(rl.kl.weight > 0 ? [pass("starting policy", "forward", [prompts, rl.rollouts], lengths, batches)] : []),
      ...(ownGradient ? [pass("log-probs of the gradient", "forward", [learnt, rl.rollouts], lengths, steps)] : []),
      pass("updates", "train", [learnt, rl.rollouts], lengths, steps),
      pass("probe", "sample", [Math.min(PROBE_QUERIES, queries), rl.rollouts], lengths, 1),
      ...(looks > 0 ? [pass("dev answers", "sample", [dev * looks, 1], lengths, looks)] : []),
      ...(looks > 0 ? score("reward model on dev", dev * looks, 1) : []),
      ...guardLooks(given, stage === "guided" && config.guided.from === "base" ? 2 : 1),
    ],
  };
}

function evalWork(given: Given): StageWork {
  const { config, tasks, assumed } = given;
  const queries = sum(tasks, (t) => t.test);
  const asked = [...config.eval.methods, ...config.eval.swap];
  return {
    stage: "eval",
    steps: 0,
    checkpoints: 0,
    asked: asked.flatMap((name) => apiWork(name, queries, given)),
    passes: asked.flatMap((name) => {
      const method = methodOf(name, config);
      const { responses = 1 } = method;
      if (responses === 0) return [];
      const prompt = method.profile ? promptOf(given) : assumed.bare_tokens;
      const completion = method.reasoning ? responseOf(given, config.eval.max_tokens) : assumed.answer_tokens;
      return [pass(name, "sample", [queries, responses], [prompt, completion], Math.ceil(queries / config.eval.batch))];
    }),
  };
}

/** What a row behind an API is asked: its greedy answers, and what is drawn beside them. */
function apiWork(name: string, queries: number, given: Given): Asked[] {
  const { config, assumed } = given;
  const { apis, samples } = config.eval;
  const row = rowNamed(name).replace(/^api-/, "");
  const entry = [row, row.replace(/-r$/, "")].find((one) => apis[one] !== undefined);
  const api = entry === undefined ? undefined : apis[entry];
  if (api === undefined || !name.startsWith("api-")) return [];
  const method = methodOf(name, config);
  const drawn = partsOf(name)?.n ?? samples;
  const each = method.reasoning ? Math.min(api.max_tokens, assumed.teacher_tokens) : assumed.answer_tokens;
  const requests = queries * (drawn > 0 ? 2 : 1);
  return [
    {
      ...{ who: `eval.apis.${entry}`, requests, promptTokens: requests * promptOf(given) },
      completionTokens: queries * (1 + drawn) * each,
    },
  ];
}
