import { pythonFloat, pythonStrip } from "../core/python.ts";
import type { Task } from "../data/task.ts";
import { readAnswer, readNumber, sameText } from "./answer.ts";
import { afterReasoning } from "./reasoning.ts";

/**
 * The lenient reading of a whole response. What LaMP's own evaluation can read is taken as it stands: a label, a number
 * (also one that is no grade). Else what follows the reasoning (`afterReasoning`), read leniently; for grades
 * also a number between them (`4.5 stars`). Never null: "" when nothing can be read.
 */
export function readLeniently(text: string, task: Task): string {
  const official = readOfficially(text, task);
  if (official !== null) return official;
  const answer = afterReasoning(text);
  if (answer === null) return "";
  const read = readAnswer(task, answer, "lenient");
  if (read !== null || task.kind !== "ordinal") return read ?? "";
  const number = readNumber(task, answer);
  return number === null ? "" : String(number);
}

/** A whole text as LaMP's evaluation reads it: a label, a finite number; null where it can't, and for free text. */
export function readOfficially(text: string, task: Task): string | null {
  const stripped = pythonStrip(text);
  if (task.kind === "classification") return task.labels.find((label) => sameText(label, stripped)) ?? null;
  return task.kind === "ordinal" && Number.isFinite(pythonFloat(text) ?? Number.NaN) ? stripped : null;
}
