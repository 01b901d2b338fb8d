import type { ChainsConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { ChatModel } from "../llm/types.ts";
import { readAnswer } from "../prompts/answer.ts";
import { readResponse } from "../prompts/response.ts";
import { judgeAccuracy } from "./accuracy.ts";
import { teacherMessages, withoutGold } from "./asked.ts";
import type { Candidate, Rollout } from "./types.ts";

export interface Teacher {
  readonly model: ChatModel;
  readonly temperature: number;
  readonly maxTokens: number;
}

export interface RolledOut {
  readonly rollouts: Rollout[];
  /** Those that passed the accuracy filter, in the order of the roll-outs. */
  readonly accepted: Candidate[];
  /** Requests that the teacher would not answer, and that ended without a whole answer. */
  readonly refused: number;
  readonly failed: number;
  readonly unreadable: number;
}

/** Asks the teacher for `config.rollouts` chains a query, and applies the accuracy filter. */
export async function rollOut(
  examples: readonly ShownExample[],
  taskOf: (name: string) => Task,
  teacher: Teacher,
  config: ChainsConfig,
  onDone: (done: number) => void,
): Promise<RolledOut> {
  const requests = examples.map((example) => ({
    messages: teacherMessages(taskOf(example.task), withoutGold(example)),
    n: config.rollouts,
    temperature: teacher.temperature,
    maxTokens: teacher.maxTokens,
  }));
  const results = await teacher.model.completeMany(requests, onDone);
  const rollouts: Rollout[] = [];
  const accepted: Candidate[] = [];
  for (const [example, result] of zipStrict(examples, results)) {
    const task = taskOf(example.task);
    for (const [i, text] of result.texts.entries()) {
      const read = readText(task, text, result.truncated[i] ?? false);
      const verdict = read ? judgeAccuracy(task, read.answer, goldOf(example), config) : { score: 0, accepted: false };
      rollouts.push({ task: task.name, query: example.id, i, text, answer: read?.answer ?? null, ...verdict });
      if (read && verdict.accepted) accepted.push({ task, example: withoutGold(example), i, ...read });
    }
  }
  return {
    rollouts,
    accepted,
    refused: results.filter(({ refused }) => refused !== undefined).length,
    failed: results.filter(({ failed }) => failed !== undefined).length,
    unreadable: rollouts.filter(({ answer }) => answer === null).length,
  };
}

/** Chain and answer of a roll-out; teachers say "Answer: comedy." at times, so the answer is read leniently. */
function readText(task: Task, text: string, truncated: boolean): { reasoning: string; answer: string } | null {
  const read = readResponse(text, { task, truncated });
  if (!read.formatOk || read.think === null) return null;
  const answer = readAnswer(task, read.answerText, "lenient");
  return answer === null ? null : { reasoning: read.think.trim(), answer };
}

function goldOf(example: ShownExample): string {
  if (example.gold !== null) return example.gold;
  throw new TagprError("data", `query ${example.id} has no gold answer, so its chains can't be filtered`, {
    hint: "Chains are made from labelled training queries: check the outputs file beside the questions.",
  });
}
