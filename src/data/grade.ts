import { TagprError } from "../core/errors.ts";
import type { Task } from "./task.ts";

/**
 * The number that a grade is written as: `5.0`, `4,5` (a decimal comma), `4.5 stars`, `7/10`, `4 out of 5`, `★★★★☆`. Null where
 * the text is no grade. The scale stays behind: {@link scaleOf} tells it.
 */
export function readGrade(text: string): number | null {
  const plain = plainGrade(text);
  if (/^★+[☆✩]*$/.test(plain)) return plain.replace(/[^★]/g, "").length;
  if (/^(?:⭐️?)+$/u.test(plain)) return [...plain].filter((sign) => sign === "⭐").length;
  const found = GRADE.exec(plain);
  if (found === null) return null;
  const value = Number((found[1] ?? "").replace(",", "."));
  return Number.isFinite(value) ? value : null;
}

/** The highest grade of the scale that a grade names: 10 in `7/10`; null where it names none. */
export function scaleOf(text: string): number | null {
  const scale = GRADE.exec(plainGrade(text))?.[2];
  return scale === undefined ? null : Number(scale);
}

/** The sentence for grades that can't be compared: 3 of 5 is none of the grades from 1 to 10. */
export function scalesError(column: string, scales: readonly number[]): TagprError {
  return new TagprError("data", `${column} has grades of different scales: of ${scales.join(", of ")}`, {
    hint: "Bring them to one scale in the table, or keep the rows of one.",
  });
}

/** Chinese and Japanese tables have digits of full width too. */
const plainGrade = (text: string): string => text.replace(/[０-９．，／％]/g, (wide) => wide.normalize("NFKC")).trim();

const GRADE =
  /^([-+]?(?:\d{1,4}(?:[.,]\d{1,4})?|[.,]\d{1,4}))\s{0,4}(?:(?:\/|out of|of|von|sur|de)\s{0,4}(\d{1,4})(?:\.0+)?)?\s{0,4}(?:[-\s]?(?:stars?|points?|pts?\.?|sterne?|étoiles?|estrellas?|★|⭐️?|星|分|点|점|%))?$/iu;

/**
 * The label of a task that a text means: the very text, or for grades the one that is the same number, however written. Null
 * where it is none.
 */
export function labelOf({ kind, labels }: Pick<Task, "kind" | "labels">, text: string): string | null {
  const plain = text.trim();
  if (labels.includes(plain)) return plain;
  const composed = plain.normalize("NFC");
  const same = labels.find((label) => label.normalize("NFC") === composed);
  if (same !== undefined) return same;
  if (kind === "ordinal") return sameNumber(labels, readGrade(plain));
  // Labels that are numbers, as a classifier's classes often are.
  return /^-?\d+\.0+$/.test(plain) ? sameNumber(labels, Number(plain)) : null;
}

const sameNumber = (labels: readonly string[], value: number | null): string | null =>
  value === null ? null : (labels.find((label) => label !== "" && Number(label) === value) ?? null);
