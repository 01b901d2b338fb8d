import { wordsOf } from "../../core/words.ts";
import type { TaggedStep } from "../pieces.ts";
import { type CheckSaid, partsOf, saysAnswer } from "../said.ts";
import type { Candidate, Grades, Judge } from "../types.ts";
import { ngrams, type Scene, sceneOf } from "./scene.ts";

/**
 * The judge of runs without one: stated rules that ask what the paper's asks, over the chain and the prompt, never the gold.
 * - logical_consistency: 5 when the last two parts say the answer (or, of a text, half of its words), 4 when the chain
 *   says it elsewhere; else 1, and 2 for a text, which chains often only lead up to; minus 2 where a step does not do what
 *   its tag says (where the teacher tagged its own).
 * - factual_accuracy: 5 minus 2 for every false thing said of the items; 1 when nothing at all is said of them.
 * - completeness: 1, plus 2 for saying something of the items that is so, 1 for the query and 1 for the answer.
 * - conciseness: 5 up to 200 words, 4 up to 400, 3 up to 800, else 2; minus 2 when more than a fifth of the 4-grams repeat.
 * So a chain that says nothing of this user's items gets 14 at most, and is not kept at the paper's threshold.
 */
export const rulesJudge = (check: CheckSaid): Judge => ({
  name: "rules",
  grade: async (candidates, onDone) => {
    const grades = candidates.map((candidate) => gradeByRules(candidate, check));
    onDone?.(candidates.length);
    return grades;
  },
  spent: () => null,
});

export function gradeByRules(candidate: Candidate, check: CheckSaid): Grades {
  const scene = sceneOf(candidate);
  const { reasoning, task, example } = candidate;
  const checked = check(reasoning, task, example);
  const wrong = checked.filter(({ fault }) => fault !== null).length;
  const speaks = checked.length > wrong || scene.repeatsItem(reasoning);
  const said = answerSaid(candidate);
  const judging: Judging = { candidate, scene, check };
  const undone = candidate.steps?.some((step) => !doesAsTagged(step, judging)) ?? false;
  const follows = said === "last" ? 5 : said === "before" ? 4 : task.kind === "generation" ? 2 : 1;
  return {
    logical_consistency: Math.max(follows - (undone ? 2 : 0), 1),
    factual_accuracy: speaks || wrong > 0 ? Math.max(5 - 2 * wrong, 1) : 1,
    completeness: 1 + (speaks ? 2 : 0) + (scene.mentionsQuery(reasoning) ? 1 : 0) + (said === "never" ? 0 : 1),
    conciseness: conciseness(reasoning),
  };
}

/** What names of tags promise, where a rule can see it. */
const OF_ITEMS = /example|item|histor|recall|profile|similar/;
const OF_ANSWER = /decision|decide|answer|conclu/;
const OF_QUERY = /query|input|question/;

interface Judging {
  readonly candidate: Candidate;
  readonly scene: Scene;
  readonly check: CheckSaid;
}

function doesAsTagged({ tag, text }: TaggedStep, { candidate, scene, check }: Judging): boolean {
  if (OF_ANSWER.test(tag)) return saysAnswer(text, candidate);
  if (OF_QUERY.test(tag)) return scene.mentionsQuery(text);
  if (!OF_ITEMS.test(tag)) return true;
  return scene.repeatsItem(text) || check(text, candidate.task, candidate.example).length > 0;
}

function answerSaid(candidate: Candidate): "last" | "before" | "never" {
  if (saysAnswer(partsOf(candidate).slice(-2).join(" "), candidate)) return "last";
  return saysAnswer(candidate.reasoning, candidate) ? "before" : "never";
}

function conciseness(reasoning: string): number {
  const words = wordsOf(reasoning);
  const length = words.length <= 200 ? 5 : words.length <= 400 ? 4 : words.length <= 800 ? 3 : 2;
  const runs = ngrams(words, 4);
  const repeated = runs.length === 0 ? 0 : 1 - new Set(runs).size / runs.length;
  return Math.max(length - (repeated > 0.2 ? 2 : 0), 1);
}

/** More of a chain's runs of three words than this stand in the query: it says the query again. */
const REPEATED = 0.5;

/** Whether a chain says nothing of the items and little but what the query says. */
export function repeatsQuery(candidate: Candidate, check: CheckSaid): boolean {
  const { reasoning, task, example } = candidate;
  if (check(reasoning, task, example).length > 0 || sceneOf(candidate).repeatsItem(reasoning)) return false;
  const asked = new Set(ngrams(wordsOf(example.input), 3));
  const runs = ngrams(wordsOf(reasoning), 3);
  return runs.length > 0 && runs.filter((run) => asked.has(run)).length > REPEATED * runs.length;
}
