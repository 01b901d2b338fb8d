import { passesOver } from "../../core/batches.ts";
import { hasRewardModel } from "../../core/config/reward-model.ts";
import type { RlConfig } from "../../core/config/schema.ts";
import { isRegularised } from "../../policy/update.ts";
import { PROBE_QUERIES } from "../../policy/validate.ts";
import { isGuarded } from "../stages/common.ts";
import { LOOK_ANSWERS } from "../stages/hand-on.ts";
import { isWeighed } from "../stages/own-signals.ts";
import type { TaskSizes } from "./sizes.ts";
import { type Given, keptChains, type Pass, pass, promptOf, responseOf, type StageWork, sum } from "./work-types.ts";

type Work = (given: Given) => StageWork;

/** TagPR's own stages that train. */
export const TAGPR_WORK = {
  sft: sftWork,
  prmu: prmuWork,
  guided: (given: Given) => rlWork(given, "guided"),
  explore: (given: Given) => rlWork(given, "explore"),
} satisfies Record<string, Work>;

/** Those that only some methods need. */
export const RIVALS_WORK = {
  gold: (given: Given) => goldWork(given, (t) => t.chains + t.rl),
  "gold-full": (given: Given) => goldWork(given, (t) => t.labelled),
  "gold-ind": (given: Given) =>
    perTask(
      goldWork(given, (t) => t.chains + t.rl),
      given,
    ),
  "sft-ind": (given: Given) => perTask(sftWork(given), given),
  rejection: rejectionWork,
} satisfies Record<string, Work>;

/** One model a task takes the same tokens, in so many loops. */
const perTask = (work: StageWork, { tasks }: Given): StageWork => ({ ...work, loops: tasks.length });

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

/** Labels answered at once. */
function goldWork(given: Given, of: (task: TaskSizes) => number): StageWork {
  const { tasks, assumed } = given;
  const labels = sum(tasks, of);
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
  const { batch, eval_every, dev_every, checkpoint_every, keep_checkpoints } = config[stage];
  const learnt = Math.round(train * passesOver(train, config[stage]));
  const steps = Math.ceil(learnt / batch);
  const looks = Math.ceil(steps / eval_every) + 1;
  const dev = sum(tasks, (t) => t.dev);
  const devLooks = dev_every > 0 ? Math.ceil(steps / dev_every) : 1;
  return {
    stage,
    steps,
    checkpoints: Math.ceil(steps / checkpoint_every),
    ...{ loops: 1, kept: keep_checkpoints },
    asked: [],
    passes: [
      pass("updates", "train", [learnt, 1], lengths, steps),
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
    ...{ loops: hasRewardModel(config) ? 1 : 0, kept: prmu.keep_checkpoints },
    asked: [],
    passes: [
      pass("responses with the profile", "sample", [queries, prmu.rollouts], lengths, units),
      pass("responses without it", "sample", [queries, prmu.rollouts], [assumed.bare_tokens, lengths[1]], units),
      pass("updates on pairs", "train", [train * epochs, 2], lengths, steps, "reward"),
      pass("held-out pairs, twice", "forward", [2 * (pairs - train), 2], lengths, 2, "reward"),
    ].filter(({ groups }) => groups > 0),
  };
}

export function rlWork(given: Given, stage: "guided" | "explore"): StageWork {
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
    ...{ loops: 1, kept: rl.keep_checkpoints },
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
