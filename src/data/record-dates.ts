import { TagprError } from "../core/errors.ts";
import type { Problem } from "./problem.ts";
import type { Entry, RawItem, RecordColumns } from "./record-row.ts";
import { namedReading, type TimeFindings, type TimeReading, timeColumn } from "./time/column.ts";
import type { ProfileItem } from "./types.ts";

/** An entry whose dates are read. */
export interface TimedEntry extends Omit<Entry, "item" | "profile"> {
  readonly item: ProfileItem;
  readonly profile: readonly ProfileItem[] | null;
}

/**
 * Reads the dates of all rows by one reading of the whole column: what stands in the task file, else what the column's texts
 * say together. Throws where a day and a month can't be told apart; a date that can't be read is handed to `onBad`.
 */
export function timed(
  entries: readonly Entry[],
  record: RecordColumns,
  onBad: (problem: Problem) => void,
): TimedEntry[] {
  const own = readingOf(
    record.date,
    record.dateFormat,
    entries.map(({ item }) => item),
  );
  const items = readingOf(
    record.itemDate,
    undefined,
    entries.flatMap(({ profile }) => profile ?? []),
  );
  return entries.flatMap(({ item, profile, ...entry }) => {
    const dated = withDate(item, own);
    if (dated === null) {
      onBad({
        ...{
          place: `row ${entry.number}`,
          kind: `the date in ${record.date} can't be read${own?.format === undefined ? "" : ` as ${own.format}`}`,
        },
        ...{
          detail: JSON.stringify(item.when),
          hint: "Mend the row, or say how dates are written with record.dateFormat.",
        },
      });
      return [];
    }
    return [
      {
        ...entry,
        item: dated,
        profile: profile === null ? null : profile.map((one) => withDate(one, items) ?? undated(one)),
      },
    ];
  });
}

function readingOf(
  column: string | undefined,
  format: string | undefined,
  items: readonly RawItem[],
): TimeReading | null {
  if (column === undefined) return null;
  if (format !== undefined) return namedReading(format);
  const texts = timeColumn();
  for (const { when } of items) if (when !== null) texts.add(when);
  const { reading, doubt } = texts.findings();
  if (doubt !== null) throw doubtError(column, doubt);
  return reading;
}

/** The sentence for dates that only a person can read. */
export function doubtError(column: string, { formats, example }: NonNullable<TimeFindings["doubt"]>): TagprError {
  return new TagprError(
    "data",
    `the dates in ${column} can be read in more than one way: ${JSON.stringify(example)} as ${formats.join(" or ")}`,
    {
      hint: `Say which: --date-format "${formats[0]}" or --date-format "${formats[1] ?? "yyyy-MM-dd"}" (record.dateFormat in the task file).`,
    },
  );
}

const undated = ({ id, fields }: RawItem): ProfileItem => ({ id, fields });

function withDate(item: RawItem, reading: TimeReading | null): ProfileItem | null {
  if (reading === null) return undated(item);
  const date = item.when === null ? null : reading.read(item.when);
  return date === null ? null : { id: item.id, date, fields: item.fields };
}
