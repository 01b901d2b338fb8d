import { TagprError } from "../../core/errors.ts";
import { lostDigits } from "../exact.ts";
import { type Problem, report } from "../problem.ts";
import { doubtError } from "../record-dates.ts";
import type { BuildOptions } from "../records.ts";
import { textOf } from "../table/cell.ts";
import type { Row } from "../table/options.ts";
import { namedReading, timeColumn } from "../time/column.ts";

/** One post of one user, as a person collected it. */
export interface Post {
  readonly id: string;
  readonly user: string;
  readonly title: string;
  readonly content: string;
  readonly date: string;
}

/** Names a column may have, the first one there wins. */
const COLUMNS = {
  id: ["id", "post_id", "编号"],
  user: ["user", "user_id", "author", "用户"],
  title: ["title", "标题"],
  content: ["content", "text", "body", "正文", "内容"],
  date: ["date", "time", "created", "日期", "时间"],
} as const;
type Name = keyof typeof COLUMNS;

const HINT = "Columns: user, title, content, date, and id if there is one.";

export interface PostOptions extends BuildOptions {
  /** How dates are written, where the column can't tell. */
  readonly dateFormat?: string;
}

/**
 * Posts of a table; a row without user, content or a date, or with an id twice, is told and left out. Dates are read as all
 * rows' dates together can be. Throws where a whole column is missing, but for titles: then that is told.
 */
export async function readPosts(
  rows: AsyncIterable<Row> | Iterable<Row>,
  { onProblem, onNote, dateFormat }: PostOptions = {},
): Promise<Post[]> {
  const found: (Post & { readonly number: number })[] = [];
  const ids = new Set<string>();
  const columns = new Set<string>();
  const dates = timeColumn();
  let number = 0;
  for await (const row of rows) {
    number++;
    for (const name of Object.keys(row)) columns.add(name);
    const date = cell(row, "date");
    if (date !== null) dates.add(date);
    const post = postOf(row, number);
    const problem = wrongWith(row, post, ids, number);
    if (problem !== null) report(onProblem, problem);
    else found.push({ ...post, number });
    ids.add(post.id);
  }
  for (const name of number === 0 ? [] : (["user", "content", "date"] as const)) refuseWithout(name, columns);
  if (number > 0 && !hasColumn("title", columns))
    onNote?.(
      `no column has the titles (${COLUMNS.title.join(", ")}): no post has one, and a title's rule takes them all`,
    );
  const { reading, doubt } = dates.findings();
  if (doubt !== null && dateFormat === undefined) throw doubtError(COLUMNS.date[0], doubt);
  const { read } = dateFormat === undefined ? reading : namedReading(dateFormat);
  return found.flatMap(({ number: at, ...post }) => {
    const date = read(post.date);
    if (date !== null) return [{ ...post, date }];
    report(onProblem, { ...problemAt(at, "the date can't be read"), detail: JSON.stringify(post.date) });
    return [];
  });
}

const problemAt = (number: number, kind: string): Problem => ({ place: `row ${number}`, kind, hint: HINT });
const hasColumn = (name: Name, columns: ReadonlySet<string>): boolean => COLUMNS[name].some((one) => columns.has(one));

function refuseWithout(name: Name, columns: ReadonlySet<string>): void {
  if (hasColumn(name, columns)) return;
  throw new TagprError(
    "data",
    `no column has the ${name} (${COLUMNS[name].join(", ")}); the columns are ${[...columns].join(", ")}`,
    {
      hint: HINT,
    },
  );
}

const postOf = (row: Row, number: number): Post => ({
  id: cell(row, "id") ?? `post-${number}`,
  user: cell(row, "user") ?? "",
  title: cell(row, "title") ?? "",
  content: cell(row, "content") ?? "",
  date: cell(row, "date") ?? "",
});

function wrongWith(row: Row, post: Post, ids: ReadonlySet<string>, number: number): Problem | null {
  for (const name of ["user", "content", "date"] as const)
    if (post[name] === "") return problemAt(number, `no ${name} (${COLUMNS[name].join(", ")})`);
  for (const name of [...COLUMNS.user, ...COLUMNS.id]) {
    const lost = lostDigits(row[name]);
    if (lost !== null) return { ...problemAt(number, `${name} is ${lost}`), detail: String(row[name]) };
  }
  return ids.has(post.id) ? { ...problemAt(number, "an id that stands twice"), detail: post.id } : null;
}

function cell(row: Row, name: Name): string | null {
  for (const column of COLUMNS[name]) {
    const text = Object.hasOwn(row, column) ? textOf(row[column]) : null;
    if (text !== null) return text.trim();
  }
  return null;
}
