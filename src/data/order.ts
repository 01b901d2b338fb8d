import { compareDates } from "./dates.ts";
import { says } from "./guess/words.ts";
import type { Leak } from "./leaks.ts";
import type { Task } from "./task.ts";
import { timeColumn } from "./time/column.ts";
import type { Example } from "./types.ts";

/** Share of a field's texts that are times, for the field to be one. */
const SHARE = 0.9;

/**
 * Looks at fields of history items that say a time though nothing was put in order by them: histories that go backwards by such
 * a field show what came later as if it came before.
 */
export function orderWithin(task: Task, split: string): { see(example: Example): void; found(): Leak[] } {
  const fields = task.itemFields.filter(({ name }) => says("time", name)).map(({ name }) => name);
  const seen: { id: string; texts: Readonly<Record<string, string>>[] }[] = [];
  return {
    see: ({ id, profile }) => {
      if (fields.length > 0 && profile.length > 1) seen.push({ id, texts: profile.map((item) => item.fields) });
    },
    found: () =>
      fields.flatMap((field): Leak[] => {
        const column = timeColumn();
        for (const { texts } of seen) for (const one of texts) column.add(one[field] ?? "");
        const { reading, total, readable } = column.findings();
        if (total === 0 || readable < SHARE * total) return [];
        const ids = seen
          .filter(({ texts }) => backwards(texts.map((one) => reading.read(one[field] ?? ""))))
          .map(({ id }) => id);
        const message = `${split}: histories whose order the items' own ${field} contradicts (record.date of the task file puts them in order)`;
        return ids.length === 0 ? [] : [{ kind: "time", meant: false, message, ids }];
      }),
  };
}

function backwards(dates: readonly (string | null)[]): boolean {
  const known = dates.filter((date) => date !== null);
  return known.some((date, i) => i > 0 && compareDates(known[i - 1] ?? "", date) > 0);
}
