import type { Config } from "../../core/config/schema.ts";
import type { StageName } from "../../core/stages.ts";
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
  /** Training loops, each with states that are kept at once (`keep_checkpoints`) and best weights; none where nothing is trained. */
  readonly loops: number;
  readonly kept: number;
}

export interface Given {
  readonly config: Config;
  readonly tasks: readonly TaskSizes[];
  readonly assumed: Assumptions;
}

export const sum = (tasks: readonly TaskSizes[], pick: (task: TaskSizes) => number): number =>
  tasks.reduce((total, task) => total + pick(task), 0);
export const promptOf = ({ config, assumed }: Given): number => assumed.prompt_tokens || 0.3 * config.prompt.max_tokens;
export const responseOf = ({ assumed }: Given, cutOff: number): number =>
  Math.min(cutOff, assumed.response_tokens || (cutOff < 512 ? 0.4 : 0.15) * cutOff);

export const pass = (
  what: string,
  kind: Pass["kind"],
  [groups, each]: readonly [number, number],
  [prompt, completion]: readonly [number, number],
  units: number,
  model: Pass["model"] = "policy",
): Pass => ({ what, kind, model, groups, each, prompt, completion, units });

/** Chains that come out: those that were seen to, else by the assumed shares at most `per_query` of a query's kept ones. */
export function keptChains({ config, tasks, assumed }: Given): {
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
