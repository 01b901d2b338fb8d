import { basename, extname } from "node:path";
import { stringify } from "yaml";
import { TagprError } from "../core/errors.ts";
import { parseCalendarDate } from "./dates.ts";
import { guessLanguage } from "./language.ts";
import { type Row, readRows } from "./rows.ts";
import type { TaskKind } from "./types.ts";

interface Column {
  readonly name: string;
  readonly values: readonly string[];
  readonly distinct: number;
  /** Characters, on average. */
  readonly length: number;
}

const SAMPLE = 2000;
const HINTS = {
  user: /user|author|customer|sender|account|agent|person|owner|reviewer|用户|作者/i,
  date: /date|time|day|year|created|日期|时间/i,
  id: /^(id|.*_id|.*Id|key|uuid)$/,
  gold: /label|tag|category|class|score|rating|stars?|title|headline|subject|reply|answer|summary|标题|评分|标签/i,
} as const;

/**
 * A first task file for a person's own table (JSONL, CSV, Parquet): guesses which column is the user, the date, the
 * answer, what kind of task that makes, and writes the YAML with its guesses marked. To be read and mended by a person.
 */
export async function initTask(path: string): Promise<string> {
  const rows: Row[] = [];
  for await (const row of readRows(path)) {
    rows.push(row);
    if (rows.length === SAMPLE) break;
  }
  const columns = columnsOf(rows);
  if (rows.length < 2 || columns.length < 2)
    throw new TagprError(
      "data",
      `${path}: ${rows.length} rows and ${columns.length} columns are too few to guess from`,
      {
        hint: "Give a table with a user column, the text and the answer.",
      },
    );
  return render(path, guess(path, rows.length, columns));
}

interface Guess {
  readonly user: Column;
  readonly date: Column | undefined;
  readonly id: Column | undefined;
  readonly gold: Column;
  readonly texts: readonly Column[];
  readonly kind: TaskKind;
  readonly language: string;
}

function guess(path: string, n: number, columns: readonly Column[]): Guess {
  const left = new Set(columns);
  const take = (fits: (column: Column) => boolean): Column | undefined => {
    const found = [...left].find(fits);
    if (found !== undefined) left.delete(found);
    return found;
  };
  const isDate = (column: Column) => column.values.every((value) => parseCalendarDate(value) !== null);
  const user =
    take((c) => HINTS.user.test(c.name)) ??
    take((c) => c.distinct > 1 && c.distinct <= n / 2 && c.length < 40 && !HINTS.gold.test(c.name) && !isDate(c));
  const date = take((c) => HINTS.date.test(c.name) && isDate(c)) ?? take((c) => isDate(c) && c.length >= 8);
  const id = take((c) => HINTS.id.test(c.name) && c.distinct === n);
  const gold = take((c) => HINTS.gold.test(c.name)) ?? [...left].sort((a, b) => a.length - b.length)[0];
  if (gold !== undefined) left.delete(gold);
  const texts = [...left]
    .filter((c) => c.distinct > 1)
    .sort((a, b) => b.length - a.length)
    .slice(0, 3);
  if (user === undefined || gold === undefined || texts.length === 0)
    throw new TagprError(
      "data",
      `${path}: can't tell ${user === undefined ? "which column is the user" : "question from answer"} (columns: ${columns.map((c) => c.name).join(", ")})`,
      {
        hint: "Write the task file by hand: tasks/lamp_4.yaml is an example.",
      },
    );
  const language = guessLanguage([gold, ...texts].flatMap((c) => c.values));
  return { user, date, id, gold, texts, kind: kindOf(gold, n), language };
}

function kindOf(gold: Column, n: number): TaskKind {
  const numbers = gold.values.every((value) => /^\d+(\.\d+)?$/.test(value.trim()));
  if (numbers && gold.distinct >= 3 && gold.distinct <= 11) return "ordinal";
  return gold.distinct >= 2 && gold.distinct <= Math.min(40, n / 2) && gold.length < 40
    ? "classification"
    : "generation";
}

function render(path: string, { user, date, id, gold, texts, kind, language }: Guess): string {
  const labels = [...new Set(gold.values.map((value) => value.trim()))];
  if (kind === "ordinal") labels.sort((a, b) => Number(a) - Number(b));
  else labels.sort();
  const asked = texts.map((c) => `${c.name}: {${c.name}}`).join(" ");
  const answer = {
    classification: `one of the ${gold.name} labels`,
    ordinal: `a ${gold.name} from ${labels[0]} to ${labels.at(-1)}`,
    generation: `the ${gold.name}`,
  }[kind];
  const task = {
    name: basename(path, extname(path)).replace(/[^A-Za-z0-9_]+/g, "_"),
    title: `${gold.name} as each ${user.name} would give it`,
    kind,
    language,
    ...(kind === "generation" ? {} : { labels }),
    itemFields: [...texts.map((c) => c.name), { name: gold.name, label: true }],
    corpus: texts.map((c) => `{${c.name}}`).join(" "),
    query: { after: `${texts[0]?.name ?? ""}:` },
    item: [...texts, gold].map((c) => `${c.name}: {${c.name}}`).join(" | "),
    metric: { classification: "accuracy", ordinal: "mae", generation: "rougeL" }[kind],
    answer,
    prompt: `Give ${answer}${kind === "classification" ? `, one of [${labels.join(", ")}]` : ""}, and nothing else. ${asked}`,
    record: {
      user: user.name,
      gold: gold.name,
      ...(id === undefined ? {} : { id: id.name }),
      ...(date === undefined ? {} : { date: date.name }),
      minHistory: 2,
    },
  };
  return `# Guessed from ${basename(path)}: read every line. A row whose user has ${task.record.minHistory} earlier rows becomes a query,\n# its ${gold.name} the answer, the earlier rows the history.\n${stringify(task, { lineWidth: 120 })}`;
}

function columnsOf(rows: readonly Row[]): Column[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return names.flatMap((name) => {
    const values = rows.flatMap((row) => {
      const value = row[name];
      const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
      return text.trim() === "" ? [] : [text];
    });
    if (values.length === 0) return [];
    const length = values.reduce((sum, value) => sum + value.length, 0) / values.length;
    return [{ name, values, distinct: new Set(values).size, length }];
  });
}
