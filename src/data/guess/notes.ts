import type { Column } from "./columns.ts";
import { isTime, kindOf, type Roles } from "./roles.ts";

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
  if (column === history)
    return column.innerTime === undefined ? "the history" : `the history, its dates in ${column.innerTime}`;
  return texts.includes(column) ? "shown" : "not used";
}

/** Share of the rows that one user may have before that is told. */
const BUSY = 0.4;

/** What tables write for a user that is none. */
const NOBODY = /^[[(<]?(?:deleted|removed|anonymous|unknown|guest|匿名(?:用户)?)[\])>]?$/i;

/** An answer that is nearly a grade, or labels that differ in capitals alone. */
function goldWarnings(gold: Column, rows: number): string[] {
  const { name, grades, count, values, kind } = gold;
  const lines: string[] = [];
  if (kindOf(gold, rows) !== "ordinal" && kind !== "boolean" && grades.count > count / 2 && values.size > 2)
    lines.push(
      grades.count < count
        ? `${name} is a grade in ${grades.count} of ${count} rows, and ${JSON.stringify(grades.other)} is none: they are no grades together (kind: ordinal) until such rows are mended or emptied`
        : `${name} has ${values.size} different numbers, too many for grades: they are taken for texts (kind: ordinal, with labels, makes them grades)`,
    );
  const folded = new Map<string, string>();
  for (const value of kindOf(gold, rows) === "classification" ? values.keys() : []) {
    const text = value.trim();
    const same = folded.get(text.toLowerCase());
    if (same !== undefined && same !== text) {
      lines.push(`${name}: ${JSON.stringify(same)} and ${JSON.stringify(text)} count as two labels`);
      break;
    }
    folded.set(text.toLowerCase(), text);
  }
  return lines;
}

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
  if (gold !== undefined) lines.push(...goldWarnings(gold, rows));
  const nobody = [...(roles.user?.values ?? [])].find(([name, n]) => n > 1 && NOBODY.test(name.trim()));
  if (nobody !== undefined)
    lines.push(`${roles.user?.name} is ${JSON.stringify(nobody[0])} in ${nobody[1]} rows, which is taken for one user`);
  for (const column of [roles.user, roles.id])
    if (column !== undefined && column.rounded > 0)
      lines.push(
        `${column.name} holds numbers beyond 2^53, whose last digits are lost in reading JSON: data build refuses them; write them as text`,
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
