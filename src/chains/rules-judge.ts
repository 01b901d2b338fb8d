import { wordsOf } from "../core/words.ts";
import { promptText } from "./asked.ts";
import { splitPieces } from "./pieces.ts";
import { ngrams, sceneOf } from "./rules.ts";
import type { Candidate, Grades, Judge } from "./types.ts";

/**
 * The judge of runs without one: stated rules over the chain and the prompt, never the gold.
 * - logical_consistency: 5 when the last two parts say the answer (or, of a text, half of its words), 4 when the chain
 *   says it elsewhere; else 1, and 2 for a text, which chains often only lead up to.
 * - factual_accuracy: 5 minus 2 for every quotation of three words or more that the prompt does not hold, and for every
 *   item number that is not shown.
 * - completeness: 1, plus 2 for mentioning the history, 1 for the query and 1 for the answer.
 * - conciseness: 5 up to 200 words, 4 up to 400, 3 up to 800, else 2; minus 2 when more than a fifth of the 4-grams repeat.
 */
export function rulesJudge(): Judge {
  return {
    name: "rules",
    grade: async (candidates, onDone) => {
      const grades = candidates.map(gradeByRules);
      onDone?.(candidates.length);
      return grades;
    },
    spent: () => null,
  };
}

export function gradeByRules(candidate: Candidate): Grades {
  const scene = sceneOf(candidate);
  const { reasoning, task } = candidate;
  const said = answerSaid(candidate);
  return {
    logical_consistency: said === "last" ? 5 : said === "before" ? 4 : task.kind === "generation" ? 2 : 1,
    factual_accuracy: Math.max(5 - 2 * untrue(candidate), 1),
    completeness:
      1 +
      (scene.mentionsHistory(reasoning) ? 2 : 0) +
      (scene.mentionsQuery(reasoning) ? 1 : 0) +
      (said === "never" ? 0 : 1),
    conciseness: conciseness(reasoning),
  };
}

function answerSaid({ task, reasoning, answer }: Candidate): "last" | "before" | "never" {
  const wanted = wordsOf(answer);
  const says = (text: string): boolean => {
    const said = wordsOf(text);
    if (task.kind !== "generation") return ` ${said.join(" ")} `.includes(` ${wanted.join(" ")} `);
    return wanted.filter((word) => said.includes(word)).length * 2 >= wanted.length;
  };
  const pieces = splitPieces(reasoning, task.language).map(({ text }) => text);
  if (says(pieces.slice(-2).join(" "))) return "last";
  return says(reasoning) ? "before" : "never";
}

/** Quotations and item numbers that the prompt does not bear out. */
function untrue({ task, example, reasoning }: Candidate): number {
  const shown = ` ${wordsOf(promptText(task, example)).join(" ")} `;
  const quotes = [...reasoning.matchAll(/["“「]([^"“”「」]+)["”」]/g)].map(([, quote = ""]) => wordsOf(quote));
  const false_quotes = quotes.filter((words) => words.length >= 3 && !shown.includes(` ${words.join(" ")} `));
  const numbers = [...reasoning.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  return false_quotes.length + numbers.filter((number) => number < 1 || number > example.shown.length).length;
}

function conciseness(reasoning: string): number {
  const words = wordsOf(reasoning);
  const length = words.length <= 200 ? 5 : words.length <= 400 ? 4 : words.length <= 800 ? 3 : 2;
  const runs = ngrams(words, 4);
  const repeated = runs.length === 0 ? 0 : 1 - new Set(runs).size / runs.length;
  return Math.max(length - (repeated > 0.2 ? 2 : 0), 1);
}
