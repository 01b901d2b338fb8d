import { stream } from "../../core/random.ts";
import type { Task } from "../../data/task.ts";
import { readResponse } from "../../prompts/response.ts";
import { taggedCompletion } from "../pieces.ts";
import type { CheckSaid } from "../said.ts";
import type { Teacher } from "../teacher.ts";
import type { Asked } from "../types.ts";
import { CHOICES, type Draft, open } from "./choose.ts";
import { evidenceOf } from "./evidence.ts";
import { openText, TEXTS } from "./write.ts";

/** Changes with what the rules say, since a run's chains hang on it. */
export const RULES_VERSION = 4;

/**
 * Every chain that the rules make of a query's shown items (ours): which items are like it, what the user did there, what
 * stands out, the answer. All that they say of the items is so, whether or not the answer is right. Pure.
 * Given the answer they make one chain at most: what the items show, then that answer, which they leave open.
 */
export function draftsOf(task: Task, asked: Pick<Asked, "shown" | "input">, gold?: string): Draft[] {
  const evidence = evidenceOf(task, asked);
  const texts = task.kind === "generation";
  const given = texts ? openText : open;
  const strategies = texts ? TEXTS : CHOICES;
  const drafts =
    gold === undefined
      ? strategies.flatMap((strategy) => strategy(evidence) ?? [])
      : [given(evidence, gold)].filter((draft) => draft !== null);
  const distinct = [...new Map(drafts.map((draft) => [JSON.stringify(draft), draft])).values()];
  return distinct.filter(
    ({ steps, answer }) => readResponse(taggedCompletion(steps, answer), { task }).answer === answer,
  );
}

/** Those of which nothing can be read as false: what a user wrote, quoted, may read like a statement ("item 3 is …"). */
export const trueDrafts = (
  task: Task,
  asked: Pick<Asked, "shown" | "input">,
  check: CheckSaid,
  gold?: string,
): Draft[] =>
  draftsOf(task, asked, gold).filter(({ steps }) =>
    steps.every(({ text }) => check(text, task, asked).every(({ fault }) => fault === null)),
  );

/**
 * The teacher for people without one (ours): stated rules in place of a model. Unless it is shown the gold
 * (`teacher.rationalize`) it knows none: the accuracy filter chooses among its ways for each query, and which of them come
 * first is drawn by query.
 */
export const rulesTeacher = (seed: number, check: CheckSaid): Teacher => ({
  name: "stated rules (TagPR's own, no model)",
  write: async (posed, n, onDone) => {
    const results = posed.map(({ task, example, gold }) => {
      const random = stream(seed, "chains", "rules", task.name, example.id);
      const some = random.shuffle(trueDrafts(task, example, check, gold)).slice(0, n);
      return {
        texts: some.map(({ steps, answer }) => taggedCompletion(steps, answer)),
        truncated: some.map(() => false),
        usage: { promptTokens: 0, completionTokens: 0 },
      };
    });
    onDone(posed.length);
    return results;
  },
  spent: () => null,
});
