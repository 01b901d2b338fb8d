import { zipStrict } from "../core/zip.ts";
import type { ChatModel, ChatRequest } from "../llm/types.ts";
import { promptText } from "./asked.ts";
import type { Candidate, Grades, Judge, Sampling } from "./types.ts";

const SYSTEM = `You grade the reasoning of an assistant that answers as one particular user would, from that user's history. Give each criterion a whole number from 1 (bad) to 5 (good):
logical_consistency: each step follows from what stands before it, and the answer from the last step.
factual_accuracy: everything said of the history is true of the history shown; nothing is invented.
completeness: the relevant parts of the history and of the query are used.
conciseness: nothing is said twice or beside the point.
Answer with one JSON object that has these four keys and nothing else.`;

/** The judge's prompt (paper section 3.2, LLM filter). It shows what the teacher saw and said; never the gold. */
export function judgeRequest(candidate: Candidate, sampling: Sampling): ChatRequest {
  const { task, example, reasoning, answer } = candidate;
  const content = `<prompt>\n${promptText(task, example)}\n</prompt>\n<reasoning>\n${reasoning}\n</reasoning>\n<answer>\n${answer}\n</answer>`;
  return {
    messages: [
      { role: "system", content: SYSTEM },
      { role: "user", content },
    ],
    n: 1,
    ...sampling,
  };
}

const CRITERIA = ["logical_consistency", "factual_accuracy", "completeness", "conciseness"] as const;

/**
 * The four grades in a judge's answer, in JSON, in a fenced block or in plain lines; the last mention of a criterion
 * counts, after any thoughts; the scale behind its name, as in `conciseness (1-5): 4`, is none. Null when one is missing or outside of 1–5.
 */
export function readGrades(text: string): Grades | null {
  const said = text.slice(text.lastIndexOf("</think>") + 1);
  const grades = CRITERIA.map((name) => {
    const scale = "(?:\\s*\\(\\s*1\\s*(?:[-–—]|to)\\s*5\\s*\\))?";
    const form = new RegExp(`${name.replace("_", "[_ ]")}${scale}[^\\p{L}\\d]{1,8}(\\d+(?:\\.\\d+)?)`, "giu");
    const value = Number([...said.matchAll(form)].at(-1)?.[1] ?? Number.NaN);
    return value >= 1 && value <= 5 ? value : null;
  });
  const [logical_consistency, factual_accuracy, completeness, conciseness] = grades;
  if (logical_consistency == null || factual_accuracy == null || completeness == null || conciseness == null)
    return null;
  return { logical_consistency, factual_accuracy, completeness, conciseness };
}

export const totalOf = (grades: Grades): number => CRITERIA.reduce((sum, name) => sum + grades[name], 0);

/** A chat model as judge. */
export function modelJudge(model: ChatModel, sampling: Sampling = { temperature: 0, maxTokens: 512 }): Judge {
  return {
    name: model.name,
    grade: async (candidates, onDone) => {
      const results = await model.completeMany(
        candidates.map((one) => judgeRequest(one, sampling)),
        onDone,
      );
      return zipStrict(candidates, results).map(([, { texts }]) => readGrades(texts[0] ?? ""));
    },
    spent: model.spent,
  };
}
