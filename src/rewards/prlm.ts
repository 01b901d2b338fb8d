import type { RewardsConfig } from "../core/config/schema.ts";
import type { Task } from "../data/task.ts";
import { rouge, type Tokens } from "../metrics/rouge.ts";
import { conventionOf } from "../metrics/score.ts";
import type { OwnItem, OwnSignal } from "./own.ts";
import { verifiableReward } from "./verifiable.ts";

/** PrLM's three rewards and their weights (source: 1, 0.1, 0.1), as signals of the RL loop. */
export const PRLM_WEIGHTS = { quality: 1, closed: 0.1, personal: 0.1 } as const;

/** What a text that says nothing earns of the personal reward (source: −10, on headlines; here on every task of writing). */
const EMPTY = -10;

/** Weights of the paper's signals are 0: PrLM has its own three. */
export function prlmRewards(rewards: RewardsConfig): RewardsConfig {
  const none = { verifiable: 0, format: 0, repetition: 0, tag: 0, personalization: 0, grounding: 0 };
  const signal = (weight: number): RewardsConfig["own"][string] => ({
    ...{ weight, module: "prlm", url: "", key_env: "", version: "" },
    ...{ batch: 64, concurrency: 1, timeout_seconds: 60 },
  });
  const { quality, closed, personal } = PRLM_WEIGHTS;
  return {
    ...rewards,
    ...none,
    of: {},
    own: { quality: signal(quality), closed: signal(closed), personal: signal(personal) },
  };
}

/**
 * - `quality`: ROUGE-1 + ROUGE-2 + ROUGE-L F of a text; of a label or a grade, which the source doesn't have, the verifiable reward
 * - `closed`: 1 where a line break stands before `</think>`
 * - `personal`: the sigmoid of the contrastive reward model's logit of query and answer; it sees neither items nor reasoning
 *
 * @param logitsOf the reward model's logits, one an item
 */
export function prlmSignals(
  tasks: readonly Task[],
  logitsOf: (items: readonly OwnItem[]) => Promise<readonly number[]>,
): OwnSignal[] {
  const taskOf = ({ task }: OwnItem): Task => tasks.find(({ name }) => name === task) as Task;
  const sync = (name: string, score: (item: OwnItem) => number): OwnSignal => ({
    name,
    score: async (items) => items.map(score),
  });
  return [
    sync("quality", (item) => qualityOf(taskOf(item), item)),
    sync("closed", ({ response }) => (closesOnItsLine(response) ? 1 : 0)),
    {
      name: "personal",
      score: async (items) => {
        const read = items.filter(({ answer }) => !isEmpty(answer));
        const logits = [...(read.length === 0 ? [] : await logitsOf(read))];
        return items.map((item) => {
          if (!isEmpty(item.answer)) return 1 / (1 + Math.exp(-(logits.shift() ?? 0)));
          return taskOf(item).kind === "generation" ? EMPTY : 0;
        });
      },
    },
  ];
}

const isEmpty = (answer: string | null): boolean => answer === null || answer.trim() === "";

function qualityOf(task: Task, { gold, answer }: OwnItem): number {
  if (gold === null || isEmpty(answer)) return 0;
  if (task.kind !== "generation") return verifiableReward(task, gold, answer);
  const { rouge1, rouge2, rougeL } = rouge(gold.toLowerCase(), (answer ?? "").toLowerCase(), tokensFor(task));
  return rouge1.f + rouge2.f + rougeL.f;
}

/** The scores' own tokens, where they are rouge_score's. */
function tokensFor(task: Task): Tokens {
  const convention = conventionOf(task);
  return convention === "rouge_chinese" || convention === "pltrdy" ? "tokens" : convention;
}

/** `</think>` stands at the start of a line, white space aside: as PrLM's answers end their reasoning. */
const closesOnItsLine = (response: string): boolean =>
  response
    .split("</think>")
    .slice(0, -1)
    .some((before) => before.slice(before.trimEnd().length).includes("\n"));
