import type { Contender } from "./contenders.ts";
import type { ScoreTable } from "./score-table.ts";

/** A sentence a row on how it stands against the one that all are tested against. */
export function saysOfOthers(
  { verdicts, columns }: ScoreTable,
  contenders: readonly Contender[],
  against: string,
): string[] {
  const whole = contenders.find(({ key }) => key === against);
  if (whole === undefined) return [];
  return contenders
    .filter(({ key }) => key !== against)
    .map(({ key, label }) => {
      const own = verdicts.get(key) ?? [];
      const count = (verdict: string): number => own.filter((one) => one === verdict).length;
      const tied = count("tied") > 0 ? `, the very same in ${count("tied")}` : "";
      return `${label}: better than ${whole.label} in ${count("better")}, worse in ${count("worse")}, undecided in ${count("undecided")}${tied} of ${columns.length} columns.`;
    });
}
