import { basename, extname } from "node:path";
import { stringify } from "yaml";
import { TagprError } from "../core/errors.ts";
import { readGrade, scalesError } from "./grade.ts";
import { type Column, columnStats } from "./guess/columns.ts";
import { told, warnings } from "./guess/notes.ts";
import { guessRoles, kindOf, type Roles } from "./guess/roles.ts";
import { guessLanguage } from "./language.ts";
import { doubtError } from "./record-dates.ts";
import { readRows } from "./rows.ts";
import type { Row, TableOptions } from "./table/options.ts";
import { parseTask } from "./task-file.ts";
import { literal, placeOf } from "./template.ts";
import type { TaskKind } from "./types.ts";

/** Rows that guesses rest on at most; a table has seldom more. */
const LIMIT = 1_000_000;

/** A first task file, and what a person should know about it. */
export interface FirstTask {
  readonly text: string;
  readonly warnings: readonly string[];
  /** Rows that it rests on. */
  readonly rows: number;
}

export interface InitOptions extends TableOptions {
  /** How dates are written, where the column can't tell. */
  readonly dateFormat?: string;
}

/**
 * A first task file for a person's own table (JSONL, CSV, Parquet): guesses which column is the user, the date, the
 * answer, what kind of task that makes, and writes the YAML with what the guesses rest on. To be read and mended by a person.
 */
export async function initTask(path: string, options: InitOptions = {}): Promise<FirstTask> {
  const stats = columnStats();
  let [rows, more] = [0, false];
  for await (const row of readRows(path, options)) {
    if (rows === LIMIT) {
      more = true;
      break;
    }
    rows++;
    stats.see(row as Row);
  }
  const columns = stats.columns();
  if (rows < 2 || columns.length < 2)
    throw new TagprError("data", `${path}: ${rows} rows and ${columns.length} columns are too few to guess from`, {
      hint: "Give a table with a user column, the text and the answer.",
    });
  const roles = guessRoles(columns, rows);
  const { doubt = null } = roles.date?.time ?? {};
  if (doubt !== null && roles.date !== undefined && options.dateFormat === undefined)
    throw doubtError(roles.date.name, doubt);
  const from = `${more ? "the first" : "all"} ${rows.toLocaleString("en-US")} rows`;
  const guess = guessOf(path, { columns, empty: stats.empty() }, rows, roles);
  const text = render(path, from, guess, columns, options.dateFormat);
  parseTask(text, path);
  return { text, warnings: warnings(columns, roles, rows), rows };
}

interface Guess extends Roles {
  readonly user: Column;
  readonly gold: Column;
  readonly kind: TaskKind;
  readonly language: string;
}

interface Seen {
  readonly columns: readonly Column[];
  /** Names of columns without any value. */
  readonly empty: readonly string[];
}

function guessOf(path: string, seen: Seen, rows: number, roles: Roles): Guess {
  const { user, gold, texts } = roles;
  if (user === undefined || gold === undefined || texts.length === 0)
    throw new TagprError(
      "data",
      `${path}: can't tell ${user === undefined ? "which column is the user" : "question from answer"} (columns: ${seen.columns.map((c) => c.name).join(", ")})`,
      { hint: [...useless(seen, rows), howElse(roles)].join(" ") },
    );
  const scales = [...gold.grades.scales];
  if (scales.length > 1 && gold.grades.count > gold.count / 2) throw scalesError(gold.name, scales);
  const language = guessLanguage([gold, ...texts].flatMap(({ values }) => [...values.keys()]));
  return { ...roles, user, gold, kind: kindOf(gold, rows), language };
}

/** Columns that can be neither question nor answer. */
function useless({ columns, empty }: Seen, rows: number): string[] {
  const alike = columns.filter(({ values, count, many }) => values.size === 1 && !many && count === rows);
  return [
    ...empty.map((name) => `${shown(name)} is empty.`),
    ...alike.map(({ name, values }) => `${shown(name)} is ${JSON.stringify([...values.keys()][0])} in every row.`),
  ];
}

/** What a person can do about a table that is no task yet. */
function howElse({ user, history, gold, texts }: Roles): string {
  if (user !== undefined && history !== undefined && (gold === undefined || texts.length === 0))
    return `${history.name} is taken for the user's history, which leaves nothing to ask: give each row a question and an answer of its own, or a table with one row an item of it.`;
  return "Rename the columns (user, date, text, label, …), or write the task file by hand: tasks/lamp_4.yaml is an example.";
}

/** A column's name in a sentence. */
const shown = (name: string): string => name.replace(/\s+/gu, " ").trim();

function labelsOf(gold: Column, kind: TaskKind): string[] {
  // One letter may be written as two characters; a label is one all the same.
  const texts = [...gold.values.keys()].map((text) => text.trim().normalize("NFC"));
  if (kind === "ordinal") {
    const grades = texts.flatMap((text) => readGrade(text) ?? []);
    return [...new Set(grades)].sort((a, b) => a - b).map(String);
  }
  return [...new Set(texts.map((text) => (/^-?\d+\.0+$/.test(text) ? String(Number(text)) : text)))].sort();
}

function render(
  path: string,
  from: string,
  guess: Guess,
  columns: readonly Column[],
  dateFormat: string | undefined,
): string {
  const { user, date, id, gold, texts, history, kind, language } = guess;
  const labels = labelsOf(gold, kind);
  const [goldName, userName] = [shown(gold.name), shown(user.name)];
  const answer = {
    classification: `one of the ${goldName} labels`,
    ordinal: `a ${goldName} from ${labels[0]} to ${labels.at(-1)}`,
    generation: `the ${goldName}`,
  }[kind];
  const ask = "and nothing else.";
  const asked = texts.map(({ name }) => `${literal(shown(name))}: ${placeOf(name)}`).join(" ");
  const choice = kind === "classification" ? `, one of [${labels.join(", ")}]` : "";
  const fields = history === undefined ? fieldsOf([...texts, gold], gold) : innerFields(history, gold);
  const corpus = fields.filter(({ label }) => !label);
  const format = dateFormat ?? date?.time?.reading.format;
  const task = {
    name: taskName(path),
    title: `${goldName} as each ${userName} would give it`,
    kind,
    language,
    ...(kind === "generation" ? {} : { labels }),
    itemFields: fields.map(({ name, aliases, label }) =>
      aliases.length === 0 && !label
        ? name
        : { name, ...(aliases.length > 0 ? { aliases } : {}), ...(label ? { label } : {}) },
    ),
    corpus: (corpus.length > 0 ? corpus : fields).map(({ name }) => placeOf(name)).join(" "),
    query: { after: `${ask} ${shown(texts[0]?.name ?? "")}:` },
    item: fields.map(({ name, column }) => `${literal(shown(column))}: ${placeOf(name)}`).join(" | "),
    metric: { classification: "accuracy", ordinal: "mae", generation: "rougeL" }[kind],
    answer,
    prompt: `${literal(`Give ${answer}${choice}, ${ask}`)} ${asked}`,
    record: {
      user: user.name,
      gold: gold.name,
      ...(id === undefined ? {} : { id: id.name }),
      ...(date === undefined ? {} : { date: date.name }),
      ...(date === undefined || format === undefined ? {} : { dateFormat: format }),
      ...(history === undefined ? {} : { profile: history.name }),
      ...(history?.innerTime === undefined ? {} : { itemDate: history.innerTime }),
      minHistory: history === undefined ? 2 : 1,
    },
  };
  const what =
    history === undefined
      ? `A row whose user has ${task.record.minHistory} earlier rows becomes a query,\nits ${goldName} the answer, the earlier rows the history.`
      : `A row becomes a query, its ${goldName} the answer, its list ${shown(history.name)} the history.`;
  const head = [
    `Guessed from ${from} of ${basename(path)}: read every line.`,
    ...what.split("\n"),
    ...told(columns, guess),
  ];
  return `${head.map((line) => `# ${shown(line)}\n`).join("")}${stringify(task, { lineWidth: 120 })}`;
}

function taskName(path: string): string {
  const base = basename(path).replace(/\.(gz|zst)$/i, "");
  const name = basename(base, extname(base)).replace(/[^A-Za-z0-9_]+/g, "_");
  return /[A-Za-z0-9]/.test(name) ? name : "task";
}

interface Field {
  readonly name: string;
  /** As the table calls it. */
  readonly column: string;
  readonly aliases: readonly string[];
  readonly label: boolean;
}

/** Names that an item has anyway, or that no object can be given. */
const TAKEN = new Set(["id", "date", "__proto__"]);

/** Item fields of columns; those of a {@link TAKEN} name get another. */
function fieldsOf(columns: readonly Pick<Column, "name">[], gold: Pick<Column, "name">): Field[] {
  const taken = new Set(columns.map(({ name }) => name));
  return columns.map(({ name: column }) => {
    let name = column;
    while (TAKEN.has(name) || (name !== column && taken.has(name))) name = `${name}_text`;
    return { name, column, aliases: name === column ? [] : [column], label: column === gold.name };
  });
}

function innerFields({ inner, innerTime }: Column, gold: Column): Field[] {
  const names = inner.filter((name) => name.trim() !== "" && name !== "id" && name !== innerTime);
  return fieldsOf(names.length > 0 ? names.map((name) => ({ name })) : [{ name: "text" }], gold);
}
