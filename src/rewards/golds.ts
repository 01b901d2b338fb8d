import { TagprError } from "../core/errors.ts";
import { guessLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";
import type { Question } from "../data/types.ts";
import { conventionOf } from "../metrics/score.ts";
import { readResponse } from "../prompts/response.ts";
import { verifiableReward } from "./verifiable.ts";

/** Golds of free text that earn less than 1 are told; more than this share of them, and the run is refused. */
const MOST_SHARE = 0.01;
/** English ROUGE counts [a-z0-9] alone: where that is less of the golds' letters than this, it counts something else. */
const LEAST_COUNTED = 0.5;

/** What the reward of a task's own gold answers says before anything is trained. */
export interface GoldCheck {
  readonly golds: number;
  /** Queries whose gold would earn less than 1 against itself. */
  readonly short: readonly { readonly id: string; readonly gold: string; readonly reward: number }[];
}

/** What an answer equal to gold would earn, in [0, 1]; 0 where the strict reading can't read it. */
export function goldReward(task: Task, gold: string): number {
  const { answer } = readResponse(`<think>.</think>\n${gold}`, { task });
  return answer === null ? 0 : verifiableReward(task, gold, answer);
}

/**
 * Refuses a task whose gold answers would earn less than 1 against themselves: any of the labels or grades, more than
 * {@link MOST_SHARE} of free texts, or texts in a script that the task's ROUGE mostly drops.
 * @throws TagprError `data`
 */
export function checkGolds(task: Task, questions: Iterable<Pick<Question, "id" | "gold">>): GoldCheck {
  const short: { id: string; gold: string; reward: number }[] = [];
  const golds: string[] = [];
  for (const { id, gold } of questions) {
    if (gold === null) continue;
    golds.push(gold);
    const reward = goldReward(task, gold);
    if (reward < 1 - 1e-9) short.push({ id, gold, reward });
  }
  const allowed = task.kind === "generation" ? MOST_SHARE * golds.length : 0;
  const counted = task.kind === "generation" && conventionOf(task) === "english" ? countedShare(golds) : 1;
  if (counted < LEAST_COUNTED)
    throw new TagprError(
      "data",
      `${task.name}: the task's language is ${task.language}, whose ROUGE counts ${Math.round(100 * counted)}% of the gold answers' letters (only a-z and 0-9): right answers would hardly be told from wrong ones`,
      { hint: languageHint(golds) },
    );
  if (short.length > allowed) {
    const named = short
      .slice(0, 3)
      .map(({ id, gold, reward }) => `${id} ${JSON.stringify(gold.slice(0, 60))}: ${reward.toFixed(3)}`);
    throw new TagprError(
      "data",
      `${task.name}: ${short.length} of ${golds.length} gold answers would earn less than 1 against themselves (${named.join(", ")}${short.length > 3 ? ", …" : ""})`,
      { hint: HINTS[task.kind](task, golds) },
    );
  }
  return { golds: golds.length, short };
}

const languageHint = (golds: readonly string[]): string => {
  const language = guessLanguage(golds);
  return `Write the language into the task's YAML${language === "en" ? "" : `, language: ${language} by its script`}, and build the data again.`;
};

const HINTS: Readonly<Record<Task["kind"], (task: Task, golds: readonly string[]) => string>> = {
  classification: ({ labels }) => `Golds must be one of the task's labels, as they are written: ${labels.join(", ")}.`,
  ordinal: ({ labels }) => `Golds must be one of the task's grades: ${labels.join(", ")}.`,
  generation: ({ language }, golds) =>
    guessLanguage(golds) === language
      ? "An answer may not be empty, nor hold markup such as <b>: mend those golds, or leave them out."
      : languageHint(golds),
};

/** Share of letters and digits that English ROUGE counts. */
function countedShare(golds: readonly string[]): number {
  let [letters, counted] = [0, 0];
  for (const gold of golds) {
    letters += gold.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
    counted += gold.toLowerCase().match(/[a-z0-9]/g)?.length ?? 0;
  }
  return letters === 0 ? 1 : counted / letters;
}
