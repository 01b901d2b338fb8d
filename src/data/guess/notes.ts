import type { Column } from "./columns.ts";
import { isTime, type Roles } from "./roles.ts";

const KINDS = {
  text: "texts",
  number: "numbers",
  boolean: "true/false",
  list: "lists",
  items: "lists of objects",
} as const;
const several = (n: number, many: boolean): string =>
  `${many ? "more than " : ""}${n.toLocaleString("en-US")} different`;

/** What was seen, a line a column: what it holds, and what it is taken for. */
export function told(columns: readonly Column[], roles: Roles): string[] {
  return columns.map((column) => {
    const { name, kind, values, many, missing } = column;
    const gone = [...missing].map(([word, n]) => `${n} × ${word}`).join(", ");
    const scale = [...column.grades.scales].map((most) => ` of ${most}`).join("");
    const dressed =
      column === roles.gold && column.grades.dressed !== null
        ? `, "${column.grades.dressed}" read as a grade${scale}`
        : "";
    return `- ${name}: ${isTime(column) ? "times" : KINDS[kind]}, ${several(values.size, many)}${dressed}${gone === "" ? "" : `, missing where it says ${gone}`}: ${roleOf(column, roles)}`;
  });
}

function roleOf(column: Column, { user, date, id, gold, history, texts }: Roles): string {
  if (column === user) return "the user";
  if (column === date)
    return column.time?.reading.format === undefined ? "the date" : `the date, as ${column.time.reading.format}`;
  if (column === id) return "the id";
  if (column === gold) return "the answer";
  if (column === history) return "the history";
  return texts.includes(column) ? "shown" : "not used";
}

/** Share of the rows that one user may have before that is told. */
const BUSY = 0.4;

/** What a person must not overlook. */
export function warnings(columns: readonly Column[], roles: Roles, rows: number): string[] {
  const { date, gold, history, otherTimes } = roles;
  const lines = otherTimes.map(({ name, time, values }) => {
    const example = JSON.stringify(time?.unread[0] ?? [...values.keys()][0] ?? "");
    const why =
      time === null || time.readable < time.total
        ? `${time?.readable ?? 0} of ${(time?.total ?? values.size).toLocaleString("en-US")} values looked at are read as times (${example} is not): mend them, or say how they are written with --date-format`
        : `${date?.name ?? "another column"} is taken for the date`;
    return `${name} looks like a time and is NOT used: ${why}`;
  });
  if (date === undefined && history === undefined)
    lines.push("no column is a date: the rows of a user count as written in the order of the file");
  const [busiest, most] = [...(roles.user?.values ?? [])].reduce((a, b) => (b[1] > a[1] ? b : a), ["", 0]);
  if (most > BUSY * rows && (roles.user?.values.size ?? 0) > 4)
    lines.push(
      `${JSON.stringify(busiest)} alone has ${most.toLocaleString("en-US")} of ${rows.toLocaleString("en-US")} rows: record.maxQueries limits the queries of one user (200 unless it says otherwise)`,
    );
  const unread = date?.time === null || date?.time === undefined ? 0 : date.time.total - date.time.readable;
  if (unread > 0)
    lines.push(`${date?.name}: ${unread} values are no times, e.g. ${JSON.stringify(date?.time?.unread[0])}`);
  if (gold !== undefined && gold.grades.scales.size > 1)
    lines.push(
      `${gold.name} has grades of different scales (of ${[...gold.grades.scales].join(", of ")}): they are no grades of one task`,
    );
  for (const column of columns)
    if (column.kind === "items" && column !== history)
      lines.push(
        `${column.name} holds lists of objects (${column.inner.slice(0, 5).join(", ")}): if that is the user's history, name it as record.profile`,
      );
  for (const { name, missing } of columns)
    for (const [word, n] of missing)
      if (n > rows / 100)
        lines.push(
          `${name} says ${JSON.stringify(word)} in ${n} rows: read as missing (a label that is so called counts as one)`,
        );
  return lines;
}
