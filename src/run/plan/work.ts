import { ablated } from "../../core/ablations.ts";
import { rowNamed } from "../../core/config/method-names.ts";
import type { TeacherConfig } from "../../core/config/schema.ts";
import { teachersOf } from "../../core/config/teachers.ts";
import { ABLATION_STAGES } from "../../core/stages.ts";
import { ablationsOf, methodOf } from "../../methods/index.ts";
import { partsOf } from "../../methods/over-samples.ts";
import { trainsFor } from "../needed.ts";
import { PARTS_WORK } from "./work-parts.ts";
import { RIVALS_WORK, TAGPR_WORK } from "./work-training.ts";
import { type Asked, type Given, keptChains, pass, promptOf, responseOf, type StageWork, sum } from "./work-types.ts";

/** What every stage that computes does, in order. */
export const workOf = (given: Given): StageWork[] => [
  chainsWork(given),
  ...Object.values(TAGPR_WORK).map((work) => work(given)),
  ...entriesOf({ ...RIVALS_WORK, ...PARTS_WORK }).flatMap(([stage, work]) =>
    isWanted(given.config, stage) ? [{ ...work(given), stage }] : [],
  ),
  ...ablationsWork(given),
  evalWork(given),
];

/** PrLM's reward model is trained for both of its rows. */
const isWanted = (config: Given["config"], stage: keyof typeof RIVALS_WORK | keyof typeof PARTS_WORK): boolean =>
  stage === "prlm-reward" ? trainsFor(config, "prlm") || trainsFor(config, "prlm-sft") : trainsFor(config, stage);

const entriesOf = <K extends string, V>(table: Readonly<Record<K, V>>) => Object.entries(table) as [K, V][];

/** TagPR's own stages with the settings of each ablation that is asked for. */
const ablationsWork = (given: Given): StageWork[] =>
  ablationsOf(given.config).flatMap((ablation) =>
    ABLATION_STAGES.filter((one) => one.ablation === ablation).map(({ name, stage }) => {
      return { ...TAGPR_WORK[stage]({ ...given, config: ablated(given.config, ablation) }), stage: name };
    }),
  );

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
    ...{ steps: 0, checkpoints: 0, loops: 0, kept: 0 },
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

function evalWork(given: Given): StageWork {
  const { config, tasks } = given;
  const queries = sum(tasks, (t) => t.test);
  const asked = [...config.eval.methods, ...config.eval.swap];
  return {
    stage: "eval",
    ...{ steps: 0, checkpoints: 0, loops: 0, kept: 0 },
    asked: asked.flatMap((name) => apiWork(name, queries, given)),
    passes: [
      ...asked.flatMap((name) => answerPasses(name, queries, given)),
      ...config.eval.causal.methods.flatMap(() => causalPasses(given)),
    ],
  };
}

function answerPasses(name: string, queries: number, given: Given): StageWork["passes"] {
  const { config, assumed } = given;
  const method = methodOf(name, config);
  const { responses = 1 } = method;
  if (responses === 0) return [];
  const prompt = method.profile ? promptOf(given) : assumed.bare_tokens;
  const completion = method.reasoning ? responseOf(given, config.eval.max_tokens) : assumed.answer_tokens;
  return [pass(name, "sample", [queries, responses], [prompt, completion], Math.ceil(queries / config.eval.batch))];
}

/** Chains share what stands before the step that is changed: half of them, on average, is read anew. */
function causalPasses(given: Given): StageWork["passes"] {
  const { config, tasks, assumed } = given;
  const queries = sum(tasks, ({ test }) => Math.min(test, config.eval.causal.queries));
  const size = [queries, assumed.changed_chains] as const;
  const units = Math.ceil((8 * queries) / config.eval.batch);
  const prompt = promptOf(given);
  const chain = responseOf(given, config.eval.max_tokens) / 2;
  return [
    pass("changed chains", "forward", size, [prompt, chain + assumed.answer_tokens], units),
    pass("what is answered behind them", "sample", size, [prompt, assumed.answer_tokens], units),
  ];
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
