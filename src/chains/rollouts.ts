import type { ChainsConfig } from "../core/config/schema.ts";
import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import { taskOf } from "../data/find-task.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { ChatResult } from "../llm/types.ts";
import { readAnswer } from "../prompts/answer.ts";
import { readResponse } from "../prompts/response.ts";
import { judgeAccuracy } from "./accuracy.ts";
import { withoutGold } from "./asked.ts";
import type { TaggedStep } from "./pieces.ts";
import { isTagName, tagName } from "./tag-name.ts";
import type { Posed, RunTeacher } from "./teacher.ts";
import type { Candidate, Rollout } from "./types.ts";

/** What came to nothing. */
export interface Lost {
  /** Requests that a teacher would not answer, and that ended without a whole answer. */
  readonly refused: number;
  readonly failed: number;
  readonly unreadable: number;
}

export interface RolledOut extends Lost {
  readonly rollouts: Rollout[];
  /** Those that passed the accuracy filter, in the order of the roll-outs. */
  readonly accepted: Candidate[];
}

export interface Rolling {
  readonly tasks: readonly Task[];
  readonly config: Pick<ChainsConfig, "rollouts" | "rouge_threshold" | "ordinal_tolerance">;
  readonly onDone: (done: number) => void;
}

/** Asks each teacher for its share of `config.rollouts` chains a query, and applies the accuracy filter; who is always shown the answer is not asked here. */
export async function rollOut(
  examples: readonly ShownExample[],
  teachers: readonly RunTeacher[],
  rolling: Rolling,
): Promise<RolledOut> {
  const { tasks, config, onDone } = rolling;
  const posed = examples.map((example): Posed => ({ task: taskOf(tasks, example), example: withoutGold(example) }));
  const counts = shared(config.rollouts, teachers);
  const parts: Part[] = [];
  let from = 0;
  for (const [t, { teacher, rationalize }] of teachers.entries()) {
    const n = rationalize === "always" ? 0 : (counts[t] ?? 0);
    const done = (some: number): void => onDone(Math.floor((t * examples.length + some) / teachers.length));
    const results = n === 0 ? posed.map((): ChatResult => NOTHING) : await teacher.write(posed, n, done);
    parts.push({ by: teacher.name, from, results: zipStrict(posed, results).map(([, result]) => result) });
    from += n;
  }
  return together(
    examples.map((example, q) => queryOf(example, q, parts, rolling)),
    parts,
  );
}

/** What one teacher wrote; its roll-outs of a query are numbered from `from`. */
interface Part {
  readonly by: string;
  readonly from: number;
  readonly results: readonly ChatResult[];
}

const NOTHING: ChatResult = { texts: [], truncated: [], usage: { promptTokens: 0, completionTokens: 0 } };

type OfQuery = Pick<RolledOut, "rollouts" | "accepted">;

function queryOf(example: ShownExample, q: number, parts: readonly Part[], rolling: Rolling): OfQuery {
  const read = parts.flatMap(({ by, from, results }) =>
    (results[q]?.texts ?? []).map((text, k) =>
      judged(example, { text, by, i: from + k, truncated: results[q]?.truncated[k] ?? false }, rolling),
    ),
  );
  return {
    rollouts: read.map(({ rollout }) => rollout),
    accepted: read.flatMap(({ candidate }) => candidate ?? []),
  };
}

interface Written {
  readonly text: string;
  readonly by: string;
  readonly i: number;
  readonly truncated: boolean;
}

/** One response, read and compared with the gold. */
export function judged(
  example: ShownExample,
  { text, by, i, truncated }: Written,
  { tasks, config }: Pick<Rolling, "tasks" | "config">,
): { readonly rollout: Rollout; readonly candidate: Candidate | null } {
  const task = taskOf(tasks, example);
  const read = readText(task, text, truncated);
  const verdict = read ? judgeAccuracy(task, read.answer, goldOf(example), config) : { score: 0, accepted: false };
  return {
    rollout: { task: task.name, query: example.id, i, text, answer: read?.answer ?? null, ...verdict },
    candidate: read && verdict.accepted ? { task, example: withoutGold(example), i, by, ...read } : null,
  };
}

function together(queries: readonly OfQuery[], parts: readonly Part[]): RolledOut {
  const rollouts = queries.flatMap((one) => one.rollouts);
  const results = parts.flatMap((part) => part.results);
  return { rollouts, accepted: queries.flatMap((one) => one.accepted), ...lostOf(results, rollouts) };
}

/** Of a teacher's results and what was read of them. */
export const lostOf = (results: readonly ChatResult[], rollouts: readonly Pick<Rollout, "answer">[]): Lost => ({
  refused: results.filter(({ refused }) => refused !== undefined).length,
  failed: results.filter(({ failed }) => failed !== undefined).length,
  unreadable: rollouts.filter(({ answer }) => answer === null).length,
});

/** A number of roll-outs by shares: whole ones, the largest remainders rounded up. */
export function shared(count: number, teachers: readonly Pick<RunTeacher, "share">[]): number[] {
  const sum = teachers.reduce((total, { share }) => total + share, 0);
  const exact = teachers.map(({ share }) => (count * share) / sum);
  const whole = exact.map(Math.floor);
  const left = count - whole.reduce((total, n) => total + n, 0);
  const order = exact.map((x, t) => ({ t, rest: x - Math.floor(x) })).toSorted((a, b) => b.rest - a.rest || a.t - b.t);
  for (const { t } of order.slice(0, left)) whole[t] = (whole[t] ?? 0) + 1;
  return whole;
}

interface ReadText {
  readonly reasoning: string;
  readonly answer: string;
  readonly steps?: readonly TaggedStep[];
}

/** Chain and answer of a roll-out; teachers say "Answer: comedy." at times, so the answer is read leniently. Steps that it tagged itself stay. */
function readText(task: Task, text: string, truncated: boolean): ReadText | null {
  const read = readResponse(text, { task, truncated });
  if (!read.formatOk || read.think === null) return null;
  const answer = readAnswer(task, read.answerText, "lenient");
  if (answer === null) return null;
  const steps = read.steps.map(({ tag, text: said }) => ({ tag: tagName(tag ?? ""), text: said }));
  if (!read.chainOk || steps.length === 0 || !steps.every(({ tag }) => isTagName(tag)))
    return { reasoning: read.think.trim(), answer };
  return { reasoning: steps.map(({ text: said }) => said).join("\n"), answer, steps };
}

export function goldOf(example: ShownExample): string {
  if (example.gold !== null) return example.gold;
  throw new TagprError("data", `query ${example.id} has no gold answer, so its chains can't be filtered`, {
    hint: "Chains are made from labelled training queries: check the outputs file beside the questions.",
  });
}
