import { stream } from "../core/random.ts";
import { taskOf } from "../data/find-task.ts";
import { evidenceOf, queryContent, stateNow } from "../data/synthetic/ceilings.ts";
import { outcomePosterior, outcomesOf } from "../data/synthetic/posterior.ts";
import { openOutcomes, type Shape } from "../data/synthetic/shape.ts";
import { shapeOf } from "../data/synthetic/shapes.ts";
import type { World } from "../data/synthetic/world-types.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import { readResponse } from "../prompts/response.ts";
import { verifiableReward } from "../rewards/verifiable.ts";
import type { ScoreItem, Scorer } from "./scorer-types.ts";

/** In place of a reward model, in the synthetic world: bounds of what any one can do, and a control. */
export const ORACLES = ["oracle-prompt", "oracle-user", "placebo"] as const;
export type Oracle = (typeof ORACLES)[number];

export const isOracle = (variant: string): variant is Oracle => ORACLES.some((one) => one === variant);

/** What `scorer.json` holds where no model was trained. */
export interface OracleFile {
  readonly oracle: Oracle;
}

export interface OracleOptions {
  readonly oracle: Oracle;
  readonly world: World;
  readonly tasks: readonly Task[];
  readonly tags: readonly string[];
  readonly seed: number;
}

/**
 * Scores a response by its answer alone: the verifiable reward that it can expect of the gold,
 *
 *   score = Σ_o P(o) · verifiable(gold of o, answer)
 *
 * with P the exact posterior of who sees the prompt and knows the population (`oracle-prompt`: the almanac and the shown
 * items), or of who knows the user's private state, so that only noise is left (`oracle-user`). `placebo` gives the scores
 * of `oracle-prompt` to other responses of the same call, at random: the same numbers without what they say.
 *
 * Style marks of an author are left out of the golds: no prompt can tell them for sure.
 *
 * The logit is that of the score, so that the plain sigmoid is the score; the centre is none.
 */
export function makeOracle({ oracle, world, tasks, tags, seed }: OracleOptions): Scorer & { close(): Promise<void> } {
  const beliefs = new WeakMap<ShownExample, Belief>();
  const believe = (example: ShownExample): Belief => {
    const known = beliefs.get(example) ?? beliefOf(world, example, oracle === "oracle-user");
    beliefs.set(example, known);
    return known;
  };
  const scoreOne = ({ example, text }: ScoreItem): number => {
    const task = taskOf(tasks, example);
    const { answer } = readResponse(text, { task, tags, truncated: false });
    const worth = believe(example).map(({ p, gold }) => p * verifiableReward(task, gold, answer));
    return logitOf(worth.reduce((sum, x) => sum + x, 0));
  };
  return {
    centre: { mean: 0, spread: 1 },
    score: async (items) => {
      const scores = items.map(scoreOne);
      if (oracle !== "placebo") return scores;
      const call = items.map(({ example, text }) => `${example.task}/${example.id} ${text}`).join("\n");
      return stream(seed, "prmu", "placebo", call).shuffle(scores);
    },
    close: async () => undefined,
  };
}

/** What the gold may be, and how likely each is. */
type Belief = readonly { readonly p: number; readonly gold: string }[];

function beliefOf(world: World, shown: ShownExample, knowsUser: boolean): Belief {
  const shape = shapeOf(shown.task);
  // What is left of the history is what the prompt shows; its order is its age.
  const example = { ...shown, profile: [] };
  const content = queryContent(shape, example);
  const outcomes = knowsUser
    ? outcomesOf(world, shape, known(shape, stateNow(world, shape, shown, content)), content)
    : outcomePosterior(world, shape, evidenceOf(shape, example, shown.shown), content);
  return openOutcomes(shape, content).map((o) => ({ p: outcomes[o] ?? 0, gold: shape.answer(content, o, "") }));
}

const known = (shape: Shape, state: number): number[] =>
  Array.from({ length: shape.states }, (_, s) => (s === state ? 1 : 0));

/** Of a score in [0, 1]; the ends are as far as a double can tell from them. */
const logitOf = (score: number): number => {
  const p = Math.min(1 - 1e-9, Math.max(1e-9, score));
  return Math.log(p / (1 - p));
};
