import { messageOf, TagprError } from "../../core/errors.ts";
import { parseJson } from "../lamp/parse.ts";
import { scanRecords } from "../lamp/scan.ts";
import { report } from "../problem.ts";
import { shapeOf } from "./json-shapes.ts";
import { keyTwice } from "./json-twice.ts";
import type { TableOptions } from "./options.ts";
import { firstStrange, linesOf, type TextFile, utf8Of, utf8Text } from "./text.ts";

/** An object that is no list of records is read whole; beyond this it can only be a wrapped list, which is streamed. */
const WHOLE = 1 << 28;
const HINT = "Mend or delete it, or leave bad rows out with --skip-bad.";

/** Values of a JSON file, whatever its ending says: JSON Lines, a list, objects one after another, a table in one object. */
export async function* readJsonTable(file: TextFile, options: TableOptions): AsyncGenerator<unknown> {
  const head = await headOf(file);
  if (head === null) throw new TagprError("data", `${file.path} is empty`, { hint: "Give a table with rows." });
  if (head.python)
    throw new TagprError("data", `${file.path} is in Python's own notation ({'a': …}), not JSON`, {
      hint: "Write its rows with json.dumps.",
    });
  if (!/[[{"]/.test(head.first))
    throw new TagprError("data", `${file.path} is no JSON: it begins with ${JSON.stringify(head.start)}`, {
      hint: "JSON begins with { or [. If it is a table with delimiters, call it .csv or .tsv.",
    });
  await refuseKeysTwice(file);
  if (head.complete && head.more) return yield* jsonLines(file, options);
  if (head.first === "[" && !head.complete) return yield* records(file, options, "list");
  yield* whole(file, options);
}

interface Head {
  /** The file's first character that is no white space. */
  readonly first: string;
  readonly start: string;
  /** Whether the first line is a JSON value by itself. */
  readonly complete: boolean;
  /** Whether another line follows. */
  readonly more: boolean;
  /** Whether the first line is a dict as Python prints it. */
  readonly python: boolean;
}

async function headOf(file: TextFile): Promise<Head | null> {
  let first: string | null = null;
  const headFrom = (line: string, more: boolean): Head => ({
    ...{ first: line.trimStart().charAt(0), start: line.trimStart().slice(0, 24) },
    ...{ complete: isJson(line), more, python: /^\s*(?:\[\s*)?\{\s*'/.test(line) },
  });
  for await (const { text } of linesOf(file, () => {})) {
    if (text.trim() === "") continue;
    if (first !== null) return headFrom(first, true);
    first = text;
  }
  return first === null ? null : headFrom(first, false);
}

/** How much of a file is looked at for keys that stand twice: programs write all objects alike. */
const PREFIX = 1 << 20;

/** `JSON.parse` keeps the last of two values with one key, without a word. */
async function refuseKeysTwice(file: TextFile): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const bytes of utf8Of(file)) {
    chunks.push(bytes);
    size += bytes.length;
    if (size >= PREFIX) break;
  }
  const found = keyTwice(Buffer.concat(chunks).subarray(0, PREFIX).toString("utf8"));
  if (found !== null)
    throw new TagprError(
      "data",
      `${file.path}: line ${found.line}: ${JSON.stringify(found.key)} stands twice in one object`,
      {
        hint: "Rename one of them: only one could be read.",
      },
    );
}

function isJson(text: string): boolean {
  try {
    const value = parseJson(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

async function* jsonLines(file: TextFile, { onProblem }: TableOptions): AsyncGenerator<unknown> {
  for await (const { number, text } of linesOf(file, onProblem)) {
    if (text.trim() === "") continue;
    try {
      yield parseJson(text);
    } catch (error) {
      report(onProblem, {
        place: `${file.path}: line ${number}`,
        kind: "not a JSON line",
        detail: messageOf(error),
        hint: HINT,
      });
    }
  }
}

async function* records(
  file: TextFile,
  { onProblem, columns, onNote }: TableOptions,
  layout: "list" | "sequence",
): AsyncGenerator<unknown> {
  let count = 0;
  const scan = scanRecords(file.path, utf8Of(file), layout);
  try {
    for (;;) {
      const next = await scan.next();
      if (next.done === true) {
        // A list of lists has no records, and is small where it is a table.
        const shaped = count === 0 && Array.isArray(next.value) ? shapeOf(next.value, file.path, columns) : null;
        if (shaped?.note !== undefined) onNote?.(shaped.note);
        yield* shaped?.rows ?? [];
        return;
      }
      count++;
      const { fault, value, number, offset, line } = next.value;
      if (fault === undefined) yield value;
      else
        report(onProblem, {
          place: `${file.path}: record ${number} at byte ${offset}, line ${line}`,
          kind: "not JSON",
          detail: fault,
          hint: HINT,
        });
    }
  } finally {
    await scan.return(undefined);
  }
}

async function* whole(file: TextFile, options: TableOptions): AsyncGenerator<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const bytes of utf8Of(file)) {
    chunks.push(bytes);
    size += bytes.length;
    if (size > WHOLE) return yield* records(file, options, "list");
  }
  const bytes = Buffer.concat(chunks);
  const text = utf8Text(bytes);
  if (text === null)
    throw new TagprError("data", `${file.path}: byte ${firstStrange(bytes) + 1} is not UTF-8`, {
      hint: "Mend that place, or name the file's encoding with --encoding.",
    });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    // Objects over several lines, one after another, as jq prints them; or the scanner says where a list is broken.
    const isList = /^\s*(?:\[|\{\s*"[^"]*"\s*:\s*\[)/.test(text) || !/^\s*\{/.test(text);
    return yield* records(file, options, isList ? "list" : "sequence");
  }
  const shaped = shapeOf(value, file.path, options.columns);
  if (shaped === null)
    throw new TagprError("data", `${file.path} is one ${typeof value}, no table`, { hint: "Give rows." });
  if (shaped.note !== undefined) options.onNote?.(shaped.note);
  yield* shaped.rows;
}
