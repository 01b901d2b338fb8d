import { TagprError } from "../core/errors.ts";
import type { Task } from "../data/task.ts";
import { rouge1L } from "../metrics/rouge.ts";
import { conventionOf } from "../metrics/score.ts";
import { sameText } from "../prompts/answer.ts";

/**
 * Verifiable reward (paper eq. 6), in [0, 1], of an answer read strictly; null (unreadable, truncated, hedged) is 0.
 *
 * - classification: 1 if equal to gold (in NFC), else 0
 * - ordinal (ours): 1 − |y − ŷ|/(highest − lowest grade), for LaMP-3 the 4 of its five grades
 * - generation (ours): mean of ROUGE-1 F and ROUGE-L F, counted as in the scores (`conventionOf`)
 *
 * @throws TagprError when gold is no grade of an ordinal task.
 */
export function verifiableReward(task: Task, gold: string, answer: string | null): number {
  if (answer === null) return 0;
  if (task.kind === "classification") return sameText(answer, gold.trim()) ? 1 : 0;
  if (task.kind === "ordinal") return ordinal(task, gold, answer);
  const [unigrams, subsequence] = rouge1L(gold, answer, conventionOf(task));
  return (unigrams + subsequence) / 2;
}

function ordinal(task: Task, gold: string, answer: string): number {
  const grades = task.labels.map(Number);
  const range = Math.max(...grades) - Math.min(...grades);
  if (!grades.includes(Number(gold)))
    throw new TagprError("data", `${task.name}: gold ${JSON.stringify(gold)} is none of ${task.labels.join(", ")}`, {
      hint: "Mend the outputs file, or the labels of the task's YAML.",
    });
  return range === 0 ? 1 : 1 - Math.abs(Number(gold) - Number(answer)) / range;
}
