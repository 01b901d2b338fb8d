import { TagprError } from "../../core/errors.ts";
import { parseCalendarDate } from "../dates.ts";
import { lostDigits } from "../exact.ts";
import type { Row } from "../rows.ts";

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

/** Posts of a table; a row without user, content or a date like 2018-05-26, or with an id twice, is told and left out. */
export async function readPosts(
  rows: AsyncIterable<Row> | Iterable<Row>,
  onProblem: (problem: TagprError) => void,
): Promise<Post[]> {
  const posts: Post[] = [];
  const ids = new Set<string>();
  let number = 0;
  for await (const row of rows) {
    number++;
    const wrong = wrongWith(row, ids);
    if (wrong !== null) {
      const hint = "Columns: user, title, content, date (2018-05-26), and id if there is one.";
      onProblem(new TagprError("data", `row ${number}: ${wrong}`, { hint }));
      continue;
    }
    const id = cell(row, "id") ?? `post-${number}`;
    ids.add(id);
    posts.push({
      id,
      user: cell(row, "user") ?? "",
      title: cell(row, "title") ?? "",
      content: cell(row, "content") ?? "",
      date: cell(row, "date") ?? "",
    });
  }
  return posts;
}

function wrongWith(row: Row, ids: ReadonlySet<string>): string | null {
  for (const name of ["user", "content", "date"] as const)
    if (cell(row, name) === null) return `no ${name} (${COLUMNS[name].join(", ")})`;
  for (const name of [...COLUMNS.user, ...COLUMNS.id]) {
    const lost = lostDigits(row[name]);
    if (lost !== null) return `${name} ${lost}`;
  }
  const date = cell(row, "date") ?? "";
  if (parseCalendarDate(date) === null) return `the date ${JSON.stringify(date)} is not like 2018-05-26`;
  const id = cell(row, "id");
  return id !== null && ids.has(id) ? `the id ${id} stands twice` : null;
}

function cell(row: Row, name: keyof typeof COLUMNS): string | null {
  for (const column of COLUMNS[name]) {
    const value = row[column];
    if (typeof value === "number") return String(value);
    if (typeof value === "string" && value.trim() !== "") return value.trim();
  }
  return null;
}
