import type { ChainsConfig } from "../core/config/schema.ts";
import type { Task } from "../data/task.ts";
import { rouge1L } from "../metrics/rouge.ts";
import { conventionOf } from "../metrics/score.ts";
import { sameText } from "../prompts/answer.ts";

/** How right an answer is, and whether the accuracy filter lets it pass. The only step that looks at golds. */
export function judgeAccuracy(
  task: Task,
  answer: string,
  gold: string,
  config: Pick<ChainsConfig, "rouge_threshold" | "ordinal_tolerance">,
): { readonly score: number; readonly accepted: boolean } {
  switch (task.kind) {
    case "classification": {
      const accepted = sameText(answer, gold.trim());
      return { score: accepted ? 1 : 0, accepted };
    }
    case "ordinal": {
      const grades = task.labels.map(Number);
      const distance = Math.abs(Number(answer) - Number(gold));
      const range = Math.max(...grades) - Math.min(...grades) || 1;
      return { score: 1 - distance / range, accepted: distance <= config.ordinal_tolerance };
    }
    case "generation": {
      const [, score] = rouge1L(gold, answer, conventionOf(task));
      return { score, accepted: score >= config.rouge_threshold };
    }
  }
}
